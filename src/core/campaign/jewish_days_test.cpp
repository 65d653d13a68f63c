#include "core/campaign/jewish_days.h"

#include <date/tz.h>
#include <gtest/gtest.h>

#include <map>

namespace carillon {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr Coordinates kJerusalem{31.7806, 35.2239};
constexpr Coordinates kNewYork{40.7142, -74.0064};
const JewishDays kIsrael{40, 72, false, false, false};
const JewishDays kDiaspora{40, 72, true, false, false};

year_month_day day(int y, unsigned m, unsigned d) { return year(y) / std::chrono::month(m) / std::chrono::day(d); }
const date::time_zone& zone(const char* name) { return *date::locate_zone(name); }

// Of the zone's clock, once.
Time local(const char* name, sys_days date, minutes clock) {
  return zone(name).to_sys(date::local_days(date.time_since_epoch()) + clock, date::choose::earliest);
}

std::string name_at(const char* zone_name, Coordinates place, const JewishDays& rules, Time at) {
  const auto times = sacred_times(zone(zone_name), place, rules, {at, at + minutes(1)});
  return times.empty() ? "" : times.front().name;
}
std::string noon_in_jerusalem(year_month_day date, const JewishDays& rules = kIsrael) {
  return name_at("Asia/Jerusalem", kJerusalem, rules, local("Asia/Jerusalem", sys_days(date), hours(12)));
}
std::string noon_in_new_york(year_month_day date) {
  return name_at("America/New_York", kNewYork, kDiaspora, local("America/New_York", sys_days(date), hours(12)));
}

// The first of Tishri in the other way to write it (Reingold and Dershowitz, Calendrical Calculations, "The Hebrew
// Calendar"): only two of the four postponements are looked at, and years of impossible lengths are mended. The code
// goes by the molad and all four.
sys_days new_year(int hebrew_year) {
  const auto elapsed = [](std::int64_t y) {
    const std::int64_t months = (235 * y - 234) / 19;
    const std::int64_t parts = 12'084 + 13'753 * months;
    const std::int64_t count = 29 * months + parts / 25'920;
    return (3 * (count + 1)) % 7 < 3 ? count + 1 : count;
  };
  const auto before = elapsed(hebrew_year - 1);
  const auto here = elapsed(hebrew_year);
  const auto after = elapsed(hebrew_year + 1);
  const std::int64_t correction = after - here == 356 ? 2 : (here - before == 382 ? 1 : 0);
  constexpr std::int64_t kEpoch = -1'373'427;  // rata die of 1 Tishri 1, less what elapsed(1) counts
  constexpr std::int64_t kUnixEpoch = 719'163;
  return sys_days(days(kEpoch + here + correction - kUnixEpoch));
}

std::map<sys_days, std::string> holidays_of(int hebrew_year, bool is_diaspora) {
  const auto tishri = new_year(hebrew_year);
  const auto pesach = new_year(hebrew_year + 1) - days(163);
  std::map<sys_days, std::string> names{
      {tishri, "Rosh Hashana"},      {tishri + days(1), "Rosh Hashana"},     {tishri + days(9), "Yom Kippur"},
      {tishri + days(14), "Sukkot"}, {tishri + days(21), "Shemini Atzeret"}, {pesach, "Pesach"},
      {pesach + days(6), "Pesach"},  {pesach + days(50), "Shavuot"}};
  if (is_diaspora) {
    names.insert({{tishri + days(15), "Sukkot"},
                  {tishri + days(22), "Simchat Torah"},
                  {pesach + days(1), "Pesach"},
                  {pesach + days(7), "Pesach"},
                  {pesach + days(51), "Shavuot"}});
  }
  return names;
}

TEST(HebrewCalendar, OfTheTestIsRight) {
  EXPECT_EQ(new_year(5784), sys_days(day(2023, 9, 16)));
  EXPECT_EQ(new_year(5785), sys_days(day(2024, 10, 3)));
  EXPECT_EQ(new_year(5787), sys_days(day(2026, 9, 12)));
  EXPECT_EQ(new_year(5788), sys_days(day(2027, 10, 2)));
}

TEST(JewishDays, FallOnTheKnownCivilDates) {
  EXPECT_EQ(noon_in_jerusalem(day(2023, 9, 17)), "Rosh Hashana, Shabbat");
  EXPECT_EQ(noon_in_jerusalem(day(2026, 4, 2)), "Pesach");
  EXPECT_EQ(noon_in_jerusalem(day(2026, 4, 3)), "") << "a day between, in Israel";
  EXPECT_EQ(noon_in_jerusalem(day(2026, 9, 13)), "Rosh Hashana, Shabbat");
  EXPECT_EQ(noon_in_jerusalem(day(2026, 9, 14)), "");
  EXPECT_EQ(noon_in_jerusalem(day(2026, 9, 21)), "Yom Kippur");
  EXPECT_EQ(noon_in_jerusalem(day(2027, 10, 3)), "Rosh Hashana, Shabbat");
  EXPECT_EQ(noon_in_jerusalem(day(2026, 9, 19)), "Shabbat");
}

TEST(JewishDays, AreThoseOfTheCalendarForSixtyYears) {
  for (int hebrew_year = 5784; hebrew_year < 5844; ++hebrew_year) {
    const auto in_israel = holidays_of(hebrew_year, false);
    const auto abroad = holidays_of(hebrew_year, true);
    for (auto date = new_year(hebrew_year); date < new_year(hebrew_year + 1); date += days(1)) {
      const bool is_shabbat = std::chrono::weekday(date) == std::chrono::Saturday;
      ASSERT_EQ(!noon_in_jerusalem(date).empty(), is_shabbat || in_israel.contains(date)) << date.time_since_epoch();
      ASSERT_EQ(!noon_in_new_york(date).empty(), is_shabbat || abroad.contains(date)) << date.time_since_epoch();
      if (const auto found = in_israel.find(date); found != in_israel.end())
        ASSERT_NE(noon_in_jerusalem(date).find(found->second), std::string::npos) << found->second;
    }
  }
}

TEST(JewishDays, ThatFollowOneAnotherAreOneClosedTime) {
  // Rosh Hashana 5785: Thursday and Friday, 3 and 4 October 2024; then Shabbat.
  const auto& jerusalem = zone("Asia/Jerusalem");
  const TimeSpan week{sys_days(day(2024, 9, 30)), sys_days(day(2024, 10, 8))};
  const auto times = sacred_times(jerusalem, kJerusalem, kIsrael, week);
  ASSERT_EQ(times.size(), 1u);
  EXPECT_EQ(times[0].name, "Rosh Hashana, Shabbat");
  EXPECT_FALSE(times[0].is_shabbat_alone);
  EXPECT_EQ(times[0].span.from, *sunset(jerusalem, kJerusalem, day(2024, 10, 2)) - minutes(40));
  EXPECT_EQ(times[0].span.to, *sunset(jerusalem, kJerusalem, day(2024, 10, 5)) + minutes(72));

  const auto seen_from_its_end =
      sacred_times(jerusalem, kJerusalem, kIsrael, {times[0].span.to - minutes(1), times[0].span.to + hours(1)});
  ASSERT_EQ(seen_from_its_end.size(), 1u);
  EXPECT_EQ(seen_from_its_end[0], times[0]) << "also when its days are past";
}

TEST(JewishDays, ThatDoNotFollowOneAnotherAreApart) {
  // Rosh Hashana 5786: Tuesday and Wednesday, 23 and 24 September 2025. Shabbat is on the 27th.
  const auto times = sacred_times(zone("Asia/Jerusalem"), kJerusalem, kIsrael,
                                  {sys_days(day(2025, 9, 22)), sys_days(day(2025, 9, 29))});
  ASSERT_EQ(times.size(), 2u);
  EXPECT_EQ(times[0].name, "Rosh Hashana");
  EXPECT_TRUE(times[1].is_shabbat_alone);
}

TEST(JewishDays, OutsideOfIsraelHaveSecondDays) {
  EXPECT_EQ(noon_in_jerusalem(day(2025, 10, 15)), "") << "the day after Shemini Atzeret";
  EXPECT_EQ(noon_in_new_york(day(2025, 10, 15)), "Shemini Atzeret, Simchat Torah");
}

TEST(JewishDays, IncludeFastsAndNationalDaysOnRequestOnTheDaysTheyAreMovedTo) {
  const JewishDays with_all{40, 72, false, true, true};
  EXPECT_EQ(noon_in_jerusalem(day(2026, 7, 23)), "");
  EXPECT_EQ(noon_in_jerusalem(day(2026, 7, 23), with_all), "Tisha b'Av");
  EXPECT_EQ(noon_in_jerusalem(day(2029, 7, 22), with_all), "Shabbat, Tisha b'Av") << "9 Av is a Shabbat, it is moved";
  EXPECT_EQ(noon_in_jerusalem(day(2026, 4, 14), with_all), "Yom HaShoah");
  EXPECT_EQ(noon_in_jerusalem(day(2026, 4, 21), with_all), "Yom HaZikaron, Independence Day");
  EXPECT_EQ(noon_in_jerusalem(day(2026, 4, 22), with_all), "Yom HaZikaron, Independence Day");
  EXPECT_EQ(noon_in_jerusalem(day(2024, 5, 13), with_all), "Yom HaZikaron, Independence Day") << "moved to Monday";
  EXPECT_EQ(noon_in_jerusalem(day(2024, 5, 12), with_all), "");
  EXPECT_EQ(noon_in_jerusalem(day(2025, 5, 1), with_all), "Yom HaZikaron, Independence Day") << "moved forward";
}

// Published times of the place's almanacs, local clock.
TEST(Sunset, IsWithinTwoMinutesOfTheAlmanac) {
  struct Case {
    const char* zone;
    Coordinates place;
    year_month_day date;
    minutes clock;
  };
  for (const auto& [name, place, date, clock] : {
           Case{"Asia/Jerusalem", kJerusalem, day(2026, 6, 21), hours(19) + minutes(47)},
           Case{"Asia/Jerusalem", kJerusalem, day(2026, 12, 21), hours(16) + minutes(39)},
           Case{"America/New_York", kNewYork, day(2026, 6, 21), hours(20) + minutes(31)},
           Case{"America/New_York", kNewYork, day(2026, 12, 21), hours(16) + minutes(32)},
           Case{"Europe/London", {51.508, -0.125}, day(2026, 6, 21), hours(21) + minutes(21)},
           Case{"America/Los_Angeles", {34.052, -118.243}, day(2026, 6, 21), hours(20) + minutes(8)},
           Case{"Australia/Sydney", {-33.87, 151.21}, day(2026, 12, 21), hours(20) + minutes(5)},
           Case{"Pacific/Auckland", {-36.85, 174.77}, day(2026, 6, 21), hours(17) + minutes(12)},
       }) {
    const auto at = sunset(zone(name), place, date).value();
    const auto off = at - local(name, sys_days(date), clock);
    EXPECT_LE(std::chrono::abs(off), minutes(2)) << name << ": off by " << off.count() / 60'000 << " min";
  }
}

TEST(Sunset, IsThatOfTheClocksDayBeyondTheDateLine) {
  for (const auto& [name, place] : {std::pair{"Pacific/Apia", Coordinates{-13.83, -171.73}},
                                    std::pair{"Pacific/Kiritimati", Coordinates{1.87, -157.33}},
                                    std::pair{"Pacific/Tongatapu", Coordinates{-21.13, -175.2}}}) {
    const auto date = sys_days(day(2026, 6, 19));
    const auto at = sunset(zone(name), place, date).value();
    EXPECT_GT(at, local(name, date, hours(17))) << name;
    EXPECT_LT(at, local(name, date, hours(19))) << name;
  }
  // In Nome the sun sets after midnight of the clock in June, about 01:45.
  const auto date = sys_days(day(2026, 6, 19));
  const auto nome = sunset(zone("America/Nome"), {64.5, -165.4}, date).value();
  EXPECT_GT(nome, local("America/Nome", date + days(1), hours(1)));
  EXPECT_LT(nome, local("America/Nome", date + days(1), hours(2)));
}

TEST(JewishDays, WithoutASunsetCloseFromNoonToMidnight) {
  // Friday 19 and Saturday 20 June 2026.
  const TimeSpan days_around{sys_days(day(2026, 6, 18)), sys_days(day(2026, 6, 23))};
  for (const auto& place : {std::optional<Coordinates>{}, std::optional(Coordinates{78.0, 16.0})}) {
    const auto times = sacred_times(zone("Europe/Oslo"), place, kDiaspora, days_around);
    ASSERT_EQ(times.size(), 1u);
    EXPECT_EQ(times[0].span.from, local("Europe/Oslo", day(2026, 6, 19), hours(12)));
    EXPECT_EQ(times[0].span.to, local("Europe/Oslo", day(2026, 6, 21), minutes(72)));
  }
}

}  // namespace
}  // namespace carillon
