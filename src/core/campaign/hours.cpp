#include "core/campaign/hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace carillon {
namespace {

// "09:05" as minutes of the day, "24:00" too.
std::optional<int> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0u, 1u, 3u, 4u}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  const int minute = hours * 60 + minutes;
  if (minutes > 59 || minute > kMinutesPerDay) return std::nullopt;
  return minute;
}

std::vector<HourSpan> intersection(const std::vector<HourSpan>& a, const std::vector<HourSpan>& b) {
  std::vector<HourSpan> both;
  for (const auto& one : a) {
    for (const auto& other : b) {
      const HourSpan span{std::max(one.from_minute, other.from_minute), std::min(one.to_minute, other.to_minute)};
      if (span.from_minute < span.to_minute) both.push_back(span);
    }
  }
  return both;
}

}  // namespace

Result<HourSpan> parse_hour_span(std::string_view text) {
  const auto dash = text.find('-');
  const auto from = parse_minute(text.substr(0, dash));
  const auto to = dash == std::string_view::npos ? std::nullopt : parse_minute(text.substr(dash + 1));
  if (!from || !to) {
    return fail(ErrorCode::Invalid, fmt::format("\"{}\" are no hours: write them as 09:00-20:00, at most until 24:00",
                                                printable(text, 40)));
  }
  if (*from >= *to) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("\"{}\" ends before it begins: hours over midnight are two spans, until 24:00 and from 00:00",
                    printable(text, 40)));
  }
  return HourSpan{*from, *to};
}

std::string to_string(const HourSpan& span) {
  return fmt::format("{:02}:{:02}-{:02}:{:02}", span.from_minute / 60, span.from_minute % 60, span.to_minute / 60,
                     span.to_minute % 60);
}

WeeklyHours intersection(const WeeklyHours& a, const WeeklyHours& b) {
  WeeklyHours both;
  for (std::size_t day = 0; day < both.days.size(); ++day) both.days[day] = intersection(a.days[day], b.days[day]);
  return both;
}

}  // namespace carillon
