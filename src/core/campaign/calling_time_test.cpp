#include "core/campaign/calling_time.h"

#include <date/tz.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Places kPlaces = Places::parse(
    "IL\t+314650+0351326\tAsia/Jerusalem\nUS\t+404251-0740023\tAmerica/New_York\n"
    "US\t+340308-1181434\tAmerica/Los_Angeles\nGB\t+513030-0000731\tEurope/London\n");

WeeklyHours every_day(int from_hour, int to_hour) {
  WeeklyHours week;
  for (auto& day : week.days) day = {{from_hour * 60, to_hour * 60}};
  return week;
}

// 09:00-20:00 every day, a call of one minute; tests change what they are about.
struct World {
  PolicyPack policy;
  Campaign campaign;
  bool is_window_enforced = true;

  World() {
    policy.id = "test";
    rules().hours = every_day(9, 20);
  }
  ClassRules& rules() { return policy.classes[CampaignClass::kInformational]; }

  CallingTime at(Time now, const std::vector<std::string>& zones = {"Asia/Jerusalem"}) const {
    GateContext context{campaign, policy, kPlaces, now};
    context.is_window_enforced = is_window_enforced;
    return calling_time(zones, context);
  }
};

// The zone's clock, "2026-03-27 02:30"; of a repeated hour the first.
Time clock_in(const char* zone, const char* text) {
  std::istringstream stream(text);
  date::local_seconds local;
  stream >> date::parse("%F %R", local);
  EXPECT_FALSE(stream.fail()) << text;
  return date::locate_zone(zone)->to_sys(local, date::choose::earliest);
}
Time jerusalem(const char* text) { return clock_in("Asia/Jerusalem", text); }
Time new_york(const char* text) { return clock_in("America/New_York", text); }

TEST(CallingTime, HoldsFromItsMomentToItsEndAndNotForAClockThatWasPutBack) {
  World world;
  const auto now = jerusalem("2026-03-10 12:00");
  const auto open = world.at(now);
  EXPECT_TRUE(open.holds(now));
  EXPECT_TRUE(open.holds(*open.closes_at - Duration(1)));
  EXPECT_FALSE(open.holds(*open.closes_at));
  EXPECT_TRUE(open.holds(now - seconds(1))) << "clocks are corrected all the time";
  EXPECT_FALSE(open.holds(now - minutes(1)));
  const auto closed = world.at(jerusalem("2026-03-10 08:00"));
  EXPECT_TRUE(closed.holds(*closed.opens_at - Duration(1)));
  EXPECT_FALSE(closed.holds(*closed.opens_at));
  EXPECT_FALSE(closed.holds(jerusalem("2026-03-10 07:00")));
}

TEST(CallingTime, IsThePersonsOwn) {
  World world;
  EXPECT_FALSE(world.at(jerusalem("2026-03-10 08:59")).is_open);
  const auto open = world.at(jerusalem("2026-03-10 09:00"));
  EXPECT_TRUE(open.is_open);
  EXPECT_EQ(open.closes_at, jerusalem("2026-03-10 19:59") + Duration(1));
  EXPECT_EQ(open.detail, "open until Tuesday 20:00 in Asia/Jerusalem");
  EXPECT_TRUE(world.at(jerusalem("2026-03-10 19:59")).is_open);

  const auto closed = world.at(jerusalem("2026-03-10 21:14"));
  EXPECT_FALSE(closed.is_open);
  EXPECT_EQ(closed.gate, "window");
  EXPECT_EQ(closed.reason, "window-closed");
  EXPECT_EQ(closed.detail, "outside 09:00-20:00 (Tuesday 21:14 in Asia/Jerusalem)");
  EXPECT_EQ(closed.opens_at, jerusalem("2026-03-11 09:00"));
}

