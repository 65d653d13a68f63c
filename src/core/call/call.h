// One attempt to reach one person. Pure: it owns no socket, timer or clock. Feed it what happened and when; make
// durable what the step says, then carry out the rest of the step. The engine owns one Call per open attempt.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/call/attempt.h"
#include "core/call/call_event.h"
#include "core/call/outcome.h"
#include "core/call/published_event.h"

namespace carillon {

struct CallLimits {
  Duration max_call{600'000};        // longest allowed conversation, as the dialplan enforces it
  std::string default_region;        // of callers' numbers without a country code (ISO 3166)
  Duration post_dial_delay{20'000};  // allowance for the carrier before ringing begins
};

struct CallStep {
  // To be committed in one transaction. Nothing below happens before that commit.
  bool has_changed = false;             // the attempt's progress
  std::vector<Note> notes;              // new ones only
  std::vector<PublishedEvent> events;   // for the outbox
  std::optional<std::string> suppress;  // number that asked never to be called again

  // Effects after the commit.
  std::optional<std::uint32_t> acknowledge;  // tell the dialplan that this note is durable
  bool hang_up = false;
  bool has_ended = false;        // the slot is free; the journal's records may go
  bool needs_requeue = false;    // proven never dialled: a call without a contact waits again
  bool was_never_sent = false;   // the same, or refused by the node, for a contact: it ended and its try is not spent
  bool needs_snapshot = false;   // a lease ran out: look at the node
  std::optional<Time> deadline;  // call on(DeadlinePassed) then; replaces the last one

  bool needs_commit() const { return has_changed || !notes.empty() || !events.empty() || suppress.has_value(); }
};

class Call {
 public:
  Call(AttemptRequest request, CallLimits limits) : request_(std::move(request)), limits_(limits) {}
  // After a restart: from the ledger.
  Call(Attempt attempt, std::set<std::uint32_t> seen_notes, CallLimits limits);

  // The intent is being committed: the step belongs to the intent's transaction.
  CallStep intend(const std::string& node_boot, Time now);
  // A gate holds it for good.
  CallStep skip(std::string reason, Time now);
  CallStep on(const CallEvent& event, Time now);
  // The trunk that it shall take, before the intent.
  void route(std::string trunk, std::string caller_id);
  // What is known of its trunk, before the call ends (see EndEvidence).
  void set_trunk_suspect(bool is_suspect) { evidence_.is_trunk_suspect = is_suspect; }

  const AttemptRequest& request() const { return request_; }
  const AttemptProgress& progress() const { return progress_; }
  bool has_ended() const { return is_final(progress_.status); }
  bool has_note(std::uint32_t seq) const { return seen_.contains(seq); }
  // All notes up to the end record have been seen: the journal holds nothing that the ledger has not.
  bool has_all_notes() const;
  // Seq of the end record; 0 if it was not seen.
  std::uint32_t last_note() const { return last_note_.value_or(0); }

 private:
  CallStep apply(const CallAccepted&, Time now);
  CallStep apply(const CallRefused& refused, Time now);
  CallStep apply(const OriginateFailed& failed, Time now);
  CallStep apply(const CallRinging&, Time now);
  CallStep apply(const CallProgress&, Time now);
  CallStep apply(const CallHangup& hangup, Time now);
  CallStep apply(const SeenLive& live, Time now);
  CallStep apply(const FoundGone& gone, Time now);
  CallStep apply(const NeverSent&, Time now);
  CallStep apply(const StopAsked&, Time now);
  CallStep apply(const DeadlinePassed&, Time now);
  CallStep apply(const Note& note, Time now);
  CallStep apply_fact(const PlacedNote&, const Note& note, Time now);
  CallStep apply_fact(const CallStartedNote& started, const Note& note, Time now);
  CallStep apply_fact(const KeyNote& key, const Note& note, Time now);
  CallStep apply_fact(const TimeoutNote&, const Note& note, Time now);
  CallStep apply_fact(const AgentNote&, const Note& note, Time now);
  CallStep apply_fact(const EndNote& end, const Note& note, Time now);
  CallStep requeue(Time now);
  CallStep move_to(CallStatus status, Time now);
  CallStep finish(Outcome outcome, std::string reason, Time now);
  CallStep finish_by_evidence(Time now);
  void publish_status(CallStep& step, Time now);
  PublishedEvent event(EventType type, Time now);

  AttemptRequest request_;
  AttemptProgress progress_;
  CallLimits limits_;
  std::set<std::uint32_t> seen_;
  EndEvidence evidence_;
  std::optional<std::uint32_t> last_note_;  // the end record's seq
  bool has_hangup_ = false;
  bool has_asked_journal_ = false;
  bool has_originate_failed_ = false;
};

}  // namespace carillon
