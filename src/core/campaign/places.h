// Time zones as places: which zones a region has, and where the sun sets there. From tzdata's zone.tab.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace carillon {

struct Coordinates {
  double latitude = 0;   // degrees, north positive
  double longitude = 0;  // degrees, east positive
};

// Whether tzdata has the zone (IANA name).
bool is_known_zone(std::string_view name);

class Places {
 public:
  Places() = default;
  static Places parse(std::string_view zone_tab);

  // Zones of a region (ISO 3166), in the file's order; empty if it is not known.
  const std::vector<std::string>& zones_of(std::string_view region) const;
  // Of a zone's main city.
  std::optional<Coordinates> coordinates_of(std::string_view zone) const;
  // Region of a zone; empty if it is not known.
  std::string region_of(std::string_view zone) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> zones_;
  struct Place {
    std::optional<Coordinates> coordinates;
    std::string region;
  };
  std::map<std::string, Place, std::less<>> places_;
};

}  // namespace carillon
