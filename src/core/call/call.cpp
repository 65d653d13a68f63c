#include "core/call/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/campaign/phone_number.h"

namespace carillon {
namespace {

// Hangup and the hangup handler's record travel by different roads; whichever comes first waits this long for the
// other.
constexpr Duration kGraceAfterHangup{2'000};
// A look at the journal takes a moment.
constexpr Duration kGraceForJournal{5'000};
// A failed Originate without a channel has no Hangup at all (unknown trunk).
constexpr Duration kGraceAfterFailure{3'000};
// Beyond a phase's own bound, before its lease is looked into.
constexpr Duration kLeaseMargin{20'000};
constexpr Duration kLookAgain{60'000};

// Statuses only move forward; a late "ringing" does not undo an answer.
int rank_of(CallStatus status) { return is_final(status) ? 100 : static_cast<int>(status); }

}  // namespace

Call::Call(Attempt attempt, std::set<std::uint32_t> seen_notes, CallLimits limits)
    : request_(std::move(attempt.request)),
      progress_(std::move(attempt.progress)),
      limits_(limits),
      seen_(std::move(seen_notes)) {
  evidence_.has_rung = progress_.ringing_at != Time{};
  evidence_.has_answered = progress_.answered_at != Time{};
}

CallStep Call::intend(const std::string& node_boot, Time now) {
  CallStep step;
  progress_.is_intended = true;
  progress_.node_boot = node_boot;
  progress_.intended_at = now;
  step.has_changed = true;
  step.deadline = now + limits_.post_dial_delay + request_.ring_timeout + kLeaseMargin;
  return step;
}

void Call::route(std::string trunk, std::string caller_id) {
  request_.trunk = std::move(trunk);
  if (request_.caller_id.empty()) request_.caller_id = std::move(caller_id);
}

CallStep Call::skip(std::string reason, Time now) {
  if (has_ended()) return {};
  return finish(Outcome::kSkipped, std::move(reason), now);
}

bool Call::has_all_notes() const {
  // Sequence numbers have no gaps: 0 (placed) comes with the order to dial, 1… from the dialplan.
  if (!last_note_) return false;
  for (std::uint32_t seq = 1; seq <= *last_note_; ++seq) {
    if (!seen_.contains(seq)) return false;
  }
  return true;
}

CallStep Call::on(const CallEvent& event, Time now) {
  // Notes count also after the end: a late opt-out is an opt-out.
  if (has_ended() && !std::holds_alternative<Note>(event)) return {};
  return std::visit([&](const auto& happened) { return apply(happened, now); }, event);
}

CallStep Call::apply(const CallAccepted&, Time now) { return move_to(CallStatus::kInitiated, now); }

CallStep Call::apply(const CallRefused& refused, Time now) {
  evidence_.is_refused = true;
  if (request_.contact_key == 0) return finish(Outcome::kTrunkDown, refused.detail, now);
  // The person's phone cannot have rung: neither the try nor the caps are spent.
  progress_.intended_at = {};
  CallStep step = finish(Outcome::kTrunkDown, refused.detail, now);
  step.was_never_sent = true;
  return step;
}

CallStep Call::apply(const OriginateFailed& failed, Time now) {
  // Reason 0 without a channel: there is no such trunk. Reason 3: nobody answered in time.
  has_originate_failed_ = true;
  evidence_.is_refused = failed.reason == 0 && !evidence_.has_rung && !has_hangup_;
  progress_.raw_cause = fmt::format("originate reason {}", failed.reason);
  CallStep step;
  step.deadline = now + kGraceAfterFailure;
  return step;
}

CallStep Call::apply(const CallRinging&, Time now) {
  evidence_.has_rung = true;
  return move_to(CallStatus::kRinging, now);
}

CallStep Call::apply(const CallProgress&, Time now) {
  evidence_.has_rung = true;
  return move_to(CallStatus::kRinging, now);
}

CallStep Call::apply(const CallHangup& hangup, Time now) {
  has_hangup_ = true;
  evidence_.is_refused = false;  // there was a channel
  evidence_.q850 = hangup.q850;
  evidence_.tech_sip = hangup.tech_sip;
  evidence_.state = hangup.state;
  progress_.raw_cause = fmt::format("hangup cause {} tech {}", hangup.q850, hangup.tech_sip);
  CallStep step;
  step.deadline = now + kGraceAfterHangup;
  return step;
}

CallStep Call::apply(const SeenLive& live, Time now) {
  if (live.state == ChannelState::kUp) return move_to(CallStatus::kInProgress, now);
  if (live.state == ChannelState::kRinging) return move_to(CallStatus::kRinging, now);
  return move_to(CallStatus::kInitiated, now);
}

CallStep Call::apply(const FoundGone& gone, Time now) {
  if (has_hangup_) return finish_by_evidence(now);  // seen before: that is final
  if (gone.has_node_restarted) return finish(Outcome::kUnknown, "the node restarted during the call", now);
  const bool was_dialled =
      gone.has_placed_record || !seen_.empty() || rank_of(progress_.status) >= rank_of(CallStatus::kInitiated);
  if (was_dialled) return finish(Outcome::kUnknown, "no channel and no end record", now);
  return requeue(now);
}

CallStep Call::apply(const NeverSent&, Time now) { return requeue(now); }

CallStep Call::apply(const StopAsked&, Time now) {
  if (!progress_.is_intended) return finish(Outcome::kCanceled, "stopped", now);
  evidence_.is_canceled = !evidence_.has_answered;
  CallStep step;
  step.hang_up = true;
  return step;
}

CallStep Call::apply(const DeadlinePassed&, Time now) {
  if (has_hangup_ && !has_asked_journal_) {
    // The hangup handler's record tells more than the Hangup event, and it is in the journal if its event was lost.
    has_asked_journal_ = true;
    CallStep step;
    step.needs_snapshot = true;
    step.deadline = now + kGraceForJournal;
    return step;
  }
  if (has_hangup_ || has_originate_failed_) return finish_by_evidence(now);
  // The lease of this phase ran out: only the node can tell.
  CallStep step;
  step.needs_snapshot = true;
  step.deadline = now + kLookAgain;
  return step;
}

CallStep Call::apply(const Note& note, Time now) {
  if (!seen_.insert(note.seq).second) return {};
  CallStep step = std::visit([&](const auto& fact) { return apply_fact(fact, note, now); }, note.fact);
  step.notes.push_back(note);
  return step;
}

CallStep Call::apply_fact(const PlacedNote&, const Note&, Time now) { return move_to(CallStatus::kInitiated, now); }

CallStep Call::apply_fact(const CallStartedNote& started, const Note& note, Time now) {
  evidence_.has_answered = true;
  if (request_.number.empty()) request_.number = caller_number(started.number, limits_.default_region);
  if (progress_.answered_at == Time{}) progress_.answered_at = note.at;
  return move_to(CallStatus::kInProgress, now);
}

CallStep Call::apply_fact(const TimeoutNote&, const Note&, Time) { return {}; }

CallStep Call::apply_fact(const AgentNote&, const Note&, Time) { return {}; }

CallStep Call::apply_fact(const EndNote& end, const Note& note, Time now) {
  last_note_ = note.seq;
  evidence_.has_answered = evidence_.has_answered || end.has_answered;
  evidence_.is_refused = false;
  evidence_.last_sip = end.last_sip;
  if (end.q850 != 0) evidence_.q850 = end.q850;
  if (end.state != ChannelState::kOther) evidence_.state = end.state;
  progress_.talked = end.talked;
  progress_.raw_cause = note.text;
  if (has_ended() && progress_.outcome != Outcome::kUnknown) {
    CallStep late;
    late.has_changed = true;
    return late;
  }
  if (end.has_answered && progress_.answered_at == Time{}) progress_.answered_at = note.at - end.talked;
  progress_.ended_at = note.at;
  progress_.reason.clear();
  return finish_by_evidence(now);
}

CallStep Call::apply_fact(const KeyNote& key, const Note& note, Time) {
  CallStep step;
  if (request_.number.empty()) request_.number = caller_number(key.number, limits_.default_region);
  const KeyDetail detail{key.key, key.menu, to_string(key.action)};
  const auto tell = [&](EventType type) {
    PublishedEvent published = event(type, note.at);
    published.data = event_data(request_, progress_, &detail);
    step.events.push_back(std::move(published));
  };
  tell(EventType::kKeyPressed);
  if (key.action == KeyAction::kDonation) tell(EventType::kDonation);
  if (key.action == KeyAction::kOptOut) {
    progress_.has_opted_out = true;
    tell(EventType::kOptOut);
    if (!request_.number.empty()) step.suppress = request_.number;
    step.acknowledge = note.seq;
  }
  step.has_changed = true;  // next_sequence
  return step;
}

// Of a contact the next try is an attempt of its own; a call without one keeps its id, which its caller knows.
CallStep Call::requeue(Time now) {
  progress_.is_intended = false;
  progress_.intended_at = {};
  if (request_.contact_key != 0) {
    CallStep step = finish(Outcome::kCanceled, "never sent", now);
    step.was_never_sent = true;
    return step;
  }
  progress_.status = CallStatus::kQueued;
  CallStep step;
  step.has_changed = true;
  step.needs_requeue = true;
  return step;
}

CallStep Call::move_to(CallStatus status, Time now) {
  if (rank_of(status) <= rank_of(progress_.status)) return {};
  CallStep step;
  progress_.status = status;
  if (status == CallStatus::kRinging && progress_.ringing_at == Time{}) progress_.ringing_at = now;
  if (status == CallStatus::kInProgress) {
    if (progress_.answered_at == Time{}) progress_.answered_at = now;
    if (!has_hangup_) step.deadline = now + limits_.max_call + kLeaseMargin;
  }
  step.has_changed = true;
  publish_status(step, now);
  return step;
}

CallStep Call::finish_by_evidence(Time now) {
  const auto outcome = decide_outcome(evidence_);
  const int wire = evidence_.last_sip;
  // Asterisk makes up a 480 where nothing came; only what came from the carrier is kept.
  const bool is_made_up = wire == 0 && evidence_.tech_sip == 480 && evidence_.q850 == 19;
  progress_.sip_code = wire != 0 ? wire : (is_made_up ? 0 : evidence_.tech_sip);
  progress_.q850 = evidence_.q850;
  return finish(outcome, progress_.reason, now);
}

CallStep Call::finish(Outcome outcome, std::string reason, Time now) {
  CallStep step;
  progress_.outcome = outcome;
  progress_.status = status_of(outcome);
  progress_.reason = std::move(reason);
  if (progress_.ended_at == Time{}) progress_.ended_at = now;
  step.has_changed = true;
  step.has_ended = true;
  publish_status(step, now);
  return step;
}

void Call::publish_status(CallStep& step, Time now) { step.events.push_back(event(EventType::kCallStatus, now)); }

PublishedEvent Call::event(EventType type, Time now) {
  PublishedEvent published;
  published.type = type;
  published.attempt_id = request_.id;
  published.sequence = progress_.next_sequence++;
  published.time = now;
  published.data = event_data(request_, progress_, nullptr);
  return published;
}

}  // namespace carillon
