// A dialer with lists of contacts behind it and carriers before it, in virtual time: what it counts and fetches is
// answered, whom it starts rings and ends, what it changes is changed. Owned by one test.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/campaign/dialer.h"

namespace carillon::testing {

class Office {
 public:
  struct Start {
    Time at{};
    std::string campaign;  // empty: a call of /dial
    std::string trunk;
    DueContact contact;
    CallingTime calling_time;
    std::string caller_id;
  };

  enum class Told { kSlots, kNothing };  // of the calls of an earlier process
  explicit Office(Told told = Told::kSlots) {
    options.policies = {{"none", default_policy_pack()}};
    options.is_window_enforced = false;
    tell(PlacingChanged{true, ""});
    if (told == Told::kSlots) tell(SlotsTold{});
  }

  // ---- set up
  DialerOptions options;  // until the first step
  void add_trunk(const std::string& name, double calls_per_second, int channels = 1'000) {
    TrunkLimits limits;
    limits.calls_per_second = calls_per_second;
    limits.max_live_calls = channels;
    limits.start_calls_per_second = calls_per_second;  // trunk_pace_test.cpp has the slow start
    limits.max_short_ratio = 0;                        // calls of tests are short
    options.trunks.push_back({name, limits, {}});
  }
  void add_campaign(const std::string& id, CampaignSettings wanted = {},
                    CampaignState state = CampaignState::kRunning) {
    Campaign campaign;
    campaign.id = id;
    campaign.key = static_cast<std::int64_t>(campaigns_.size()) + 1;
    campaign.settings = std::move(wanted);
    if (campaign.settings.policy.empty()) campaign.settings.policy = "none";
    campaigns_[id] = campaign;
    change(id, state);
  }
  // As one commit does; `is_parked` as after a new start of the process.
  void change(const std::string& id, CampaignState state, bool is_parked = false) {
    campaigns_.at(id).state = state;
    tell(CampaignChanged{campaigns_.at(id), is_parked});
  }
  // Keys from `first` on.
  void add_contacts(const std::string& id, std::int64_t first, int count, int lane = 1, Time due_at = {}) {
    for (std::int64_t key = first; key < first + count; ++key) ready_[id][lane].emplace(due_at, key);
  }
  // It was skipped or called by somebody else.
  void remove(const std::string& id, std::int64_t key) {
    for (auto& [lane, ready] : ready_[id]) std::erase_if(ready, [&](const auto& one) { return one.second == key; });
  }
  // The same for keys that are 100 apart.
  static std::string number_of(std::int64_t key) { return "+120255501" + std::to_string(100 + key % 100).substr(1); }

