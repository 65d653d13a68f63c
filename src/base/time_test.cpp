#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace carillon {
namespace {

TEST(Rfc3339, IsReadWithAndWithoutOffsetAndFraction) {
  const auto noon = time_from_ms(1'795'348'800'000);
  ASSERT_EQ(to_rfc3339(noon), "2026-11-22T12:00:00.000Z");
  EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00Z"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-22t12:00:00z"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-22T14:00:00+02:00"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-22T06:30:00-05:30"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-23T01:00:00+13:00"), noon) << "another day there";
  EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00-00:00"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00.5Z"), noon + Duration(500));
  EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00.0019999Z"), noon + Duration(1)) << "cut, not rounded";
}

TEST(Rfc3339, ALeapSecondIsTheNextSecond) {
  EXPECT_EQ(parse_rfc3339("1990-12-31T23:59:60Z"), parse_rfc3339("1991-01-01T00:00:00Z"));
}

TEST(Rfc3339, WhatIsNoSuchTimeIsNothing) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-22",
                           "2026-11-22T12:00Z",
                           "2026-11-22 12:00:00Z",
                           "2026-11-22T12:00:00",
                           "26-11-22T12:00:00Z",
                           "2026-13-01T12:00:00Z",
                           "2026-00-01T12:00:00Z",
                           "2026-02-29T12:00:00Z",
                           "2026-11-31T12:00:00Z",
                           "2026-11-22T24:00:00Z",
                           "2026-11-22T12:60:00Z",
                           "2026-11-22T12:00:61Z",
                           "2026-11-22T12:00:00.Z",
                           "2026-11-22T12:00:00+2",
                           "2026-11-22T12:00:00+0200",
                           "2026-11-22T12:00:00+24:00",
                           "2026-11-22T12:00:00+02:60",
                           "2026-11-22T12:00:00Z ",
                           " 2026-11-22T12:00:00Z",
                           "2026-11-22T12:00:00ZZ",
                           "+026-11-22T12:00:00Z",
                           "2026-11-22T12:00:0:Z",
                           "2026-11-22T12:00:00,5Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_rfc3339(std::string_view("2026-11-22T12:00:00Z\0", 21)), std::nullopt);
  EXPECT_TRUE(parse_rfc3339("2024-02-29T12:00:00Z").has_value());
}

RC_GTEST_PROP(Rfc3339, WhatIsWrittenIsReadBack, ()) {
  // Years 0000 to 9999.
  const auto time = time_from_ms(*rc::gen::inRange<std::int64_t>(-62'167'219'200'000, 253'402'300'800'000));
  RC_ASSERT(parse_rfc3339(to_rfc3339(time)) == time);
}

RC_GTEST_PROP(Rfc3339, NoTextIsTooOdd, (const std::string& text)) { parse_rfc3339(text); }

}  // namespace
}  // namespace carillon
