#include "core/campaign/hebrew_calendar.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace carillon {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::weekday;
using enum JewishHoliday;

sys_days day(int y, unsigned m, unsigned d) {
  return sys_days(std::chrono::year(y) / std::chrono::month(m) / std::chrono::day(d));
}

std::map<sys_days, JewishHoliday> holidays_of(int hebrew_year, bool is_diaspora) {
  std::map<sys_days, JewishHoliday> found;
  for (auto date = to_civil({hebrew_year}); date < to_civil({hebrew_year + 1}); date += days(1)) {
    if (const auto holiday = holiday_on(date, is_diaspora)) found.emplace(date, *holiday);
  }
  return found;
}

// Its civil day in that Hebrew year, the first of them if there are more.
sys_days first_of(JewishHoliday which, int hebrew_year) {
  for (const auto& [date, holiday] : holidays_of(hebrew_year, false)) {
    if (holiday == which) return date;
  }
  return {};
}

// As calendars printed them, and print them for years to come.
TEST(HebrewCalendar, HasTheKnownCivilDates) {
  struct Case {
    int civil_year;
    sys_days pesach;
    sys_days rosh_hashana;
    sys_days yom_kippur;
  };
  for (const auto& [civil, pesach, rosh_hashana, yom_kippur] : {
           Case{2013, day(2013, 3, 26), day(2013, 9, 5), day(2013, 9, 14)},
           Case{2014, day(2014, 4, 15), day(2014, 9, 25), day(2014, 10, 4)},
           Case{2015, day(2015, 4, 4), day(2015, 9, 14), day(2015, 9, 23)},
           Case{2016, day(2016, 4, 23), day(2016, 10, 3), day(2016, 10, 12)},
           Case{2017, day(2017, 4, 11), day(2017, 9, 21), day(2017, 9, 30)},
           Case{2018, day(2018, 3, 31), day(2018, 9, 10), day(2018, 9, 19)},
           Case{2019, day(2019, 4, 20), day(2019, 9, 30), day(2019, 10, 9)},
           Case{2020, day(2020, 4, 9), day(2020, 9, 19), day(2020, 9, 28)},
           Case{2021, day(2021, 3, 28), day(2021, 9, 7), day(2021, 9, 16)},
           Case{2022, day(2022, 4, 16), day(2022, 9, 26), day(2022, 10, 5)},
           Case{2023, day(2023, 4, 6), day(2023, 9, 16), day(2023, 9, 25)},
           Case{2024, day(2024, 4, 23), day(2024, 10, 3), day(2024, 10, 12)},
           Case{2025, day(2025, 4, 13), day(2025, 9, 23), day(2025, 10, 2)},
           Case{2026, day(2026, 4, 2), day(2026, 9, 12), day(2026, 9, 21)},
           Case{2027, day(2027, 4, 22), day(2027, 10, 2), day(2027, 10, 11)},
           Case{2028, day(2028, 4, 11), day(2028, 9, 21), day(2028, 9, 30)},
           Case{2029, day(2029, 3, 31), day(2029, 9, 10), day(2029, 9, 19)},
           Case{2030, day(2030, 4, 18), day(2030, 9, 28), day(2030, 10, 7)},
       }) {
    const int year = civil + 3761;  // that begins in this autumn
    EXPECT_EQ(to_civil({year - 1, HebrewMonth::Nisan, 15}), pesach) << civil;
    EXPECT_EQ(to_civil({year, HebrewMonth::Tishri, 1}), rosh_hashana) << civil;
    EXPECT_EQ(to_civil({year, HebrewMonth::Tishri, 10}), yom_kippur) << civil;
    EXPECT_EQ(holiday_on(pesach, false), Pesach) << civil;
    EXPECT_EQ(holiday_on(rosh_hashana, false), RoshHashana) << civil;
    EXPECT_EQ(holiday_on(yom_kippur, false), YomKippur) << civil;
  }
}