  // ---- how it goes
  std::map<int, std::string> zones;  // by lane; America/New_York unless said
  std::function<Outcome(const std::string& trunk)> outcome_on = [](const std::string&) { return Outcome::kBusy; };
  std::function<std::optional<Duration>(std::int64_t key)> again_after = [](std::int64_t) { return std::nullopt; };
  Duration call_length{1'000};
  bool has_signs = true;  // of calls that were set up, before they end
  // What becomes of a contact's own prompt; nothing: the speech engine is still at it.
  std::function<std::optional<ContactPrompt>(const SpeakPrompt&)> spoken_for = [](const SpeakPrompt&) {
    return ContactPrompt{.id = "spoken"};
  };
  bool answers_reads = true;  // else they wait until it is true again

  void tell(DialerEvent event) { events_.push_back(std::move(event)); }
  static PromptAnswered answer_to(const SpeakPrompt& asked, ContactPrompt prompt) {
    return {asked.campaign_id, asked.lane, asked.contact_key, asked.audio, std::move(prompt)};
  }
  void after(Duration wait, DialerEvent event) { later_.emplace(now + wait, std::move(event)); }
  void run_for(Duration span) { run_until(now + span); }
  // As the engine does, it looks only when something happened or when it was to be woken.
  void run_until(Time end) {
    for (;;) {
      take_what_is_due();
      if (!events_.empty() || (wake_at_ && *wake_at_ <= now)) {
        step();
        continue;
      }
      if (now >= end) return;
      Time next = end;
      if (!later_.empty()) next = std::min(next, later_.begin()->first);
      if (wake_at_) next = std::min(next, *wake_at_);
      now = next;
    }
  }

  // ---- what came of it
  static constexpr Time kBegin{Duration(1'700'000'000'000)};  // 2023-11-14 17:13:20 in New York, 00:13 in Jerusalem
  Time now = kBegin;
  std::vector<Start> starts;
  std::vector<std::string> said;         // "spring completed: every contact is done", "spring alarm: …"
  std::map<std::string, int> live;       // by campaign, by trunk, and of all ("")
  std::map<std::string, int> most_live;  // at any moment
  int gone = 0;                          // contacts that were started and were not on the list any more
  int counts = 0;

  int count(const std::function<bool(const Start&)>& is_meant) const {
    return static_cast<int>(std::ranges::count_if(starts, is_meant));
  }
  int count_of(const std::string& id) const {
    return count([&](const Start& start) { return start.campaign == id; });
  }
  int count_on(const std::string& trunk) const {
    return count([&](const Start& start) { return start.trunk == trunk; });
  }
  int count_in(int lane) const {
    return count([&](const Start& start) { return start.contact.lane == lane; });
  }
  std::vector<SpeakPrompt> spoken;  // all that were asked for
  std::size_t ready_in(const std::string& id, int lane) { return ready_[id][lane].size(); }
  CampaignView view(const std::string& id) { return *dialer().view(id); }
  Dialer& dialer() {
    if (!dialer_) dialer_ = std::make_unique<Dialer>(options);
    return *dialer_;
  }

 private:
  void take_what_is_due() {
    while (!later_.empty() && later_.begin()->first <= now) {
      events_.push_back(std::move(later_.begin()->second));
      later_.erase(later_.begin());
    }
    if (!answers_reads) return;
    for (const auto& read : std::exchange(reads_, {})) read();
  }
  void step() {
    for (const auto& event : events_) {
      if (const auto* taken = std::get_if<SlotTaken>(&event)) count_slot(taken->campaign_id, taken->trunk, 1);
      if (const auto* freed = std::get_if<SlotFreed>(&event)) count_slot(freed->campaign_id, freed->trunk, -1);
    }
    const DialerStep step = dialer().step(now, std::exchange(events_, {}));
    wake_at_ = step.wake_at ? std::optional(std::max(*step.wake_at, now + Duration(1))) : std::nullopt;
    for (const auto& command : step.commands) {
      std::visit([this](const auto& what) { carry_out(what); }, command);
    }
  }

  // Answers tell what the list was when it was read.
  void carry_out(const CountLanes& command) {
    ++counts;
    std::vector<LaneCount> lanes;
    for (const auto& [lane, ready] : ready_[command.campaign_id]) {
      const auto known = zones.find(lane);
      const std::string zone = known == zones.end() ? "America/New_York" : known->second;
      if (!ready.empty()) lanes.push_back({{lane, {zone}, {}}, ready.begin()->first});
    }
    reads_.push_back([this, answer = LanesCounted{command.campaign_id, lanes}] { tell(answer); });
  }
  void carry_out(const FetchDue& command) {
    ContactsFetched answer{command.campaign_id, command.lane, command.kind, command.limit, {}};
    for (const bool is_again : {true, false}) {
      for (const auto& [due_at, key] : ready_[command.campaign_id][command.lane]) {
        if ((due_at != Time{}) != is_again || (!is_again && command.kind == DueKind::kAgain)) continue;
        if (due_at > now) {
          answer.due.next_due = due_at;
          break;
        }
        if (static_cast<int>(answer.due.contacts.size()) == command.limit) break;
        answer.due.contacts.push_back({key, number_of(key), "", "", command.lane, 0, due_at});
      }
    }
    reads_.push_back([this, answer] { tell(answer); });
  }
  void carry_out(const StartContact& command) {
    const auto& id = command.rules->campaign.id;
    const auto& contact = command.contact;
    count_slot(id, command.trunk, 1);
    StartAnswered answer{id, contact.lane, contact.key, {}};
    if (ready_[id][contact.lane].erase({contact.due_at, contact.key}) == 0) {
      ++gone;
      tell(answer);
      return end_call(id, command.trunk, Outcome::kCanceled, Duration(0));
    }
    answer.result.kind = StartResult::Kind::kStarted;
    tell(answer);
    starts.push_back({now, id, command.trunk, contact, command.calling_time, command.caller_id});
    end_call(id, command.trunk, outcome_on(command.trunk), call_length);
    if (const auto wait = again_after(contact.key)) {
      const Time due_at = now + call_length + *wait;
      ready_[id][contact.lane].emplace(due_at, contact.key);
      after(call_length, ContactDue{id, contact.lane, due_at});
    }
  }
  void carry_out(const SpeakPrompt& command) {
    spoken.push_back(command);
    if (const auto prompt = spoken_for(command)) tell(answer_to(command, *prompt));
  }
  void carry_out(const StartDirect& command) {
    count_slot("", command.trunk, 1);
    starts.push_back({now, "", command.trunk, {}, {}, ""});
    end_call("", command.trunk, outcome_on(command.trunk), call_length);
  }
  void end_call(const std::string& id, const std::string& trunk, Outcome outcome, Duration length) {
    TrunkCallEnd end;
    end.outcome = outcome;
    end.started_at = now;
    const bool rings = outcome == Outcome::kBusy || outcome == Outcome::kNoAnswer;
    const Duration to_sign = rings && has_signs ? std::min(length, Duration(50)) : length;
    if (rings) after(to_sign, TrunkRang{trunk});
    after(to_sign, SetUpDone{});
    after(length, TrunkEnded{trunk, end});
    after(length, SlotFreed{trunk, id});
  }
  void count_slot(const std::string& id, const std::string& trunk, int change) {
    std::set<std::string> keys{"", id, trunk};
    for (const auto& key : keys) {
      live[key] += change;
      most_live[key] = std::max(most_live[key], live[key]);
    }
  }
  void carry_out(const ChangeState& command) {
    said.push_back(command.campaign_id + " " + std::string(to_string(command.state)) + ": " + command.detail);
    change(command.campaign_id, command.state);
  }
  void carry_out(const RaiseAlarm& command) {
    said.push_back(command.campaign_id + (command.reason.empty() ? " dials again" : " alarm: " + command.reason));
  }

  std::unique_ptr<Dialer> dialer_;
  std::vector<DialerEvent> events_;
  std::multimap<Time, DialerEvent> later_;
  std::vector<std::function<void()>> reads_;
  std::optional<Time> wake_at_;
  std::map<std::string, Campaign> campaigns_;
  std::map<std::string, std::map<int, std::set<std::pair<Time, std::int64_t>>>> ready_;  // by campaign and lane
};

}  // namespace carillon::testing