TEST(CallingTime, HoldsForTheWholeCall) {
  World world;
  world.campaign.settings.expected_call = minutes(10);
  EXPECT_TRUE(world.at(jerusalem("2026-03-10 19:50")).is_open) << "it ends when the window does";
  const auto closed = world.at(jerusalem("2026-03-10 19:51"));
  EXPECT_FALSE(closed.is_open);
  EXPECT_EQ(closed.detail,
            "outside 09:00-20:00 (a call that begins now may last beyond Tuesday 20:00 in Asia/Jerusalem)");
  EXPECT_EQ(closed.opens_at, jerusalem("2026-03-11 09:00"));

  world.campaign.settings.expected_call = Duration(0);
  EXPECT_TRUE(world.at(jerusalem("2026-03-10 20:00") - Duration(1)).is_open);
  EXPECT_FALSE(world.at(jerusalem("2026-03-10 20:00")).is_open) << "even a call of no length";
}

TEST(CallingTime, ACallThatFitsNowhereNeverOpens) {
  World world;
  world.campaign.settings.expected_call = hours(12);
  const auto closed = world.at(jerusalem("2026-03-10 10:00"));
  EXPECT_FALSE(closed.is_open);
  EXPECT_FALSE(closed.opens_at.has_value());
}

TEST(CallingTime, FailsClosedWithoutAZone) {
  World world;
  for (const std::vector<std::string>& zones :
       {std::vector<std::string>{}, {"Mars/Olympus"}, {"Asia/Jerusalem", "Mars/Olympus"}, {""}}) {
    const auto closed = world.at(jerusalem("2026-03-10 12:00"), zones);
    EXPECT_FALSE(closed.is_open);
    EXPECT_EQ(closed.gate, "window");
    EXPECT_EQ(closed.reason, "zone-unknown");
    EXPECT_FALSE(closed.opens_at.has_value());
  }
}

TEST(CallingTime, IsFreeOnlyOnTheTestTrunk) {
  World world;
  world.is_window_enforced = false;
  EXPECT_TRUE(world.at(jerusalem("2026-03-10 03:00"), {}).is_open);
}

TEST(CallingTime, MustBeOpenInEveryZone) {
  World world;
  const std::vector<std::string> both{"America/New_York", "America/Los_Angeles"};
  EXPECT_TRUE(world.at(new_york("2026-03-10 12:00"), both).is_open);
  EXPECT_TRUE(world.at(new_york("2026-03-10 19:59"), both).is_open);
  const auto closed = world.at(new_york("2026-03-10 11:59"), both);
  EXPECT_FALSE(closed.is_open);
  EXPECT_EQ(closed.opens_at, new_york("2026-03-10 12:00"));
  EXPECT_NE(closed.detail.find("America/Los_Angeles, and 1 more zones"), std::string::npos) << closed.detail;
}

TEST(CallingTime, TheCampaignsHoursNarrowThePolicys) {
  World world;
  world.campaign.settings.hours = every_day(18, 23);
  EXPECT_FALSE(world.at(jerusalem("2026-03-10 17:00")).is_open);
  EXPECT_TRUE(world.at(jerusalem("2026-03-10 19:00")).is_open);
  EXPECT_FALSE(world.at(jerusalem("2026-03-10 21:00")).is_open) << "they cannot widen it";
}

TEST(CallingTime, ADayWithoutHoursIsClosed) {
  World world;
  world.rules().hours.days[2] = {};
  const auto closed = world.at(jerusalem("2026-03-10 12:00"));
  EXPECT_EQ(closed.detail, "no calls on Tuesday (Tuesday 12:00 in Asia/Jerusalem)");
  EXPECT_EQ(closed.opens_at, jerusalem("2026-03-11 09:00"));
}

TEST(CallingTime, GoesOnOverMidnight) {
  World world;
  world.rules().hours = every_day(0, 24);
  const auto open = world.at(jerusalem("2026-03-10 23:59") + seconds(30));
  EXPECT_TRUE(open.is_open);
  EXPECT_FALSE(open.closes_at.has_value());
  EXPECT_EQ(open.detail, "open at all hours in Asia/Jerusalem");
}

