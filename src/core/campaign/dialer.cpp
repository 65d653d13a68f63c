#include "core/campaign/dialer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace carillon {
namespace {

constexpr std::chrono::seconds kWatchdog{10};
// A lane's hours are looked at again at least so often: its opening may not be known (no zone, closed for weeks), and
// an end that is far off, such as a holiday's, is not looked for.
constexpr std::chrono::hours kLookAgain{1};
// Contacts that are to be called again are looked for at most so often, in each lane.
constexpr std::chrono::seconds kFetchSpacing{1};

Pace pace_of(const CampaignSettings& settings) {
  return {settings.calls_per_second > 0 ? settings.calls_per_second : 1e6,
          settings.max_live_calls > 0 ? settings.max_live_calls : std::numeric_limits<int>::max()};
}

}  // namespace

Dialer::Dialer(DialerOptions options) : options_(std::move(options)), overall_(options_.overall), node_(options_.node) {
  for (const auto& config : options_.trunks) trunks_.push_back({config, TrunkPace(config.limits), 0, {}});
}

DialerStep Dialer::step(Time now, std::vector<DialerEvent> events) {
  step_ = {};
  for (const auto& event : events) {
    std::visit([&](const auto& happened) { apply(happened, now); }, event);
  }
  for (auto& [id, slot] : campaigns_) {
    advance_state(slot, now);
    look_at_lanes(slot, now);
  }
  start_calls(now);
  for (auto& [id, slot] : campaigns_) {
    refill(slot, now);
    speak_ahead(slot);
    watch(slot, now);
  }
  return std::exchange(step_, {});
}

// ---------------------------------------------------------------- what happened

void Dialer::apply(const CampaignChanged& event, Time) {
  const auto& campaign = event.campaign;
  auto [found, is_new] = campaigns_.try_emplace(campaign.id);
  CampaignSlot& slot = found->second;
  const bool was_running = !is_new && slot.campaign().takes_calls();
  const bool has_other_pace = is_new || !(slot.campaign().settings == campaign.settings);
  auto rules = std::make_shared<GateRules>();
  rules->campaign = campaign;
  rules->places = options_.places;
  rules->max_call = options_.max_call;
  rules->is_window_enforced = options_.is_window_enforced;
  const auto policy = options_.policies.find(campaign.settings.policy);
  slot.refusal.clear();
  if (policy != options_.policies.end()) {
    rules->policy = policy->second;
  } else {
    slot.refusal = fmt::format("the policy pack \"{}\" is not installed", campaign.settings.policy);
  }
  slot.rules = std::move(rules);
  slot.is_changing = false;
  slot.is_stopped = event.is_parked;
  if (has_other_pace) {
    slot.pacer = Pacer(pace_of(campaign.settings));
    for (auto& [id, lane] : slot.lanes) lane.timed_until.reset();
  }
  if (campaign.takes_calls() && !was_running) {
    count_again(slot);
    slot.turn.competes = false;
  }
  if (!campaign.takes_calls()) {
    for (auto& [id, lane] : slot.lanes) lane.empty_hopper(slot.in_hand);
  }
}

// A count that is under way may not have seen what came since.
void Dialer::count_again(CampaignSlot& slot) {
  slot.is_counted = false;
  slot.must_count_again = slot.is_counting;
}

void Dialer::apply(const ContactsAdded& event, Time) {
  if (auto* slot = find(event.campaign_id)) count_again(*slot);
}

void Dialer::apply(const LanesCounted& event, Time) {
  auto* slot = find(event.campaign_id);
  if (slot == nullptr) return;
  slot->is_counting = false;
  slot->is_counted = !std::exchange(slot->must_count_again, false);
  for (const auto& counted : event.lanes) {
    auto& lane = slot->lanes[counted.lane.id];
    lane.lane = counted.lane;
    if (counted.next_due) lane.note_due(*counted.next_due);
  }
}

