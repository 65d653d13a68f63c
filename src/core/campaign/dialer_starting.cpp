// Which call the dialer starts next: campaigns take turns by weight, lanes of a campaign one after the other, trunks by
// priority and weight.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "core/campaign/caller_id.h"
#include "core/campaign/dialer.h"

namespace carillon {
namespace {

// Calls that people ask for one by one go before those of lists, but lists go on.
constexpr double kDirectWeight = 10;
// What one who takes many calls of a trunk of its own owes to those who begin later, in calls of weight 1.
constexpr double kMostTurnsAhead = 2;
// Calls that a trunk, once it can take more, makes up for, by its weight: it was busy, or it was dead.
constexpr double kMostCallsBehind = 10;

}  // namespace

// Who did not compete a moment ago (a newcomer, a night, its own rate) goes on from where the others are: turns that it
// could not use are not made up for. Who waits for what all share keeps its distance to the others.
void Dialer::begin_turns() {
  const auto join = [this](Turn& turn) {
    if (!turn.competes) turn.pass = std::max(turn.pass, turn_);
    turn.competes = false;
  };
  for (auto& [id, slot] : campaigns_) join(slot.turn);
  join(direct_turn_);
}

void Dialer::end_turns() {
  double smallest = std::numeric_limits<double>::max();
  const auto look = [&](const Turn& turn) {
    if (turn.competes) smallest = std::min(smallest, turn.pass);
  };
  for (const auto& [id, slot] : campaigns_) look(slot.turn);
  look(direct_turn_);
  if (smallest < std::numeric_limits<double>::max()) turn_ = std::max(turn_, smallest);
  // Who has a trunk of its own takes more calls than the others could; that is not held against it for ever.
  const auto bound = [&](Turn& turn) { turn.pass = std::min(turn.pass, turn_ + kMostTurnsAhead); };
  for (auto& [id, slot] : campaigns_) bound(slot.turn);
  bound(direct_turn_);
}

void Dialer::start_calls(Time now) {
  begin_turns();
  std::set<std::string> blocked;
  bool is_direct_blocked = direct_waiting_ == 0;
  for (auto& [id, slot] : campaigns_) slot.waits_for.clear();
  for (;;) {
    CampaignSlot* next = nullptr;
    for (auto& [id, slot] : campaigns_) {
      if (blocked.contains(id) || !slot.campaign().takes_calls()) continue;
      if (next == nullptr || slot.turn.pass < next->turn.pass) next = &slot;
    }
    const bool is_direct_next = !is_direct_blocked && (next == nullptr || direct_turn_.pass <= next->turn.pass);
    if (!is_direct_next && next == nullptr) break;
    const Attempted attempted = is_direct_next ? start_direct(now) : start_one(*next, now);
    Turn& turn = is_direct_next ? direct_turn_ : next->turn;
    if (attempted != Attempted::kOwnReason) turn.competes = true;
    if (attempted == Attempted::kStarted) {
      turn.pass += 1 / (is_direct_next ? kDirectWeight : std::max(1, next->campaign().settings.weight));
      is_direct_blocked = is_direct_blocked || direct_waiting_ == 0;
    } else if (is_direct_next) {
      is_direct_blocked = true;
    } else {
      blocked.insert(next->campaign().id);
    }
  }
  end_turns();
}

bool Dialer::may_start_any(Time now, std::string& reason, bool& is_normal) {
  is_normal = false;
  if (!can_place_) {
    reason = cannot_place_;
  } else if (set_ups_ >= options_.max_set_ups) {
    reason = fmt::format("{} calls were ordered and show no sign yet: the telephony server is behind", set_ups_);
  } else if (live_ >= overall_.pace().max_live || live_ >= node_.pace().max_live) {
    reason = fmt::format("{} calls are live: as many as are allowed", live_);
    is_normal = true;
  } else if (const Time token = std::max(overall_.next_token(now), node_.next_token(now)); token > now) {
    reason = "the rate for all campaigns is used up";
    is_normal = true;
    wake(token);
  } else {
    is_normal = true;
    return true;
  }
  return false;
}

Dialer::Attempted Dialer::start_direct(Time now) {
  std::string reason;
  bool is_normal = true;
  if (!may_start_any(now, reason, is_normal)) return Attempted::kMustWait;
  const TrunkChoice choice = choose_trunk("", {}, now);
  if (choice.trunk == nullptr) {
    if (choice.again_at) wake(*choice.again_at);
    return choice.is_normal ? Attempted::kMustWait : Attempted::kOwnReason;
  }
  take_slot(*choice.trunk, nullptr, now);
  --direct_waiting_;
  step_.commands.emplace_back(StartDirect{choice.trunk->config.name, choice.trunk->config.caller_ids});
  return Attempted::kStarted;
}

Dialer::Attempted Dialer::start_one(CampaignSlot& slot, Time now) {
  slot.is_waiting_normal = true;
  if (!slot.refusal.empty()) {
    slot.waits_for = slot.refusal;
    slot.is_waiting_normal = false;
    return Attempted::kOwnReason;
  }
  const auto& settings = slot.campaign().settings;
  if (slot.is_stopped || (settings.ends_at && *settings.ends_at <= now)) {
    slot.waits_for = "it is stopping, or waits to be resumed";
    return Attempted::kOwnReason;
  }
  LaneState* lane = next_candidate(slot, now);
  if (lane == nullptr) return Attempted::kOwnReason;
  if (slot.live >= slot.pacer.pace().max_live) {
    slot.waits_for = fmt::format("{} of its calls are live: as many as it may have", slot.live);
    return Attempted::kOwnReason;
  }
  if (const Time token = slot.pacer.next_token(now); token > now) {
    slot.waits_for = "its own rate is used up";
    wake(token);
    return Attempted::kOwnReason;
  }
  if (!may_start_any(now, slot.waits_for, slot.is_waiting_normal)) return Attempted::kMustWait;
  TrunkChoice choice = choose_trunk(slot.campaign().id, settings.trunks, now);
  if (choice.trunk == nullptr) {
    slot.waits_for = std::move(choice.reason);
    slot.is_waiting_normal = choice.is_normal;
    if (choice.again_at) wake(*choice.again_at);
    return choice.is_normal ? Attempted::kMustWait : Attempted::kOwnReason;
  }
  slot.pacer.try_start(now, slot.live);
  take_slot(*choice.trunk, &slot, now);
  slot.last_lane = lane->lane.id;
  if (!choice.is_probe) slot.dialable_since.reset();
  StartContact start;
  start.rules = slot.rules;
  const auto chosen = lane->first_callable(settings.has_contact_prompts());
  start.contact = std::move(*chosen);
  lane->hopper.erase(chosen);
  start.calling_time = lane->calling_time;
  start.trunk = choice.trunk->config.name;
  start.caller_id = pick_caller_id(choice.trunk->config.caller_ids, start.contact.number);
  step_.commands.emplace_back(std::move(start));
  return Attempted::kStarted;
}

// The lanes of a campaign take turns.
Dialer::LaneState* Dialer::next_candidate(CampaignSlot& slot, Time now) {
  LaneState* first = nullptr;
  LaneState* after_last = nullptr;
  std::size_t unspoken = 0;  // contacts who wait for their prompt alone
  const bool needs_prompt = slot.campaign().settings.has_contact_prompts();
  std::optional<Time> opens_at;
  for (auto& [id, lane] : slot.lanes) {
    const bool has_work = lane.has_work();
    if (has_work && !lane.calling_time.is_open) {
      opens_at = std::min(opens_at.value_or(Time::max()), lane.calling_time.opens_at.value_or(Time::max()));
      if (slot.waits_for.empty()) slot.waits_for = lane.calling_time.detail;
    }
    if (lane.hopper.empty() || !lane.calling_time.is_open) continue;
    if (lane.first_callable(needs_prompt) == lane.hopper.end()) {
      unspoken += lane.hopper.size();
      continue;
    }
    if (first == nullptr) first = &lane;
    if (after_last == nullptr && id > slot.last_lane) after_last = &lane;
  }
  LaneState* chosen = after_last != nullptr ? after_last : first;
  if (chosen != nullptr) {
    slot.waits_for.clear();
  } else if (unspoken > 0) {
    slot.waits_for = fmt::format("prompt-not-ready: the prompts of {} contacts are being spoken", unspoken);
    slot.is_waiting_normal = false;  // for some seconds it is; then something is wrong with the speech engine
  } else if (slot.waits_for.empty()) {
    const bool is_fetching = std::ranges::any_of(
        slot.lanes, [](const auto& entry) { return entry.second.is_fetching || entry.second.has_more; });
    const bool has_later = std::ranges::any_of(
        slot.lanes, [&](const auto& entry) { return entry.second.next_due && *entry.second.next_due > now; });
    slot.waits_for = is_fetching || !slot.is_counted ? "contacts are being fetched"
                     : has_later                     ? "the next contact is due later"
                                                     : "calls under way end";
  }
  return chosen;
}

Dialer::TrunkChoice Dialer::choose_trunk(const std::string& campaign_id, const std::vector<TrunkShare>& shares,
                                         Time now) {
  struct Option {
    Trunk* trunk;
    TrunkShare share;
    double load = 0;  // calls that it was given, by its weight
  };
  std::vector<Option> options;
  if (shares.empty()) {
    for (auto& trunk : trunks_) options.push_back({&trunk, {trunk.config.name, 1, 1}, 0});
  }
  for (const auto& share : shares) {
    if (auto* trunk = find_trunk(share.trunk)) options.push_back({trunk, share, 0});
  }
  TrunkChoice choice;
  if (options.empty()) {
    choice.reason = "none of its trunks is configured";
    choice.is_normal = false;
    return choice;
  }
  // Only what is dead is passed over for a lesser priority: a trunk that is merely busy is waited for.
  int priority = std::numeric_limits<int>::max();
  for (const auto& option : options) {
    if (option.trunk->pace.is_usable()) priority = std::min(priority, option.share.priority);
  }
  const bool is_any_usable = priority != std::numeric_limits<int>::max();
  // Shares of trunks that can take calls; a dead one has its share of the least of them, and nothing to make up for.
  double least = std::numeric_limits<double>::max();
  double most = 0;
  for (auto& option : options) {
    option.load = option.trunk->started[campaign_id] / std::max(1, option.share.weight);
    if (option.share.priority > priority || !option.trunk->pace.is_usable()) continue;
    least = std::min(least, option.load);
    most = std::max(most, option.load);
  }
  for (auto& option : options) {
    const bool is_dead = !option.trunk->pace.is_usable();
    const double floor = is_any_usable && is_dead ? least : most - kMostCallsBehind;
    option.load = std::max(option.load, floor);
    option.trunk->started[campaign_id] = option.load * std::max(1, option.share.weight);
  }
  // By priority, a dead one first: its probe must not wait until others are busy. trunks_ is in the order of the
  // configuration, which decides between equals.
  std::ranges::sort(options, {}, [](const Option& option) {
    return std::tuple(option.share.priority, option.trunk->pace.is_usable(), option.load, option.trunk);
  });
  for (auto& option : options) {
    if (is_any_usable && option.share.priority > priority) continue;
    // A dead trunk of a better priority is probed beside the one that replaces it.
    const bool is_probe = !option.trunk->pace.is_usable();
    if (option.trunk->pace.try_start(now, option.trunk->live)) {
      option.trunk->started[campaign_id] += 1;
      choice.trunk = option.trunk;
      choice.is_probe = is_probe;
      return choice;
    }
    const auto again = option.trunk->pace.next_start(now, option.trunk->live);
    if (again) choice.again_at = std::min(choice.again_at.value_or(Time::max()), *again);
    const auto view = option.trunk->pace.view(now);
    if (is_probe && is_any_usable) continue;
    choice.is_normal = !is_probe && view.allowed > 0;
    choice.reason =
        is_probe ? fmt::format("trunk {} is {}: {}", option.share.trunk, view.state, view.reason)
        : option.trunk->live >= option.trunk->config.limits.max_live_calls
            ? fmt::format("all {} channels of trunk {} are in use", option.trunk->live, option.share.trunk)
            : fmt::format("the rate of trunk {} is used up ({:.1f} calls/s allowed)", option.share.trunk, view.allowed);
  }
  return choice;
}

void Dialer::take_slot(Trunk& trunk, CampaignSlot* slot, Time now) {
  overall_.try_start(now, live_);
  node_.try_start(now, live_);
  ++live_;
  ++set_ups_;
  ++trunk.live;
  if (slot != nullptr) ++slot->live;
}

}  // namespace carillon
