// The dialer: decides which contact of which campaign is called next, over which trunk, and when. Pure: it owns no
// clock, socket, thread or randomness; feed it what happened and the time, do what it says. The same code dials in
// production, in the simulator and in tests. It holds a bounded hopper of due contacts per campaign, never the whole
// list.
//
// Who may be called is not decided here but by the gates, in the transaction of the intent; of the gates only the
// calling time of a lane is known here, so that closed lanes cost nothing.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/campaign/pacer.h"
#include "core/campaign/trunk_pace.h"
#include "core/ports/campaign_store.h"

namespace carillon {

struct TrunkConfig {
  std::string name;
  TrunkLimits limits;
  std::vector<std::string>
      caller_ids;  // verified numbers; a contact keeps the one it was given. Empty: the carrier's own
};

struct DialerOptions {
  std::vector<TrunkConfig> trunks;
  Pace overall{1e6, 1'000'000};                // all campaigns and /dial together
  Pace node{1e6, 1'000'000};                   // what the telephony server takes
  int max_set_ups = 200;                       // calls ordered and without any sign yet: AMI never pushes back
  std::map<std::string, PolicyPack> policies;  // by id
  std::shared_ptr<const Places> places = std::make_shared<Places>();
  Duration max_call{600'000};
  bool is_window_enforced = true;
  std::size_t hopper = 500;  // due contacts in memory, per campaign and lane
  // Prompts of contacts that are being spoken, or are ready and wait for their call, per campaign that speaks to each.
  std::size_t prompts_ahead = 100;
};

// ---------------------------------------------------------------- what happened

struct CampaignChanged {  // created, loaded, or changed by an operator: as it is in the ledger
  Campaign campaign;
  bool is_parked = false;  // left running by an earlier process, and not to be gone on with until it is asked for
};
struct ContactsAdded {
  std::string campaign_id;
};
struct LanesCounted {
  std::string campaign_id;
  std::vector<LaneCount> lanes;
};
struct ContactsFetched {
  std::string campaign_id;
  int lane = 0;
  DueKind kind = DueKind::kAll;  // as asked
  int limit = 0;
  DueContacts due;
};
// The answer to StartContact.
struct StartAnswered {
  std::string campaign_id;
  int lane = 0;
  std::int64_t contact_key = 0;
  StartResult result;
};
// The answer to SpeakPrompt.
struct PromptAnswered {
  std::string campaign_id;
  int lane = 0;
  std::int64_t contact_key = 0;
  std::string audio;  // as asked: the campaign's text may have changed meanwhile
  ContactPrompt prompt;
};
// A contact is ready (again) from then on: a retry, or one that an operator resolved.
struct ContactDue {
  std::string campaign_id;
  int lane = 0;
  Time due_at{};
};
// A call that an earlier process began holds its slot.
struct SlotTaken {
  std::string trunk;
  std::string campaign_id;
};
// All calls that earlier processes began were told: from now on a campaign without a slot has no call under way.
struct SlotsTold {};
// Each StartContact, StartDirect and SlotTaken is followed by one of these in the end.
struct SlotFreed {
  std::string trunk;
  std::string campaign_id;
};
// The first sign of a call that was ordered; if there is none, its end.
struct SetUpDone {};
struct TrunkRang {
  std::string trunk;
};
struct TrunkEnded {
  std::string trunk;
  TrunkCallEnd end;
};
// Calls of /dial that wait for their turn.
struct DirectWaiting {
  std::size_t count = 0;
};
// Whether calls can be placed at all: the node is up and every open attempt accounted for, and the ledger keeps up.
struct PlacingChanged {
  bool can_place = false;
  std::string reason;  // why not
};

using DialerEvent = std::variant<CampaignChanged, ContactsAdded, LanesCounted, ContactsFetched, StartAnswered,
                                 PromptAnswered, ContactDue, SlotTaken, SlotsTold, SlotFreed, SetUpDone, TrunkRang,
                                 TrunkEnded, DirectWaiting, PlacingChanged>;

// ---------------------------------------------------------------- what is to be done

struct CountLanes {
  std::string campaign_id;
  std::int64_t campaign_key = 0;
};
struct FetchDue {
  std::string campaign_id;
  std::int64_t campaign_key = 0;
  int lane = 0;
  DueKind kind = DueKind::kAll;
  int limit = 0;
};
struct StartContact {
  std::shared_ptr<const GateRules> rules;
  DueContact contact;
  CallingTime calling_time;
  std::string trunk;
  std::string caller_id;
};
// The contact's own prompt is to be spoken.
struct SpeakPrompt {
  std::string campaign_id;
  int lane = 0;
  std::int64_t contact_key = 0;
  std::string audio;  // the text, with names in braces
  std::string variables;
};
// The next waiting call of /dial.
struct StartDirect {
  std::string trunk;
  std::vector<std::string> caller_ids;
};
// The dialer's own transitions: a schedule begins or ends, a list is done, a stop has drained.
struct ChangeState {
  std::string campaign_id;
  CampaignState state = CampaignState::kRunning;
  std::string detail;
};
// Something is dialable and nothing starts; an empty reason ends the alarm.
struct RaiseAlarm {
  std::string campaign_id;
  std::string reason;
};

using DialerCommand =
    std::variant<CountLanes, FetchDue, StartContact, SpeakPrompt, StartDirect, ChangeState, RaiseAlarm>;

struct DialerStep {
  std::vector<DialerCommand> commands;
  std::optional<Time> wake_at;  // step again then, if nothing happens before
};

// ---------------------------------------------------------------- for people and metrics

struct CampaignView {
  Campaign campaign;
  int live = 0;
  std::size_t in_hopper = 0;
  std::string waits_for;        // why nothing starts just now; empty = it dials
  std::string alarm;            // if that is not as it should be
  std::optional<Time> next_at;  // when the next closed lane opens or the next retry is due
};

class Dialer {
 public:
  explicit Dialer(DialerOptions options);