void Dialer::apply(const ContactsFetched& event, Time) {
  auto* slot = find(event.campaign_id);
  if (slot == nullptr) return;
  auto& lane = slot->lanes[event.lane];
  lane.is_fetching = false;
  // What became due meanwhile was told by ContactDue, and is kept beside this.
  const bool is_full = static_cast<int>(event.due.contacts.size()) >= event.limit;
  if (is_full) {
    const bool is_all = event.kind == DueKind::kAll;
    lane.has_more = lane.has_more || is_all;
    if (!is_all) lane.note_due(event.due.contacts.back().due_at);
  }
  if (event.due.next_due) lane.note_due(*event.due.next_due);
  if (!slot->campaign().takes_calls()) return;
  for (const auto& contact : event.due.contacts) {
    if (slot->in_hand.insert(contact.key).second) lane.add(contact);
  }
}

void Dialer::apply(const StartAnswered& event, Time) {
  auto* slot = find(event.campaign_id);
  if (slot == nullptr) return;
  slot->in_hand.erase(event.contact_key);
  auto& lane = slot->lanes[event.lane];
  // The copy in hand was old: what the ledger has now is to be fetched, which was passed over while it was in hand.
  if (event.result.kind == StartResult::Kind::kGone) lane.has_more = true;
  if (event.result.due_at) lane.note_due(*event.result.due_at);
}

void Dialer::apply(const PromptAnswered& event, Time) {
  auto* slot = find(event.campaign_id);
  if (slot == nullptr) return;
  slot->speaking.erase(event.contact_key);
  if (event.audio != slot->campaign().settings.audio_source) return;
  // It may have left the hopper: then it is asked for once more when it comes back.
  for (auto& contact : slot->lanes[event.lane].hopper) {
    if (contact.key == event.contact_key) contact.prompt = event.prompt;
  }
}

void Dialer::apply(const ContactDue& event, Time) {
  auto* slot = find(event.campaign_id);
  if (slot == nullptr) return;
  const auto found = slot->lanes.find(event.lane);
  if (found == slot->lanes.end()) {
    count_again(*slot);  // a lane that was not looked at since the start
    return;
  }
  found->second.note_due(event.due_at);
}

void Dialer::apply(const SlotTaken& event, Time) {
  ++live_;
  if (auto* trunk = find_trunk(event.trunk)) ++trunk->live;
  if (auto* slot = find(event.campaign_id)) ++slot->live;
}

void Dialer::apply(const SlotsTold&, Time) { are_slots_told_ = true; }

void Dialer::apply(const SlotFreed& event, Time) {
  --live_;
  if (auto* trunk = find_trunk(event.trunk)) --trunk->live;
  if (auto* slot = find(event.campaign_id)) --slot->live;
}

void Dialer::apply(const SetUpDone&, Time) { --set_ups_; }

void Dialer::apply(const TrunkRang& event, Time now) {
  if (auto* trunk = find_trunk(event.trunk)) trunk->pace.on_ringing(now);
}

void Dialer::apply(const TrunkEnded& event, Time now) {
  if (auto* trunk = find_trunk(event.trunk)) trunk->pace.on_end(event.end, now);
}

void Dialer::apply(const DirectWaiting& event, Time) { direct_waiting_ = event.count; }

void Dialer::apply(const PlacingChanged& event, Time) {
  can_place_ = event.can_place;
  cannot_place_ = event.reason;
}

// ---------------------------------------------------------------- campaigns

void Dialer::advance_state(CampaignSlot& slot, Time now) {
  if (slot.is_changing || (slot.is_stopped && slot.campaign().state != CampaignState::kStopping)) return;
  const auto& campaign = slot.campaign();
  const auto& settings = campaign.settings;
  const auto change = [&](CampaignState state, std::string detail) {
    slot.is_changing = true;
    step_.commands.emplace_back(ChangeState{campaign.id, state, std::move(detail)});
  };
  switch (campaign.state) {
    case CampaignState::kScheduled:
      if (!settings.starts_at || *settings.starts_at <= now) {
        change(CampaignState::kRunning, "its start time has come");
      } else {
        wake(*settings.starts_at);
      }
      return;
    case CampaignState::kRunning: {
      if (slot.live > 0 || !are_slots_told_) return;
      if (settings.ends_at && *settings.ends_at <= now) {
        change(CampaignState::kCompleted, "its end time has come");
        return;
      }
      if (settings.ends_at) wake(*settings.ends_at);
      const auto is_done = [](const auto& entry) {
        const LaneState& lane = entry.second;
        return !lane.has_work() && !lane.is_fetching;
      };
      if (slot.is_counted && slot.in_hand.empty() && std::ranges::all_of(slot.lanes, is_done)) {
        change(CampaignState::kCompleted, "every contact is done");
      }
      return;
    }
    case CampaignState::kStopping:
      if (slot.live == 0 && are_slots_told_) change(CampaignState::kCanceled, campaign.detail);
      return;
    case CampaignState::kDraft:
    case CampaignState::kPaused:
    case CampaignState::kCompleted:
    case CampaignState::kCanceled: return;
  }
}

