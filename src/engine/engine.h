// The shell around the pure calls: it feeds events to them, makes durable what they say, and then does it. One thread,
// the control thread, owns it; it never blocks. Rules kept here (docs/architecture.md, "Invariants"):
//   - no order to dial before its intent is committed; no acknowledgement before the opt-out is committed;
//   - no order to dial until the node was looked at and every open attempt was accounted for;
//   - an attempt that cannot be settled is unknown, and is never redialled.
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
#include "core/campaign/pacer.h"
#include "core/campaign/phone_number.h"
#include "core/campaign/window.h"
#include "core/ports/alarm.h"
#include "core/ports/store.h"
#include "core/ports/telephony.h"

namespace carillon {

struct EngineOptions {
  std::string trunk = "loopback";
  std::string caller_id;
  bool is_window_enforced = true;  // the loopback test trunk is the only one without
  Window window;
  ZoneTable zones;
  Pace pace;
  CallLimits limits;
  std::size_t max_waiting = 10'000;  // attempts accepted and not started; beyond: QueueFull
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
  std::size_t waiting = 0;
  std::size_t held = 0;       // waiting for their window
  std::size_t live = 0;       // slots in use
  std::size_t unsettled = 0;  // open attempts whose channel is not seen
  std::string trunk;
  bool is_trunk_suspect = false;  // several calls in a row without any sign of life: one probe at a time
};

class Engine {
 public:
  // on_fatal: the ledger cannot be written any more; what is in memory is no longer the truth, the process must end.
  Engine(Store& store, Telephony& telephony, Alarm& alarm, EngineOptions options,
         std::function<void(const Error&)> on_fatal);

  // Loads what is open; `ready` runs when events may come.
  void start(std::function<void(Result<void>)> ready);

  enum class Mode { kNow, kCampaign };
  // kNow: refused outside the window, and if the number is suppressed. kCampaign: waits for its window; a suppressed
  // number becomes a skipped attempt. The request's number must be E.164; id and times are filled in here.
  void accept(AttemptRequest request, Mode mode, Reply<Accepted> reply);

  // A note that came by HTTP callback; the reply follows its commit.
  void deliver(const std::string& attempt_id, Note note, Reply<void> reply);

  // No new call from here on; calls under way go on.
  void stop_starting();
  void on_alarm();

  std::vector<CallView> calls() const;
  EngineState state() const;

 private:
  struct Entry {
    explicit Entry(Call made) : call(std::move(made)) {}
    Call call;
    std::optional<Time> deadline;
    std::optional<Time> absent_since;  // when the first look began that did not show its channel
    std::optional<Time> ordered_at;    // by this engine: an earlier look proves nothing about it
    bool awaits_intent = false;        // submitted and not known to be durable: nothing was ordered yet
    int pending_writes = 0;            // and pins: the entry stays while it is above zero
    bool is_new = false;               // not in the ledger yet (a call from outside)
    bool holds_slot = false;
    bool is_parked = false;             // left behind by an earlier process, and not asked for since
    std::vector<std::uint32_t> forget;  // journal records to delete once it has ended and is durable
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
  static bool is_under_way(const Call& call);
  WindowVerdict window_of(const AttemptRequest& request, Time now) const;
  bool try_start(Entry& entry, Time now);
  void on_intended(const std::string& id, const Result<void>& result);
  void with_call(const std::string& id, Use use);
  void feed(Entry& entry, const CallEvent& event, const Reply<void>& on_durable = nullptr);
  void carry_out(Entry& entry, CallStep step, const Reply<void>& on_durable = nullptr);
  void after_commit(const std::string& id, const CallStep& step);
  void retire(const std::string& id);
  void wait_until(const std::string& id, Time when);
  void take_slot(Entry& entry);
  void release_slot(Entry& entry);
  void watch_trunk(Outcome outcome);
  bool is_trunk_suspect() const;
  void arm();
  Entry* find(const std::string& id);

  Store& store_;
  Telephony& telephony_;
  Alarm& alarm_;
  EngineOptions options_;
  std::function<void(const Error&)> on_fatal_;
  Pacer pacer_;
  UlidGenerator ids_ = UlidGenerator::from_entropy();

  std::unordered_map<std::string, std::unique_ptr<Entry>> entries_;
  std::deque<std::string> waiting_;
  std::multimap<Time, std::string> held_;
  std::multimap<Time, std::string> deadlines_;
  std::unordered_map<std::string, std::vector<Use>> loading_;
  std::unordered_set<std::string> suppressed_;  // since start: between an intent's commit and the order to dial
  std::size_t live_ = 0;
  Time next_probe_{};            // of a suspect trunk
  int dead_calls_in_a_row_ = 0;  // calls that ended without any sign of life from the trunk
  bool is_settled_ = false;
  bool is_stopping_ = false;
  bool is_looking_ = false;
  Time look_began_{};
  bool must_look_again_ = false;
  std::optional<Time> next_look_;
};

}  // namespace carillon
