// The shell around the pure calls: it feeds events to them, makes durable what they say, and then does it. One thread,
// the control thread, owns it; it never blocks. Rules kept here (docs/architecture.md, "Invariants"):
//   - no order to dial before its intent is committed; no acknowledgement before the opt-out is committed;
//   - no order to dial until the node was looked at and every open attempt was accounted for;
//   - an attempt that cannot be settled is unknown, and is never redialled by itself.
// When a call begins is decided by the dialer (dialing.h).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/ulid.h"
#include "core/call/call.h"
#include "core/ports/alarm.h"
#include "core/ports/store.h"
#include "core/ports/telephony.h"
#include "engine/calling_times.h"
#include "engine/dialing.h"

namespace carillon {

struct EngineOptions {
  std::string trunk = "loopback";  // that calls from outside are said to come by
  CallLimits limits;
  std::shared_ptr<const GateRules> direct_rules;  // for calls of /dial that belong to no campaign
  std::size_t max_waiting = 10'000;               // calls of /dial accepted and not started; beyond: QueueFull
  // Whether attempts that an earlier process accepted are dialled without being asked for again. `run` and `dial` place
  // what they were told to, and nothing that another command left behind.
  bool starts_leftovers = true;
  Duration look_every{60'000};  // regular comparison of slots with live channels
  Duration look_again{11'000};  // between two looks that must agree before a call counts as gone
};

// For GET /calls and /health.
struct CallView {
  AttemptRequest request;
  AttemptProgress progress;
};

struct EngineState {
  NodeState node;
  bool is_settled = false;  // all open attempts are accounted for since the node came up
  bool is_stopping = false;
  std::size_t waiting = 0;     // calls of /dial
  std::size_t held = 0;        // of them: waiting for their window
  std::size_t live = 0;        // slots in use
  std::size_t unsettled = 0;   // open attempts whose channel is not seen
  std::size_t channels = 0;    // live at the node at the last look, ours and calls from outside
  std::size_t slots_then = 0;  // slots at that look, for comparison
};

// Calls of one campaign by phase, for the answer to a stop.
struct CallPhases {
  int ordered = 0;  // intent written or order sent, no sign yet
  int ringing = 0;
  int answered = 0;
};

class Engine {
 public:
  // on_fatal: the ledger cannot be written any more; what is in memory is no longer the truth, the process must end.
  Engine(Store& store, Telephony& telephony, Alarm& alarm, EngineOptions options,
         std::function<void(const Error&)> on_fatal);

  // Loads what is open; `ready` runs when events may come. The dialing outlives the engine's use of it.
  void start(Dialing& dialing, std::function<void(Result<void>)> ready);

  // A call for /dial: refused if a gate does not let it pass now. The request's number must be E.164; id and times are
  // filled in here.
  void accept(AttemptRequest request, Reply<Accepted> reply);
  // The dialer's orders.
  void start_contact(const StartContact& start);
  void start_direct(const StartDirect& start);
  // Stops calls of the campaign that are under way; new ones are the dialer's matter. Calls that only ring go on until
  // they rang for the least time; whoever answers after that hears the present prompt.
  void stop_calls(const std::string& campaign_id, StopMode mode);
  CallPhases phases(const std::string& campaign_id) const;
  std::shared_ptr<const GateRules> direct_rules() const { return options_.direct_rules; }

  // A note that came by HTTP callback; the reply follows its commit.
  void deliver(const std::string& attempt_id, Note note, Reply<void> reply);

  // No new call from here on; calls under way go on.
  void stop_starting();
  void on_alarm();
  // The numbers were suppressed by an operator: what is waiting for them is not started.
  void suppress(const std::vector<std::string>& numbers);
  // They may be called again.
  void unsuppress(const std::string& number);

  std::vector<CallView> calls() const;
  // One of them; nothing if it has ended or never was.
  std::optional<CallView> call(const std::string& id) const;
  EngineState state() const;

 private:
  struct Entry {
    explicit Entry(Call made) : call(std::move(made)), charged(call.progress().talked) {}
    Call call;
    Duration charged;                        // talking time that its campaign was charged for
    std::shared_ptr<const GateRules> rules;  // of the start; nothing if an earlier process began it
    int lane = -1;                           // of the contact; -1 = not known
    CallingTime calling_time;
    std::optional<Time> deadline;
    std::optional<Time> absent_since;  // when the first look began that did not show its channel
    std::optional<Time> ordered_at;    // by this engine: an earlier look proves nothing about it
    std::optional<Time> started_at;    // by its trunk, which is not told of its end yet
    std::optional<StopMode> stop_mode;
    bool is_finish_asked = false;
    bool awaits_intent = false;  // submitted and not known to be durable: nothing was ordered yet
    int pending_writes = 0;      // and pins: the entry stays while it is above zero
    bool is_new = false;         // not in the ledger yet (a call from outside)
    bool holds_slot = false;
    bool is_setting_up = false;  // ordered, no sign yet
    bool has_opted_out = false;
    bool is_parked = false;               // left behind by an earlier process, and not asked for since
    std::optional<ContactPrompt> prompt;  // the contact's own; its pin keeps it stored while the call may play it
    std::vector<std::uint32_t> forget;    // journal records to delete once it has ended and is durable
  };
  using Use = std::function<void(Entry&)>;

  void on_event(const std::string& attempt_id, CallEvent event);
  void on_node_up();
  void on_node_down();
  void look();
  void settle(const NodeSnapshot& snapshot);
  void settle_open(Entry& entry, const NodeSnapshot& snapshot);
  void feed_journal(Entry& entry, const std::vector<Note>& notes);

  void keep_accepted(Accepted& accepted);
  void pump();
  void tell_waiting();
  void tell_placing();
  static bool is_under_way(const Call& call);
  bool is_waiting(const Entry& entry) const;
  std::shared_ptr<const GateRules> rules_of(const AttemptRequest& request) const;
  void submit_intent(Entry& entry, bool is_new, Time now);
  void on_intended(const std::string& id, const Result<StartResult>& result);
  void on_started(Entry& entry, Time now);
  void on_not_started(Entry& entry, const StartResult& result, Time now);
  void with_call(const std::string& id, Use use);
  void feed(Entry& entry, const CallEvent& event, const Reply<void>& on_durable = nullptr);
  void carry_out(Entry& entry, CallStep step, const Reply<void>& on_durable = nullptr);
  double charge(Entry& entry) const;
  ContactChange contact_change_of(const Entry& entry, const CallStep& step) const;
  void after_commit(const std::string& id, const CallStep& step, const std::optional<ContactChange>& contact);
  void retire(const std::string& id);
  void wait_until(const std::string& id, Time when);
  void take_slot(Entry& entry, Time started_at);
  void release_slot(Entry& entry);
  void end_set_up(Entry& entry);
  void tell_trunk(const Entry& entry, const CallEvent& event, bool is_answer);
  void tell_end(Entry& entry);
  void ask_stop(Entry& entry, Time now);
  void arm();
  Entry* find(const std::string& id);

  Store& store_;
  Telephony& telephony_;
  Alarm& alarm_;
  EngineOptions options_;
  std::function<void(const Error&)> on_fatal_;
  Dialing* dialing_ = nullptr;
  CallingTimes calling_times_;
  UlidGenerator ids_ = UlidGenerator::from_entropy();

  std::unordered_map<std::string, std::unique_ptr<Entry>> entries_;
  std::deque<std::string> waiting_;  // calls of /dial
  std::size_t told_waiting_ = 0;
  bool told_can_place_ = false;
  std::multimap<Time, std::string> held_;
  std::multimap<Time, std::string> deadlines_;
  std::multimap<Time, std::string> stops_;  // calls that ring while their campaign stops
  std::unordered_map<std::string, std::vector<Use>> loading_;
  std::unordered_set<std::string> suppressed_;  // since start: between an intent's commit and the order to dial
  std::size_t live_ = 0;
  std::map<std::string, int> dead_calls_in_a_row_;  // by trunk: calls that ended without any sign of life
  bool is_settled_ = false;
  bool is_stopping_ = false;
  bool is_looking_ = false;
  Time look_began_{};
  bool must_look_again_ = false;
  std::optional<Time> next_look_;
  std::size_t channels_ = 0;
  std::size_t slots_then_ = 0;
};

}  // namespace carillon
