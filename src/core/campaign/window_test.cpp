#include "core/campaign/window.h"

#include <gtest/gtest.h>

#include "core/campaign/phone_number.h"

namespace carillon {
namespace {

const ZoneTable kZones = parse_zone_table(
    "# comment\nIL\t+314650+0351326\tAsia/Jerusalem\nUS\t+404251-0740023\tAmerica/New_York\tEastern\n"
    "US\t+340308-1181434\tAmerica/Los_Angeles\tPacific\n");

Time utc(int day, int hour, int minute = 0) {
  return std::chrono::sys_days(std::chrono::year(2026) / 3 / day) + std::chrono::hours(hour) +
         std::chrono::minutes(minute);
}

bool is_open(std::string_view zone, std::vector<std::string> regions, Time now) {
  return check_window(Window{}, zone, regions, kZones, now).is_open;
}

TEST(Window, IsTakenInThePersonsOwnTime) {
  EXPECT_TRUE(is_open("Asia/Jerusalem", {}, utc(10, 7)));       // 09:00
  EXPECT_FALSE(is_open("Asia/Jerusalem", {}, utc(10, 6, 59)));  // 08:59
  EXPECT_TRUE(is_open("Asia/Jerusalem", {}, utc(10, 17, 59)));  // 19:59
  EXPECT_FALSE(is_open("Asia/Jerusalem", {}, utc(10, 18)));     // 20:00
}

TEST(Window, FollowsDaylightSaving) {
  EXPECT_FALSE(is_open("Asia/Jerusalem", {}, utc(26, 6, 30)));  // 08:30, the day before
  EXPECT_TRUE(is_open("Asia/Jerusalem", {}, utc(27, 6, 30)));   // 09:30, Israel moved its clocks on 27 March 2026
}

TEST(Window, MustBeOpenInEveryZoneThatTheNumberMayBeIn) {
  EXPECT_TRUE(is_open("", {"US"}, utc(10, 18)));   // 14:00 New York, 11:00 Los Angeles
  EXPECT_FALSE(is_open("", {"US"}, utc(10, 14)));  // 10:00 New York, 07:00 Los Angeles
  EXPECT_TRUE(is_open("America/New_York", {"US"}, utc(10, 14))) << "an explicit zone wins";
}

TEST(Window, FailsClosedWithoutAZone) {
  EXPECT_FALSE(is_open("", {}, utc(10, 12)));
  EXPECT_FALSE(is_open("", {"XX"}, utc(10, 12)));
  EXPECT_FALSE(is_open("Mars/Olympus", {"IL"}, utc(10, 12)));
}

TEST(Window, TellsWhenItOpensAndWhyItIsClosed) {
  const auto verdict = check_window(Window{}, "Asia/Jerusalem", {}, kZones, utc(10, 20));
  EXPECT_EQ(verdict.opens_at, utc(11, 7));
  EXPECT_NE(verdict.reason.find("22:00 in Asia/Jerusalem"), std::string::npos) << verdict.reason;
}

TEST(PhoneNumber, IsNormalisedToE164) {
  EXPECT_EQ(parse_phone_number("050-123-4567", "IL")->e164, "+972501234567");
  EXPECT_EQ(parse_phone_number(" +1 (202) 555-0100 ", "")->e164, "+12025550100");
  EXPECT_EQ(parse_phone_number("+972501234567", "")->regions, std::vector<std::string>{"IL"});
}

TEST(PhoneNumber, ACallersNumberBecomesWhatWouldBeDialled) {
  EXPECT_EQ(caller_number("0501234567", "IL"), "+972501234567");
  EXPECT_EQ(caller_number("972501234567", ""), "+972501234567");
  EXPECT_EQ(caller_number("+12025550100", ""), "+12025550100");
  EXPECT_EQ(caller_number("12025550100", ""), "+12025550100");
  EXPECT_EQ(caller_number("77", ""), "77");
  EXPECT_EQ(caller_number("", "IL"), "");
}

TEST(PhoneNumber, ANumberOfNoKnownRangeMayBeInAnyRegionOfItsCountryCode) {
  EXPECT_GT(parse_phone_number("+12255550100", "")->regions.size(), 0u);
}

TEST(PhoneNumber, WhatCannotBeDialledIsRefusedWithAReason) {
  for (const char* text : {"", "abc", "12", "0501234567", "+1", "+1202555010012345678", "+99912345678",
                           "+12025550100;ext=5", "+1202${EVIL}", "+12025550100@evil.example"}) {
    const auto number = parse_phone_number(text, "");
    if (number.has_value()) {
      EXPECT_EQ(number->e164.find_first_not_of("+0123456789"), std::string::npos) << text;
    } else {
      EXPECT_FALSE(number.error().detail.empty()) << text;
    }
  }
  EXPECT_FALSE(parse_phone_number("+12025550100;ext=5", "").has_value());
}

}  // namespace
}  // namespace carillon
