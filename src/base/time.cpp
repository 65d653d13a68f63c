#include "base/time.h"

#include <fmt/core.h>

namespace carillon {

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::string to_words(Duration duration) {
  const auto ms = duration.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  const auto seconds = ms / 1000;
  if (seconds < 60) return fmt::format("{}.{} s", seconds, (ms % 1000) / 100);
  if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h {:02}m", seconds / 3600, (seconds / 60) % 60);
}

Time wall_clock_now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

}  // namespace carillon
