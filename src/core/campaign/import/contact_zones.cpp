#include "core/campaign/import/contact_zones.h"

#include <set>

namespace carillon {
namespace {

// A list can make up combinations without end.
constexpr std::size_t kMaxKinds = 1'000;

}  // namespace

std::vector<std::string> resolve_zones(std::string_view explicit_zone, const std::vector<std::string>& regions,
                                       std::string_view campaign_zone, const Places& places) {
  if (!explicit_zone.empty()) return {std::string(explicit_zone)};
  std::vector<std::string> zones;
  std::set<std::string_view> seen;
  for (const auto& region : regions) {
    for (const auto& zone : places.zones_of(region)) {
      if (seen.insert(zone).second) zones.push_back(zone);
    }
  }
  if (zones.empty() && !campaign_zone.empty()) zones.emplace_back(campaign_zone);
  return zones;
}

std::shared_ptr<const ContactPlace> ContactPlaces::of(const std::string& explicit_zone,
                                                      const std::vector<std::string>& regions) {
  Kind kind(explicit_zone, regions);
  if (const auto known = known_.find(kind); known != known_.end()) return known->second;
  if (known_.size() >= kMaxKinds) known_.clear();
  auto place = make_place(resolve_zones(explicit_zone, regions, campaign_zone_, *places_), regions);
  return known_.emplace(std::move(kind), std::move(place)).first->second;
}

}  // namespace carillon
