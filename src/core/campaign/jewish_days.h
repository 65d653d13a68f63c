// Shabbat, Jewish holidays and other days of the Hebrew calendar on which nobody is called, by the sunset of the
// person's place. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/campaign/places.h"
#include "core/campaign/policy.h"
#include "core/campaign/time_spans.h"

namespace date {
class time_zone;
}

namespace carillon {

// From the margin before sunset of the eve to the margin after sunset of the last day. Days that follow one another are
// one: a holiday on Thursday and Friday and the Shabbat after it have no opening between them.
struct SacredTime {
  TimeSpan span;
  std::string name;  // "Shabbat", "Rosh Hashana, Shabbat"
  bool is_shabbat_alone = false;

  bool operator==(const SacredTime&) const = default;
};

// Those that overlap [from, to), in order. Where no sunset can be told (no known place, polar summer and winter) noon
// before it and midnight after it stand in, so that more is closed and not less.
std::vector<SacredTime> sacred_times(const date::time_zone& zone, std::optional<Coordinates> place,
                                     const JewishDays& rules, TimeSpan within);

// Of that day of the zone's calendar, to the minute; nothing where the sun does not set.
std::optional<Time> sunset(const date::time_zone& zone, Coordinates place, std::chrono::year_month_day day);

}  // namespace carillon
