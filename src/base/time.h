// Points in time are UTC milliseconds. The core gets them as arguments; only the shell asks the clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

inline Time time_from_ms(std::int64_t ms_since_epoch) { return Time(Duration(ms_since_epoch)); }
inline std::int64_t to_ms(Time time) { return time.time_since_epoch().count(); }

// "2026-11-22T14:06:00.123Z" (RFC 3339).
std::string to_rfc3339(Time time);
// "2026-11-22T14:06:00Z", "2026-11-22t16:06:00.1234+02:00": RFC 3339 section 5.6, years 0000 to 9999. What is finer
// than a millisecond is cut off; a leap second counts as the second after it. Nothing if it is anything else.
std::optional<Time> parse_rfc3339(std::string_view text);
// "1m 04s", "250 ms": for people.
std::string to_words(Duration duration);

// The wall clock. Not for src/core.
Time wall_clock_now();

}  // namespace carillon
