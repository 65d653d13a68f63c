// Holds what the ledger says of every call against what truly happened at the node, when a simulation is over.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/testing/world.h"

namespace carillon::testing {

class TruthChecks {
 public:
  // has_lost_events: the node's events were lost now and then.
  TruthChecks(const World& world, bool has_lost_events) : world_(world), has_lost_events_(has_lost_events) {
    for (const auto& event : world.store.ledger.outbox()) events_[event.attempt_id].push_back(&event);
  }

  std::set<std::string> may_be_called_again;  // numbers whose opt-out an operator took back
  std::set<std::string> stopped;              // campaigns whose calls were stopped while they rang
  std::vector<std::string> problems;

  void check_all() {
    for (const auto& [id, row] : world_.store.ledger.attempts()) {
      check_outcome(id, row.attempt);
      check_events(id, row.attempt.progress);
    }
    for (const auto& [id, truth] : world_.node.truths) check_notes(id, truth);
    for (const auto& violation : world_.store.ledger.violations) problems.push_back(violation);
    for (const auto& error : world_.fatal) problems.push_back("fatal: " + error);
  }

 private:
  void expect(bool holds, const std::string& what) {
    if (!holds) problems.push_back(what);
  }

  void check_outcome(const std::string& id, const Attempt& attempt) {
    const auto& progress = attempt.progress;
    const auto found = world_.node.truths.find(id);
    const FakeNode::Truth truth = found == world_.node.truths.end() ? FakeNode::Truth{} : found->second;
    const std::string words = fmt::format("{} is {} and was {}", id, world_.end_of(id), to_string(truth.fate.truth));
    if (progress.status == CallStatus::kQueued && truth.orders == 0) return;  // a call of /dial that is held
    expect(is_final(progress.status), "not final: " + words);
    const bool is_inbound = id.starts_with("in-");
    const int boots = world_.node.boots();
    const bool has_node_restarted = is_inbound ? boots > 1 : progress.node_boot != fmt::format("boot-{}", boots);
    if (truth.has_end_record()) {
      // It may have ended by itself when it was to be stopped.
      const bool was_stopped = truth.was_hung_up || stopped.contains(attempt.request.campaign_id);
      const bool was_canceled = was_stopped && progress.outcome == Outcome::kCanceled;
      expect(was_canceled || is_true(progress.outcome, truth, has_lost_events_), "wrong: " + words);
    } else if (progress.outcome == Outcome::kUnknown) {
      // A call that never had a channel leaves no record at all: if its refusal was lost as well, nothing can tell.
      const bool has_left_no_trace = truth.fate.truth == Outcome::kTrunkDown;
      expect(has_node_restarted || has_left_no_trace, "unknown without a reason: " + words);
    } else if (truth.invites > 0 || is_inbound) {
      expect(has_node_restarted && is_true(progress.outcome, truth, true), "guessed: " + words);
    } else {
      const bool had_no_trunk = truth.orders > 0 && !truth.fate.has_channel && progress.outcome == Outcome::kTrunkDown;
      const bool was_never_sent = progress.outcome == Outcome::kCanceled && attempt.request.contact_key != 0;
      expect(progress.outcome == Outcome::kSkipped || had_no_trunk || was_never_sent, "never rang: " + words);
    }
  }
  // With half of the evidence lost for good, failed calls are told apart less well; an answered one always is known.
  static bool is_true(Outcome outcome, const FakeNode::Truth& truth, bool has_lost_evidence) {
    const Fate& fate = truth.fate;
    if (outcome == fate.truth) return true;
    if (fate.truth == Outcome::kNoResponse && outcome == Outcome::kTrunkDown) return true;
    const std::set coarser{Outcome::kNoAnswer, Outcome::kNoResponse, Outcome::kTrunkDown};
    const bool was_answered = fate.truth == Outcome::kHuman && !truth.was_hung_up;
    return (has_lost_evidence || truth.was_hung_up) && !was_answered && coarser.contains(outcome);
  }

  void check_events(const std::string& id, const AttemptProgress& progress) {
    std::uint32_t next = 1;
    std::string status;
    std::map<EventType, int> counts;
    for (const auto* event : events_[id]) {
      expect(event->sequence == next++, "a gap in the events: " + id);
      ++counts[event->type];
      if (event->type == EventType::kCallStatus) status = event->data;
    }
    expect(progress.next_sequence == next, "the next event would leave a gap: " + id);
    const bool has_begun = progress.status != CallStatus::kSkipped && progress.status != CallStatus::kQueued;
    const std::string end = fmt::format("\"status\":\"{}\"", to_string(progress.status));
    expect((!has_begun && next == 1) || status.find(end) != std::string::npos, "the end was not told: " + id);

    std::map<KeyAction, int> keys;
    int all = 0;
    if (const auto notes = world_.store.ledger.notes().find(id); notes != world_.store.ledger.notes().end()) {
      for (const auto& [seq, note] : notes->second) {
        if (const auto* key = std::get_if<KeyNote>(&note.fact)) ++keys[key->action], ++all;
      }
    }
    expect(counts[EventType::kKeyPressed] == all, "key presses and their events differ: " + id);
    expect(counts[EventType::kDonation] == keys[KeyAction::kDonation], "donations and their events differ: " + id);
    expect(counts[EventType::kOptOut] == keys[KeyAction::kOptOut], "opt-outs and their events differ: " + id);
  }

  void check_notes(const std::string& id, const FakeNode::Truth& truth) {
    const auto& ledger = world_.store.ledger;
    for (const auto& [seq, note] : truth.written) {
      if (seq == 0 || truth.lost.contains(seq)) continue;
      expect(ledger.has_note(id, seq), fmt::format("record {} of {} was not counted", seq, id));
      const auto* key = std::get_if<KeyNote>(&note.fact);
      if (key == nullptr || key->action != KeyAction::kOptOut || may_be_called_again.contains(truth.number)) continue;
      expect(ledger.is_suppressed(truth.number), "an opt-out was lost: " + id);
    }
    const auto counted = ledger.notes().find(id);
    if (counted == ledger.notes().end()) return;
    for (const auto& [seq, note] : counted->second) {
      const auto written = truth.written.find(seq);
      expect(written != truth.written.end() && written->second.text == note.text, "counted what was not: " + id);
    }
  }

  const World& world_;
  bool has_lost_events_;
  std::map<std::string, std::vector<const PublishedEvent*>> events_;
};

}  // namespace carillon::testing