  DialerStep step(Time now, std::vector<DialerEvent> events);

  // An opt-out or a stop that is known before it is durable: at once, for what is in the hopper.
  void drop_number(const std::string& number);
  void stop_campaign(const std::string& campaign_id);

  std::optional<CampaignView> view(const std::string& campaign_id) const;
  std::vector<CampaignView> views() const;
  std::vector<std::pair<std::string, TrunkView>> trunks(Time now) const;
  int live() const { return live_; }
  bool takes_calls(const std::string& campaign_id) const;
  // What gates look at for this campaign; nothing if it is not known or its policy is not installed.
  std::shared_ptr<const GateRules> rules_of(const std::string& campaign_id) const;
  const DialerOptions& options() const { return options_; }

 private:
  struct LaneState {
    Lane lane;
    CallingTime calling_time;
    std::optional<Time> timed_until{};  // calling_time is computed, and looked at again then
    bool has_more = false;              // contacts are due that are not in the hopper
    std::optional<Time> next_due{};     // of those to be called again: the earliest known time
    Time fetched_at{};
    bool is_fetching = false;
    std::deque<DueContact> hopper;  // those to be called again first

    bool has_work() const { return !hopper.empty() || has_more || next_due.has_value(); }
    // A contact outside the hopper is due then; Time{}: it is a new one.
    void note_due(Time due_at);
    // Everything goes back to the ledger, to be fetched again.
    void empty_hopper(std::set<std::int64_t>& in_hand);
    void add(const DueContact& contact);
    // The first in the hopper who can be called now; end() if none can.
    std::deque<DueContact>::iterator first_callable(bool needs_prompt);
    std::size_t again_in_hopper() const;
  };
  // Stride scheduling: of those who compete, the smallest goes first, and pays for each call by its weight.
  struct Turn {
    double pass = 0;
    bool competes = false;  // at the last look it took a call, or waited for what all share
  };
  enum class Attempted : std::uint8_t {
    kStarted,
    kOwnReason,  // no contact, its own limits, its trunks are dead: its turn passes
    kMustWait,   // for what it shares with others: it keeps its place
  };
  struct CampaignSlot {
    std::shared_ptr<const GateRules> rules;
    std::string refusal;  // its policy is missing: nothing is called
    Pacer pacer{Pace{}};
    std::map<int, LaneState> lanes;
    std::set<std::int64_t> in_hand;   // contacts in the hopper, or whose start is not answered yet
    std::set<std::int64_t> speaking;  // contacts whose prompt is being spoken, in the hopper or not any more
    int last_lane = -1;
    int live = 0;
    Turn turn;
    bool is_counted = false;  // its lanes are known
    bool is_counting = false;
    bool must_count_again = false;  // something came while they were counted
    bool is_changing = false;       // a ChangeState is on its way
    bool is_stopped = false;        // parked, or stop_campaign came before its CampaignChanged
    std::string waits_for;
    bool is_waiting_normal = true;
    std::optional<Time> dialable_since;
    std::string alarm;

