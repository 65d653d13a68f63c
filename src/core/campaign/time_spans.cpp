#include "core/campaign/time_spans.h"

#include <algorithm>

namespace carillon {

TimeSpans united(std::vector<TimeSpan> spans) {
  std::erase_if(spans, [](const TimeSpan& span) { return span.from >= span.to; });
  std::ranges::sort(spans, {}, &TimeSpan::from);
  TimeSpans merged;
  for (const auto& span : spans) {
    if (merged.empty() || merged.back().to < span.from) {
      merged.push_back(span);
    } else {
      merged.back().to = std::max(merged.back().to, span.to);
    }
  }
  return merged;
}

TimeSpans intersection(const TimeSpans& a, const TimeSpans& b) {
  TimeSpans both;
  auto one = a.begin();
  auto other = b.begin();
  while (one != a.end() && other != b.end()) {
    const TimeSpan common{std::max(one->from, other->from), std::min(one->to, other->to)};
    if (common.from < common.to) both.push_back(common);
    if (one->to < other->to) {
      ++one;
    } else {
      ++other;
    }
  }
  return both;
}

TimeSpans difference(const TimeSpans& a, const TimeSpans& b) {
  TimeSpans rest;
  auto hole = b.begin();
  for (auto span : a) {
    while (hole != b.end() && hole->to <= span.from) ++hole;
    for (auto next = hole; next != b.end() && next->from < span.to; ++next) {
      if (span.from < next->from) rest.push_back({span.from, next->from});
      span.from = std::max(span.from, next->to);
    }
    if (span.from < span.to) rest.push_back(span);
  }
  return rest;
}

std::optional<TimeSpan> span_at(const TimeSpans& spans, Time moment) {
  const auto after = std::ranges::upper_bound(spans, moment, {}, &TimeSpan::from);
  if (after == spans.begin()) return std::nullopt;
  const auto& span = *(after - 1);
  return moment < span.to ? std::optional(span) : std::nullopt;
}

}  // namespace carillon
