// When a person may be called, in the person's own time. Fails closed: without a known zone there is no open window,
// and where a number may lie in several zones, the window must be open in all of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace carillon {

// Minutes of the local day; from is inside, to is not.
struct Window {
  int from_minute = 9 * 60;
  int to_minute = 20 * 60;
};

// Region (ISO 3166) to IANA zones, from the text of tzdata's zone.tab.
using ZoneTable = std::map<std::string, std::vector<std::string>, std::less<>>;
ZoneTable parse_zone_table(std::string_view zone_tab);

struct WindowVerdict {
  bool is_open = false;
  std::string reason;            // when closed, for people
  std::optional<Time> opens_at;  // when it will be open in all zones, if within two days
};

// explicit_zone wins over the regions' zones.
WindowVerdict check_window(const Window& window, std::string_view explicit_zone,
                           const std::vector<std::string>& regions, const ZoneTable& zones, Time now);

bool is_known_zone(std::string_view name);

}  // namespace carillon