void Dialer::look_at_lanes(CampaignSlot& slot, Time now) {
  if (!slot.campaign().takes_calls() || !slot.refusal.empty()) return;
  if (!slot.is_counted && !slot.is_counting) {
    slot.is_counting = true;
    step_.commands.emplace_back(CountLanes{slot.campaign().id, slot.campaign().key});
  }
  for (auto& [id, lane] : slot.lanes) {
    if (!lane.timed_until || *lane.timed_until <= now || !lane.calling_time.holds(now)) {
      lane.calling_time = calling_time(lane.lane.zones, slot.rules->context(now));
      lane.timed_until = now + kLookAgain;
      if (!lane.calling_time.is_open && !lane.calling_time.opens_at) lane.calling_time.opens_at = now + kLookAgain;
    }
    if (!lane.calling_time.is_open) lane.empty_hopper(slot.in_hand);
    if (!lane.has_work()) continue;
    if (const auto until = lane.calling_time.is_open ? lane.calling_time.closes_at : lane.calling_time.opens_at) {
      wake(*until);
    }
    const bool waits_for_due = lane.next_due && lane.calling_time.is_open && !lane.is_fetching &&
                               lane.again_in_hopper() * 2 <= options_.hopper;
    if (waits_for_due) wake(std::max(*lane.next_due, lane.fetched_at + kFetchSpacing));
  }
}

void Dialer::refill(CampaignSlot& slot, Time now) {
  if (!slot.campaign().takes_calls() || slot.is_stopped || !slot.refusal.empty()) return;
  for (auto& [id, lane] : slot.lanes) {
    if (!lane.calling_time.is_open || lane.is_fetching) continue;
    const bool has_room = lane.hopper.size() * 2 <= options_.hopper;
    // Whoever is to be called again does not wait until a full hopper of new contacts is called, but for room among
    // those who are to be called again, too.
    // A clock that was put back is not waited for.
    const bool is_spaced = now < lane.fetched_at || now >= lane.fetched_at + kFetchSpacing;
    const bool is_again_due =
        lane.next_due && *lane.next_due <= now && is_spaced && lane.again_in_hopper() * 2 <= options_.hopper;
    const bool wants_all = lane.has_more && has_room;
    if (!wants_all && !is_again_due) continue;
    lane.is_fetching = true;
    lane.fetched_at = now;
    lane.next_due.reset();  // the answer tells
    if (wants_all) lane.has_more = false;
    // Those of the lane that are in hand come first in the ledger's order, and are passed over.
    std::size_t elsewhere = 0;
    for (const auto& [other_id, other] : slot.lanes) elsewhere += other_id == id ? 0 : other.hopper.size();
    const auto limit = static_cast<int>(options_.hopper + slot.in_hand.size() - elsewhere);
    const auto kind = wants_all ? DueKind::kAll : DueKind::kAgain;
    step_.commands.emplace_back(FetchDue{slot.campaign().id, slot.campaign().key, id, kind, limit});
  }
}

// Prompts of the contacts who come next, a bounded number: what is spoken for them takes room until they are called.
void Dialer::speak_ahead(CampaignSlot& slot) {
  const auto& settings = slot.campaign().settings;
  if (!settings.has_contact_prompts() || !takes_calls(slot.campaign().id)) return;
  std::size_t ahead = slot.speaking.size();
  for (const auto& [id, lane] : slot.lanes) {
    ahead += static_cast<std::size_t>(
        std::ranges::count_if(lane.hopper, [](const DueContact& contact) { return contact.prompt.has_value(); }));
  }
  for (auto& [id, lane] : slot.lanes) {
    if (!lane.calling_time.is_open) continue;
    for (const auto& contact : lane.hopper) {
      if (ahead >= options_.prompts_ahead) return;
      if (contact.prompt || !slot.speaking.insert(contact.key).second) continue;
      ++ahead;
      step_.commands.emplace_back(
          SpeakPrompt{slot.campaign().id, id, contact.key, settings.audio_source, contact.variables});
    }
  }
}