// With the molad of each, in hours and parts since the evening before.
TEST(HebrewCalendar, PostponesTheNewYearByFourRules) {
  EXPECT_EQ(to_civil({5787}), day(2026, 9, 12)) << "Shabbat, 2 h 1063 p: stays";
  EXPECT_EQ(to_civil({5786}), day(2025, 9, 23)) << "Monday, 18 h 187 p, is late: Tuesday";
  EXPECT_EQ(to_civil({5784}), day(2023, 9, 16)) << "Friday, 11 h 882 p: Shabbat";
  EXPECT_EQ(to_civil({5781}), day(2020, 9, 19)) << "Thursday, 20 h 701 p, is late, and Friday cannot be: Shabbat";
  EXPECT_EQ(to_civil({5789}), day(2028, 9, 21)) << "Tuesday, 9 h 368 p, of a common year: Thursday";
  EXPECT_EQ(to_civil({5766}), day(2005, 10, 4)) << "Monday, 16 h 876 p, after a leap year: Tuesday";
  EXPECT_EQ(to_civil({5807}), day(2046, 10, 1)) << "Sunday, 17 h 87 p, after a leap year: Monday, and no further";
}

TEST(HebrewCalendar, KnowsDaysOfHistory) {
  const std::map<sys_days, HebrewDate> known{
      {day(-586, 7, 24), {3174, HebrewMonth::Av, 10}},  // the sample dates of Calendrical Calculations
      {day(70, 9, 24), {3831, HebrewMonth::Tishri, 3}},   {day(1240, 3, 10), {5000, HebrewMonth::Adar, 8}},
      {day(1492, 4, 9), {5252, HebrewMonth::Nisan, 3}},   {day(1945, 11, 12), {5706, HebrewMonth::Kislev, 7}},
      {day(1943, 4, 19), {5703, HebrewMonth::Nisan, 14}}, {day(1948, 5, 14), {5708, HebrewMonth::Iyar, 5}},
      {day(1967, 6, 7), {5727, HebrewMonth::Iyar, 28}},   {day(1970, 1, 1), {5730, HebrewMonth::Tevet, 23}},
      {day(2024, 2, 10), {5784, HebrewMonth::AdarI, 1}},  {day(2024, 3, 24), {5784, HebrewMonth::Adar, 14}},
      {day(-3760, 9, 7), {1, HebrewMonth::Tishri, 1}},    {day(-3760, 9, 6), {0, HebrewMonth::Elul, 29}},
  };
  for (const auto& [civil, hebrew] : known) {
    EXPECT_EQ(to_hebrew(civil), hebrew) << "of the Hebrew year " << hebrew.year;
    EXPECT_EQ(to_civil(hebrew), civil) << hebrew.year;
  }
}

TEST(HebrewCalendar, CountsEveryDayOnceInYearsOfTheSixLengths) {
  const std::set<int> common{353, 354, 355};
  const std::set<int> leap{383, 384, 385};
  const std::set<int> leap_in_cycle{3, 6, 8, 11, 14, 17, 0};
  for (int year = 5300; year < 6300; ++year) {
    const auto begin = to_civil({year});
    const int length = static_cast<int>((to_civil({year + 1}) - begin).count());
    EXPECT_TRUE((leap_in_cycle.contains(year % 19) ? leap : common).contains(length)) << year << ": " << length;
    const weekday on(begin);
    EXPECT_FALSE(on == std::chrono::Sunday || on == std::chrono::Wednesday || on == std::chrono::Friday) << year;
  }
  HebrewDate before = to_hebrew(day(1899, 12, 31));
  for (auto date = day(1900, 1, 1); date < day(2200, 1, 1); date += days(1)) {
    const auto hebrew = to_hebrew(date);
    ASSERT_EQ(to_civil(hebrew), date);
    const bool is_next_day = hebrew.day == before.day + 1 && hebrew.month == before.month && hebrew.year == before.year;
    const bool is_new_month = hebrew.day == 1 && (before.day == 29 || before.day == 30) && hebrew.month != before.month;
    ASSERT_TRUE(is_next_day || is_new_month) << date.time_since_epoch();
    before = hebrew;
  }
}