    const Campaign& campaign() const { return rules->campaign; }
  };
  struct Trunk {
    TrunkConfig config;
    TrunkPace pace;
    int live = 0;
    std::map<std::string, double> started;  // by campaign: for spreading by weight
  };
  struct TrunkChoice {
    Trunk* trunk = nullptr;
    std::string reason;
    bool is_normal = true;
    bool is_probe = false;  // of a dead trunk: no sign that the campaign goes on
    std::optional<Time> again_at;
  };

  void apply(const CampaignChanged& event, Time now);
  void apply(const ContactsAdded& event, Time now);
  void apply(const LanesCounted& event, Time now);
  void apply(const ContactsFetched& event, Time now);
  void apply(const StartAnswered& event, Time now);
  void apply(const PromptAnswered& event, Time now);
  void apply(const ContactDue& event, Time now);
  void apply(const SlotTaken& event, Time now);
  void apply(const SlotsTold& event, Time now);
  void apply(const SlotFreed& event, Time now);
  void apply(const SetUpDone& event, Time now);
  void apply(const TrunkRang& event, Time now);
  void apply(const TrunkEnded& event, Time now);
  void apply(const DirectWaiting& event, Time now);
  void apply(const PlacingChanged& event, Time now);

  static void count_again(CampaignSlot& slot);
  void advance_state(CampaignSlot& slot, Time now);
  void look_at_lanes(CampaignSlot& slot, Time now);
  void start_calls(Time now);
  // Starts one call of the campaign, or says why not in its waits_for.
  Attempted start_one(CampaignSlot& slot, Time now);
  Attempted start_direct(Time now);
  bool may_start_any(Time now, std::string& reason, bool& is_normal);
  TrunkChoice choose_trunk(const std::string& campaign_id, const std::vector<TrunkShare>& shares, Time now);
  LaneState* next_candidate(CampaignSlot& slot, Time now);
  void take_slot(Trunk& trunk, CampaignSlot* slot, Time now);
  void refill(CampaignSlot& slot, Time now);
  void speak_ahead(CampaignSlot& slot);
  void watch(CampaignSlot& slot, Time now);
  void wake(Time when);
  CampaignSlot* find(const std::string& campaign_id);
  Trunk* find_trunk(const std::string& name);
  void begin_turns();
  void end_turns();
  void pay(Turn& turn, double weight);

  DialerOptions options_;
  Pacer overall_;
  Pacer node_;
  std::vector<Trunk> trunks_;
  std::map<std::string, CampaignSlot> campaigns_;
  int live_ = 0;
  int set_ups_ = 0;
  std::size_t direct_waiting_ = 0;
  Turn direct_turn_;
  double turn_ = 0;  // the smallest pass among those who compete; it never goes back
  bool are_slots_told_ = false;
  bool can_place_ = false;
  std::string cannot_place_ = "the telephony server is not connected yet";
  DialerStep step_;
};

}  // namespace carillon