void Dialer::LaneState::note_due(Time due_at) {
  if (due_at == Time{}) {
    has_more = true;
  } else {
    next_due = std::min(next_due.value_or(Time::max()), due_at);
  }
}

void Dialer::LaneState::empty_hopper(std::set<std::int64_t>& in_hand) {
  if (hopper.empty()) return;
  for (const auto& contact : hopper) in_hand.erase(contact.key);
  hopper.clear();
  has_more = true;
}

void Dialer::LaneState::add(const DueContact& contact) {
  const auto end_of_again = hopper.begin() + static_cast<std::ptrdiff_t>(again_in_hopper());
  hopper.insert(contact.due_at != Time{} ? end_of_again : hopper.end(), contact);
}

std::deque<DueContact>::iterator Dialer::LaneState::first_callable(bool needs_prompt) {
  return std::ranges::find_if(hopper,
                              [&](const DueContact& contact) { return !needs_prompt || contact.prompt.has_value(); });
}

std::size_t Dialer::LaneState::again_in_hopper() const {
  const auto is_again = [](const DueContact& one) { return one.due_at != Time{}; };
  return static_cast<std::size_t>(std::ranges::partition_point(hopper, is_again) - hopper.begin());
}

// ---------------------------------------------------------------- watching

void Dialer::watch(CampaignSlot& slot, Time now) {
  const auto has_due = [](const auto& entry) {
    return entry.second.calling_time.is_open && !entry.second.hopper.empty();
  };
  const bool is_dialable =
      slot.campaign().takes_calls() && (!slot.refusal.empty() || std::ranges::any_of(slot.lanes, has_due));
  std::string alarm;
  if (!is_dialable || slot.is_waiting_normal) {
    slot.dialable_since.reset();
  } else {
    if (!slot.dialable_since) slot.dialable_since = now;
    const Time due = *slot.dialable_since + kWatchdog;
    if (due <= now) {
      alarm = slot.waits_for;
    } else {
      wake(due);
    }
  }
  // A changed reason is not a new alarm, but the end of one is news.
  if (alarm.empty() != slot.alarm.empty()) step_.commands.emplace_back(RaiseAlarm{slot.campaign().id, alarm});
  slot.alarm = std::move(alarm);
}

void Dialer::wake(Time when) { step_.wake_at = std::min(step_.wake_at.value_or(Time::max()), when); }

// ---------------------------------------------------------------- at once

void Dialer::drop_number(const std::string& number) {
  for (auto& [id, slot] : campaigns_) {
    for (auto& [lane_id, lane] : slot.lanes) {
      const auto has_number = [&](const DueContact& contact) { return contact.number == number; };
      for (const auto& contact : lane.hopper) {
        if (has_number(contact)) slot.in_hand.erase(contact.key);
      }
      // The ledger says what has become of it: not every suppression ends a contact.
      if (std::erase_if(lane.hopper, has_number) > 0) lane.has_more = true;
    }
  }
}

void Dialer::stop_campaign(const std::string& campaign_id) {
  if (auto* slot = find(campaign_id)) slot->is_stopped = true;
}

bool Dialer::takes_calls(const std::string& campaign_id) const {
  const auto found = campaigns_.find(campaign_id);
  return found != campaigns_.end() && found->second.campaign().takes_calls() && !found->second.is_stopped;
}

std::shared_ptr<const GateRules> Dialer::rules_of(const std::string& campaign_id) const {
  const auto found = campaigns_.find(campaign_id);
  if (found == campaigns_.end() || !found->second.refusal.empty()) return nullptr;
  return found->second.rules;
}

Dialer::CampaignSlot* Dialer::find(const std::string& campaign_id) {
  const auto found = campaigns_.find(campaign_id);
  return found == campaigns_.end() ? nullptr : &found->second;
}

Dialer::Trunk* Dialer::find_trunk(const std::string& name) {
  const auto found = std::ranges::find(trunks_, name, [](const Trunk& trunk) { return trunk.config.name; });
  return found == trunks_.end() ? nullptr : &*found;
}

}  // namespace carillon
