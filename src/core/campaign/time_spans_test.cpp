#include "core/campaign/time_spans.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace carillon {
namespace {

constexpr int kEnd = 40;

Time at(int ms) { return time_from_ms(ms); }
TimeSpan span(int from, int to) { return {at(from), at(to)}; }

std::vector<TimeSpan> any_spans() {
  std::vector<TimeSpan> spans;
  for (const auto& [from, size] : *rc::gen::container<std::vector<std::pair<int, int>>>(
           rc::gen::pair(rc::gen::inRange(0, kEnd), rc::gen::inRange(-2, 8))))
    spans.push_back(span(from, from + size));
  return spans;
}

bool is_in(const std::vector<TimeSpan>& spans, Time moment) {
  return std::ranges::any_of(spans, [&](const TimeSpan& one) { return one.from <= moment && moment < one.to; });
}

void assert_is_a_set(const TimeSpans& spans) {
  for (std::size_t i = 0; i < spans.size(); ++i) {
    RC_ASSERT(spans[i].from < spans[i].to);
    if (i > 0) RC_ASSERT(spans[i - 1].to < spans[i].from);
  }
}

TEST(TimeSpans, ThatTouchAreOne) {
  EXPECT_EQ(united({span(5, 8), span(1, 3), span(3, 5), span(10, 10), span(12, 11)}), TimeSpans{span(1, 8)});
}

TEST(TimeSpans, LoseWhatIsTakenAway) {
  EXPECT_EQ(difference({span(0, 10), span(20, 30)}, {span(2, 4), span(9, 21), span(25, 26)}),
            (TimeSpans{span(0, 2), span(4, 9), span(21, 25), span(26, 30)}));
}

RC_GTEST_PROP(TimeSpans, AreSetsOfMoments, ()) {
  const auto some = any_spans();
  const auto others = any_spans();
  const auto a = united(some);
  const auto b = united(others);
  assert_is_a_set(a);
  assert_is_a_set(intersection(a, b));
  assert_is_a_set(difference(a, b));
  for (int ms = -1; ms <= kEnd + 8; ++ms) {
    const bool in_a = is_in(some, at(ms));
    const bool in_b = is_in(others, at(ms));
    RC_ASSERT(is_in(a, at(ms)) == in_a);
    RC_ASSERT(span_at(a, at(ms)).has_value() == in_a);
    RC_ASSERT(is_in(intersection(a, b), at(ms)) == (in_a && in_b));
    RC_ASSERT(is_in(difference(a, b), at(ms)) == (in_a && !in_b));
  }
}

}  // namespace
}  // namespace carillon
