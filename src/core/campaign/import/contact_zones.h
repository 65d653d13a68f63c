// Where a contact may be, as time zones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/campaign/places.h"

namespace carillon {

// What the list says of the contact wins; else all zones of the regions that its number may belong to; else the
// campaign's own. Empty = not known, and then nobody is called. Each zone once, in the order of the regions.
std::vector<std::string> resolve_zones(std::string_view explicit_zone, const std::vector<std::string>& regions,
                                       std::string_view campaign_zone, const Places& places);

}  // namespace carillon
