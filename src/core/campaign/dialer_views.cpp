// What the dialer shows to people and metrics.
#include <algorithm>

#include "core/campaign/dialer.h"

namespace carillon {

std::optional<CampaignView> Dialer::view(const std::string& campaign_id) const {
  const auto found = campaigns_.find(campaign_id);
  if (found == campaigns_.end()) return std::nullopt;
  const auto& slot = found->second;
  CampaignView view;
  view.campaign = slot.campaign();
  view.live = slot.live;
  if (slot.campaign().takes_calls()) view.waits_for = slot.waits_for;
  view.alarm = slot.alarm;
  for (const auto& [id, lane] : slot.lanes) {
    view.in_hopper += lane.hopper.size();
    if (!lane.has_work()) continue;
    const auto next = lane.calling_time.is_open ? lane.next_due : lane.calling_time.opens_at;
    if (next && *next != Time{}) view.next_at = std::min(view.next_at.value_or(Time::max()), *next);
  }
  return view;
}

std::vector<CampaignView> Dialer::views() const {
  std::vector<CampaignView> all;
  for (const auto& [id, slot] : campaigns_) all.push_back(*view(id));
  return all;
}

std::vector<std::pair<std::string, TrunkView>> Dialer::trunks(Time now) const {
  std::vector<std::pair<std::string, TrunkView>> views;
  for (const auto& trunk : trunks_) views.emplace_back(trunk.config.name, trunk.pace.view(now));
  return views;
}

}  // namespace carillon
