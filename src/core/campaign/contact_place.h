// Where people may be, as far as their numbers and lists tell.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

// A list of millions has a few dozens of these, which its contacts share.
struct ContactPlace {
  std::vector<std::string> zones;    // IANA; see Places
  std::vector<std::string> regions;  // ISO 3166

  auto operator<=>(const ContactPlace&) const = default;
};
inline std::shared_ptr<const ContactPlace> make_place(std::vector<std::string> zones,
                                                      std::vector<std::string> regions) {
  return std::make_shared<const ContactPlace>(ContactPlace{std::move(zones), std::move(regions)});
}
inline const std::shared_ptr<const ContactPlace>& unknown_place() {
  static const auto place = make_place({}, {});
  return place;
}

}  // namespace carillon