TEST(CallingTime, AnHourThatTheClockSkipsIsNeverOpen) {
  // New York, 8 March 2026: 02:00 becomes 03:00. Jerusalem, 27 March 2026: the same.
  for (const auto& [zone, date] :
       {std::pair{"America/New_York", "2026-03-08"}, std::pair{"Asia/Jerusalem", "2026-03-27"}}) {
    World world;
    world.rules().hours = every_day(2, 3);
    const auto midnight = clock_in(zone, (std::string(date) + " 00:00").c_str());
    for (const int hour : {1, 2, 3}) EXPECT_FALSE(world.at(midnight + hours(hour), {zone}).is_open) << zone << hour;
    EXPECT_EQ(world.at(midnight, {zone}).opens_at, midnight + hours(25)) << "02:00 of the next day";
  }
}

TEST(CallingTime, AnHourThatTheClockRepeatsIsOpenTwice) {
  // New York, 1 November 2026: 02:00 becomes 01:00. Jerusalem, 25 October 2026: the same.
  for (const auto& [zone, date] :
       {std::pair{"America/New_York", "2026-11-01"}, std::pair{"Asia/Jerusalem", "2026-10-25"}}) {
    World world;
    world.rules().hours = every_day(0, 0);
    for (auto& day : world.rules().hours.days) day = {{75, 105}};  // 01:15-01:45
    const auto midnight = clock_in(zone, (std::string(date) + " 00:00").c_str());
    EXPECT_TRUE(world.at(midnight + minutes(80), {zone}).is_open) << zone;
    const auto between = world.at(midnight + minutes(110), {zone});
    EXPECT_FALSE(between.is_open);
    EXPECT_EQ(between.opens_at, midnight + minutes(135)) << "01:15 again";
    EXPECT_TRUE(world.at(midnight + minutes(140), {zone}).is_open);
  }
}

TEST(CallingTime, OpensByTheClockOfTheDayThatChanges) {
  World world;
  EXPECT_EQ(world.at(new_york("2026-03-07 21:00"), {"America/New_York"}).opens_at, new_york("2026-03-08 09:00"));
  EXPECT_EQ(new_york("2026-03-08 09:00") - new_york("2026-03-07 21:00"), hours(11));
  EXPECT_EQ(world.at(jerusalem("2026-10-24 21:00")).opens_at, jerusalem("2026-10-25 09:00"));
  EXPECT_EQ(jerusalem("2026-10-25 09:00") - jerusalem("2026-10-24 21:00"), hours(13));
}

TEST(CallingTime, HolidaysAreThoseOfThePersonsRegion) {
  World world;
  world.policy.holidays = {{"US", 2026, 11, 26, "Thanksgiving Day"}, {"", 0, 12, 25, "Christmas Day"}};
  const auto closed = world.at(new_york("2026-11-26 12:00"), {"America/New_York"});
  EXPECT_EQ(closed.gate, "holiday");
  EXPECT_EQ(closed.reason, "holiday");
  EXPECT_EQ(closed.detail, "Thanksgiving Day (Thursday 12:00 in America/New_York)");
  EXPECT_EQ(closed.opens_at, new_york("2026-11-27 09:00"));
  EXPECT_TRUE(world.at(new_york("2027-11-26 12:00"), {"America/New_York"}).is_open) << "of that year only";
  EXPECT_TRUE(world.at(clock_in("Europe/London", "2026-11-26 12:00"), {"Europe/London"}).is_open);
  EXPECT_FALSE(world.at(clock_in("Europe/London", "2030-12-25 12:00"), {"Europe/London"}).is_open) << "of all regions";
  EXPECT_FALSE(world.at(clock_in("Etc/UTC", "2026-11-26 12:00"), {"Etc/UTC"}).is_open)
      << "a zone of no known region has all holidays";

  world.rules().observes_holidays = false;
  EXPECT_TRUE(world.at(new_york("2026-11-26 12:00"), {"America/New_York"}).is_open);
}

