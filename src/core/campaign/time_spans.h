// Sets of moments as sorted spans: the arithmetic beneath calling times. Pure.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"

namespace carillon {

// from is inside, to is not.
struct TimeSpan {
  Time from{};
  Time to{};

  bool operator==(const TimeSpan&) const = default;
};

// Sorted, none empty, none touching the next.
using TimeSpans = std::vector<TimeSpan>;

// Any spans, in any order, made into such a set.
TimeSpans united(std::vector<TimeSpan> spans);
// Moments that are in both.
TimeSpans intersection(const TimeSpans& a, const TimeSpans& b);
// Moments of a that are not in b.
TimeSpans difference(const TimeSpans& a, const TimeSpans& b);
// The span that the moment is in.
std::optional<TimeSpan> span_at(const TimeSpans& spans, Time moment);

}  // namespace carillon
