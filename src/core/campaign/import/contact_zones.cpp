#include "core/campaign/import/contact_zones.h"

#include <set>

namespace carillon {

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

}  // namespace carillon
