#include "core/campaign/hours.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace carillon {
namespace {

TEST(HourSpan, IsReadAndWritten) {
  EXPECT_EQ(*parse_hour_span("09:00-20:00"), (HourSpan{540, 1200}));
  EXPECT_EQ(*parse_hour_span("00:00-24:00"), (HourSpan{0, kMinutesPerDay}));
  EXPECT_EQ(to_string(HourSpan{545, kMinutesPerDay}), "09:05-24:00");
}

TEST(HourSpan, WhatIsNoneIsRefusedWithAHint) {
  for (const char* text : {"", "-", "09:00", "9:00-20:00", "09:00-20", "09:00 - 20:00", "09:60-10:00", "24:01-24:00",
                           "24:00-24:00", "25:00-26:00", "20:00-09:00", "09:00-09:00", "09:00-10:00x", "aa:bb-cc:dd"}) {
    const auto span = parse_hour_span(text);
    ASSERT_FALSE(span.has_value()) << text;
    EXPECT_EQ(span.error().code, ErrorCode::Invalid);
  }
  EXPECT_NE(parse_hour_span("20:00-02:00").error().detail.find("two spans"), std::string::npos);
}

RC_GTEST_PROP(HourSpan, TextAndSpanAreTheSame, ()) {
  const int from = *rc::gen::inRange(0, kMinutesPerDay);
  const HourSpan span{from, *rc::gen::inRange(from + 1, kMinutesPerDay + 1)};
  RC_ASSERT(*parse_hour_span(to_string(span)) == span);
}

TEST(WeeklyHours, NarrowEachOther) {
  WeeklyHours policy;
  policy.days[1] = {{540, 1200}};
  policy.days[2] = {{540, 1200}};
  WeeklyHours campaign;
  campaign.days[1] = {{480, 600}, {700, 800}, {1190, 1300}};
  campaign.days[3] = {{540, 1200}};
  const auto both = intersection(policy, campaign);
  EXPECT_EQ(both.days[1], (std::vector<HourSpan>{{540, 600}, {700, 800}, {1190, 1200}}));
  EXPECT_TRUE(both.days[2].empty()) << "the campaign does not call on that day";
  EXPECT_TRUE(both.days[3].empty()) << "the policy does not allow that day";
}

}  // namespace
}  // namespace carillon
