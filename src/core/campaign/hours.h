// Hours of the week in somebody's local time.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace carillon {

constexpr int kMinutesPerDay = 24 * 60;

// Minutes of the local day; from is inside, to is not. 24:00 is allowed as an end.
struct HourSpan {
  int from_minute = 0;
  int to_minute = 0;

  bool operator==(const HourSpan&) const = default;
};

// By weekday, 0 = Sunday. A day without spans is closed.
struct WeeklyHours {
  std::array<std::vector<HourSpan>, 7> days;

  bool operator==(const WeeklyHours&) const = default;
};

// "09:00-20:00" as a span.
Result<HourSpan> parse_hour_span(std::string_view text);
std::string to_string(const HourSpan& span);

// What both allow.
WeeklyHours intersection(const WeeklyHours& a, const WeeklyHours& b);

}  // namespace carillon