TEST(CallingTime, AThreeDayHolidayIsOneClosedTime) {
  World world;
  world.rules().observes_jewish_days = true;
  // Rosh Hashana 5785 on Thursday and Friday, 3 and 4 October 2024, then Shabbat; 6 October is Sunday.
  const auto closed = world.at(jerusalem("2024-10-02 18:30"));
  EXPECT_EQ(closed.gate, "jewish-day");
  EXPECT_EQ(closed.reason, "jewish-holiday");
  EXPECT_EQ(closed.detail.find("Rosh Hashana, Shabbat until Saturday 19:3"), 0u) << closed.detail;
  EXPECT_EQ(closed.opens_at->time_since_epoch() / hours(24),
            jerusalem("2024-10-05 19:30").time_since_epoch() / hours(24));

  const auto shabbat = world.at(jerusalem("2024-10-12 23:00") - hours(24 * 6));
  EXPECT_EQ(shabbat.gate, "window") << "Sunday night";
  EXPECT_EQ(world.at(jerusalem("2026-03-14 12:00")).reason, "shabbat");
}

TEST(CallingTime, ShabbatEndsBySunset) {
  World world;
  world.rules().observes_jewish_days = true;
  world.rules().hours.days[6] = {{20 * 60, 22 * 60}};
  const auto winter = world.at(jerusalem("2026-12-19 12:00"));
  EXPECT_EQ(winter.opens_at, jerusalem("2026-12-19 20:00")) << "Shabbat is long over";
  const auto summer = world.at(jerusalem("2026-06-20 12:00"));
  EXPECT_GT(summer.opens_at, jerusalem("2026-06-20 20:55"));
  EXPECT_LT(summer.opens_at, jerusalem("2026-06-20 21:05"));
}

TEST(CallingTime, ACallThatWouldLastIntoShabbatDoesNotBegin) {
  World world;
  world.rules().observes_jewish_days = true;
  world.campaign.settings.expected_call = minutes(30);
  const auto begin = world.at(jerusalem("2026-03-13 12:00")).closes_at.value();
  EXPECT_TRUE(world.at(begin - Duration(1)).is_open);
  const auto closed = world.at(begin);
  EXPECT_EQ(closed.reason, "shabbat");
  EXPECT_NE(closed.detail.find("may last beyond Friday"), std::string::npos) << closed.detail;
}

// Answers are honest about when they change: whatever the hours, the zone and the moment.
RC_GTEST_PROP(CallingTime, AnswersHoldUntilTheTimeTheyName, ()) {
  World world;
  world.rules().observes_jewish_days = *rc::gen::arbitrary<bool>();
  world.policy.holidays = {{"", 0, 3, 9, "A day"}, {"", 0, 11, 2, "Another"}};
  for (auto& day : world.rules().hours.days) {
    const int from = *rc::gen::inRange(0, kMinutesPerDay);
    day = {{from, *rc::gen::inRange(from + 1, kMinutesPerDay + 1)}};
  }
  world.campaign.settings.expected_call = minutes(*rc::gen::inRange(0, 30));
  const char* name = *rc::gen::element("Asia/Jerusalem", "America/New_York", "Europe/London");
  const Time base = *rc::gen::element(new_york("2026-03-06 12:00"), new_york("2026-10-24 12:00"));
  const Time now = base + minutes(*rc::gen::inRange(0, 12 * 24 * 60));
  const auto answer = world.at(now, {name});
  RC_ASSERT(!answer.is_open || !answer.opens_at);
  RC_ASSERT(answer.is_open || !answer.closes_at);
  const auto change = answer.is_open ? answer.closes_at : answer.opens_at;
  if (!change) return;
  RC_ASSERT(*change > now);
  RC_ASSERT(world.at(*change, {name}).is_open != answer.is_open);
  RC_ASSERT(world.at(*change - Duration(1), {name}).is_open == answer.is_open);
  const auto span = *change - now;
  for (const int part : {1, 2, 3, 5, 7}) RC_ASSERT(world.at(now + span * part / 8, {name}).is_open == answer.is_open);
}

}  // namespace
}  // namespace carillon
