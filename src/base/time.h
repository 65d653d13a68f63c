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
// "1m 04s", "250 ms": for people.
std::string to_words(Duration duration);

// The wall clock. Not for src/core.
Time wall_clock_now();

}  // namespace carillon
