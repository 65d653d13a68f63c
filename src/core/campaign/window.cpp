#include "core/campaign/window.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace carillon {
namespace {

constexpr auto kStep = std::chrono::minutes(5);
constexpr auto kLookAhead = std::chrono::hours(48);

const date::time_zone* find_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::runtime_error&) {
    return nullptr;  // date's only way to say that it knows no such zone
  }
}

int local_minute(const date::time_zone* zone, Time now) {
  const auto local = zone->to_local(now);
  return static_cast<int>(std::chrono::floor<std::chrono::minutes>(local - date::floor<date::days>(local)).count());
}

bool is_open_in_all(const Window& window, const std::vector<const date::time_zone*>& zones, Time now) {
  return std::ranges::all_of(zones, [&](const auto* zone) {
    const int minute = local_minute(zone, now);
    return minute >= window.from_minute && minute < window.to_minute;
  });
}

}  // namespace

ZoneTable parse_zone_table(std::string_view zone_tab) {
  ZoneTable table;
  for (const auto& line : split(zone_tab, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const auto columns = split(trim(line), '\t');
    if (columns.size() >= 3) table[columns[0]].push_back(columns[2]);
  }
  return table;
}

bool is_known_zone(std::string_view name) { return find_zone(name) != nullptr; }

WindowVerdict check_window(const Window& window, std::string_view explicit_zone,
                           const std::vector<std::string>& regions, const ZoneTable& zones, Time now) {
  std::set<std::string, std::less<>> names;
  if (!explicit_zone.empty()) {
    names.emplace(explicit_zone);
  } else {
    for (const auto& region : regions) {
      if (const auto found = zones.find(region); found != zones.end())
        names.insert(found->second.begin(), found->second.end());
    }
  }
  std::vector<const date::time_zone*> known;
  for (const auto& name : names) {
    const auto* zone = find_zone(name);
    if (zone == nullptr) return {false, fmt::format("time zone {} is not known", printable(name, 60)), std::nullopt};
    known.push_back(zone);
  }
  if (known.empty()) return {false, "the person's time zone is not known", std::nullopt};
  if (is_open_in_all(window, known, now)) return {true, "", std::nullopt};

  WindowVerdict verdict;
  for (Time later = std::chrono::ceil<std::chrono::minutes>(now); later < now + kLookAhead; later += kStep) {
    if (is_open_in_all(window, known, later)) {
      verdict.opens_at = later;
      break;
    }
  }
  const int minute = local_minute(known.front(), now);
  verdict.reason =
      fmt::format("outside {:02}:{:02}-{:02}:{:02} of the person's time ({:02}:{:02} in {}{})", window.from_minute / 60,
                  window.from_minute % 60, window.to_minute / 60, window.to_minute % 60, minute / 60, minute % 60,
                  known.front()->name(), known.size() > 1 ? fmt::format(", and {} more zones", known.size() - 1) : "");
  return verdict;
}

}  // namespace carillon
