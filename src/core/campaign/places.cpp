#include "core/campaign/places.h"

#include <date/tz.h>

#include <charconv>
#include <stdexcept>

#include "base/text.h"

namespace carillon {
namespace {

// "+0351326" as degrees; degree_digits is 2 for a latitude, 3 for a longitude. Minutes always, seconds perhaps follow.
std::optional<double> parse_angle(std::string_view text, std::size_t degree_digits) {
  const auto digits = text.substr(1);
  if (digits.size() != degree_digits + 2 && digits.size() != degree_digits + 4) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto number = [&](std::size_t from, std::size_t size) {
    int value = 0;
    if (from < digits.size()) std::from_chars(digits.data() + from, digits.data() + from + size, value);
    return value;
  };
  const double angle =
      number(0, degree_digits) + number(degree_digits, 2) / 60.0 + number(degree_digits + 2, 2) / 3600.0;
  return text.front() == '-' ? -angle : angle;
}

// ISO 6709 as zone.tab has it: +DDMM+DDDMM or +DDMMSS+DDDMMSS.
std::optional<Coordinates> parse_coordinates(std::string_view text) {
  const auto second_sign = text.find_first_of("+-", 1);
  if (second_sign == std::string_view::npos || text.find_first_of("+-") != 0) return std::nullopt;
  const auto latitude = parse_angle(text.substr(0, second_sign), 2);
  const auto longitude = parse_angle(text.substr(second_sign), 3);
  if (!latitude || !longitude) return std::nullopt;
  return Coordinates{*latitude, *longitude};
}

}  // namespace

Places Places::parse(std::string_view zone_tab) {
  Places places;
  for (const auto& line : split(zone_tab, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const auto columns = split(trim(line), '\t');
    if (columns.size() < 3) continue;
    places.zones_[columns[0]].push_back(columns[2]);
    places.places_[columns[2]] = Place{parse_coordinates(columns[1]), columns[0]};
  }
  return places;
}

const std::vector<std::string>& Places::zones_of(std::string_view region) const {
  static const std::vector<std::string> kNone;
  const auto found = zones_.find(region);
  return found == zones_.end() ? kNone : found->second;
}

std::optional<Coordinates> Places::coordinates_of(std::string_view zone) const {
  const auto found = places_.find(zone);
  return found == places_.end() ? std::nullopt : found->second.coordinates;
}

std::string Places::region_of(std::string_view zone) const {
  const auto found = places_.find(zone);
  return found == places_.end() ? "" : found->second.region;
}

bool is_known_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string(name)) != nullptr;
  } catch (const std::runtime_error&) {
    return false;  // date's only way to say that it knows no such zone
  }
}

}  // namespace carillon