TEST(JewishHoliday, OfOneYearAreTheseAndNoOthers) {
  std::map<sys_days, JewishHoliday> expected{
      {day(2025, 9, 23), RoshHashana},     {day(2025, 9, 24), RoshHashana},     {day(2025, 10, 2), YomKippur},
      {day(2025, 10, 7), Sukkot},          {day(2025, 10, 14), SheminiAtzeret}, {day(2026, 4, 2), Pesach},
      {day(2026, 4, 8), Pesach},           {day(2026, 4, 14), YomHaShoah},      {day(2026, 4, 21), YomHaZikaron},
      {day(2026, 4, 22), IndependenceDay}, {day(2026, 5, 22), Shavuot},         {day(2026, 7, 23), TishaBAv},
  };
  EXPECT_EQ(holidays_of(5786, false), expected);
  expected.insert({{day(2025, 10, 8), Sukkot},
                   {day(2025, 10, 15), SimchatTorah},
                   {day(2026, 4, 3), Pesach},
                   {day(2026, 4, 9), Pesach},
                   {day(2026, 5, 23), Shavuot}});
  EXPECT_EQ(holidays_of(5786, true), expected);
}

TEST(JewishHoliday, TishaBAvIsPutOffToSunday) {
  EXPECT_EQ(first_of(TishaBAv, 5781), day(2021, 7, 18));
  EXPECT_EQ(first_of(TishaBAv, 5782), day(2022, 8, 7)) << "9 Av is a Shabbat";
  EXPECT_EQ(holiday_on(day(2022, 8, 6), false), std::nullopt);
  EXPECT_EQ(first_of(TishaBAv, 5784), day(2024, 8, 13));
  EXPECT_EQ(first_of(TishaBAv, 5789), day(2029, 7, 22)) << "9 Av is a Shabbat";
}

// As they were kept, and are announced.
TEST(JewishHoliday, NationalDaysAreMovedByTheLawOfTheirYear) {
  struct Case {
    int hebrew_year;
    sys_days yom_ha_shoah;
    sys_days independence_day;
  };
  for (const auto& [year, yom_ha_shoah, independence_day] : {
           Case{5750, day(1990, 4, 22), day(1990, 4, 30)},  // Sunday and Monday: no rule yet
           Case{5754, day(1994, 4, 7), day(1994, 4, 14)},
           Case{5761, day(2001, 4, 19), day(2001, 4, 26)},
           Case{5763, day(2003, 4, 29), day(2003, 5, 7)},
           Case{5764, day(2004, 4, 19), day(2004, 4, 27)},  // both from the day after Shabbat
           Case{5773, day(2013, 4, 8), day(2013, 4, 16)},
           Case{5777, day(2017, 4, 24), day(2017, 5, 2)},
           Case{5778, day(2018, 4, 12), day(2018, 4, 19)},
           Case{5779, day(2019, 5, 2), day(2019, 5, 9)},
           Case{5780, day(2020, 4, 21), day(2020, 4, 29)},
           Case{5781, day(2021, 4, 8), day(2021, 4, 15)},
           Case{5782, day(2022, 4, 28), day(2022, 5, 5)},
           Case{5783, day(2023, 4, 18), day(2023, 4, 26)},
           Case{5784, day(2024, 5, 6), day(2024, 5, 14)},
           Case{5785, day(2025, 4, 24), day(2025, 5, 1)},
           Case{5787, day(2027, 5, 4), day(2027, 5, 12)},
       }) {
    EXPECT_EQ(first_of(YomHaShoah, year), yom_ha_shoah) << year;
    EXPECT_EQ(first_of(IndependenceDay, year), independence_day) << year;
    EXPECT_EQ(first_of(YomHaZikaron, year), independence_day - days(1)) << year;
  }
}

TEST(JewishHoliday, NationalDaysBeginWithTheirLaws) {
  EXPECT_EQ(holiday_on(day(1948, 5, 14), false), std::nullopt) << "the day itself";
  EXPECT_EQ(first_of(IndependenceDay, 5709), day(1949, 5, 4));
  EXPECT_EQ(first_of(YomHaZikaron, 5709), sys_days{});
  EXPECT_EQ(first_of(IndependenceDay, 5710), day(1950, 4, 23)) << "put off from Shabbat";
  EXPECT_EQ(first_of(YomHaShoah, 5710), sys_days{});
  EXPECT_EQ(first_of(YomHaShoah, 5711), day(1951, 5, 3));
  EXPECT_EQ(first_of(YomHaZikaron, 5711), day(1951, 5, 9));
  EXPECT_EQ(first_of(IndependenceDay, 5711), day(1951, 5, 10)) << "put forward from Friday";
  EXPECT_EQ(first_of(IndependenceDay, 5714), day(1954, 5, 6)) << "put forward from Shabbat";
}

}  // namespace
}  // namespace carillon
