#include "core/campaign/hebrew_calendar.h"

#include <cstdint>
#include <span>

namespace carillon {
namespace {

using std::chrono::days;
using std::chrono::Friday;
using std::chrono::Monday;
using std::chrono::Saturday;
using std::chrono::Sunday;
using std::chrono::sys_days;
using std::chrono::Tuesday;
using std::chrono::Wednesday;
using std::chrono::weekday;

// An hour has 1080 parts; the day of the molad begins six hours before midnight.
constexpr std::int64_t kPartsOfHour = 1080;
constexpr std::int64_t kPartsOfDay = 24 * kPartsOfHour;
constexpr std::int64_t parts(std::int64_t hours, std::int64_t rest) { return hours * kPartsOfHour + rest; }

// From one molad to the next: 29 days, 12 hours, 793 parts.
constexpr std::int64_t kMonth = 29 * kPartsOfDay + parts(12, 793);
// The molad of the first Tishri: Monday, 5 hours, 204 parts; counted from the day before.
constexpr std::int64_t kFirstMolad = kPartsOfDay + parts(5, 204);
// That Monday is 7 September 3761 BCE of the Gregorian calendar (7 October of the Julian); year 0 is 1 BCE.
constexpr sys_days kDayBeforeFirst = sys_days(std::chrono::year(-3760) / std::chrono::September / 7) - days(1);

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Seven of 19 years, those numbered 3, 6, 8, 11, 14, 17 and 19, have thirteen months.
constexpr std::int64_t months_before(std::int64_t year) { return floor_divide(235 * year - 234, 19); }
constexpr bool is_leap(std::int64_t year) { return months_before(year + 1) - months_before(year) == 13; }

// The first of Tishri.
sys_days new_year(std::int64_t year) {
  const std::int64_t molad = kFirstMolad + months_before(year) * kMonth;
  const std::int64_t whole_days = floor_divide(molad, kPartsOfDay);
  const std::int64_t time = molad - whole_days * kPartsOfDay;
  sys_days day = kDayBeforeFirst + days(whole_days);
  const weekday on(day);
  // At noon or later: the moon would not be seen on that day.
  const bool is_late = time >= parts(18, 0);
  // These two keep years to their lengths: the rule below would make a common year of 356 days and a leap year of 382.
  const bool is_late_tuesday = on == Tuesday && !is_leap(year) && time >= parts(9, 204);
  const bool is_late_monday = on == Monday && is_leap(year - 1) && time >= parts(15, 589);
  if (is_late || is_late_tuesday || is_late_monday) day += days(1);
  // Yom Kippur is not to touch Shabbat, and Hoshana Rabba is not to be on it.
  const weekday then(day);
  if (then == Sunday || then == Wednesday || then == Friday) day += days(1);
  return day;
}

// Two months have 29 or 30 days: a common year has 353, 354 or 355, a leap year thirty more.
int days_in(HebrewMonth month, std::int64_t year, int days_in_year) {
  switch (month) {
    case HebrewMonth::Marheshvan: return days_in_year % 10 == 5 ? 30 : 29;
    case HebrewMonth::Kislev: return days_in_year % 10 == 3 ? 29 : 30;
    case HebrewMonth::AdarI: return is_leap(year) ? 30 : 0;
    case HebrewMonth::Tishri:
    case HebrewMonth::Shevat:
    case HebrewMonth::Nisan:
    case HebrewMonth::Sivan:
    case HebrewMonth::Av: return 30;
    case HebrewMonth::Tevet:
    case HebrewMonth::Adar:
    case HebrewMonth::Iyar:
    case HebrewMonth::Tammuz:
    case HebrewMonth::Elul: return 29;
  }
  return 0;
}

int days_in_year(std::int64_t year) { return static_cast<int>((new_year(year + 1) - new_year(year)).count()); }

HebrewMonth next(HebrewMonth month) { return static_cast<HebrewMonth>(static_cast<int>(month) + 1); }

// Where the law moves a day that falls on a weekday, by the Hebrew years for which it said so.
struct Move {
  weekday from;
  days by;
  int first_year;
  int last_year;
};
constexpr int kStillSo = 999'999;

struct NationalDay {
  int first_year;
  HebrewMonth month;
  int day;
  std::span<const Move> moves;
};

// Resolution of the Knesset of 12 April 1951. Martyrs' and Heroes' Remembrance Day Law, 5719-1959, section 1, and its
// amendment 3, 5757-1997, which keeps the eve off the end of Shabbat.
constexpr Move kYomHaShoahMoves[] = {
    {Friday, days(-1), 5719, kStillSo},
    {Sunday, days(1), 5757, kStillSo},
};
constexpr NationalDay kYomHaShoah{5711, HebrewMonth::Nisan, 27, kYomHaShoahMoves};

// Independence Day Law, 5709-1949, section 1, and its amendments 1 (1950), 2 (1951), 3 (1954) and 6 (March 2004).
constexpr Move kIndependenceDayMoves[] = {
    {Saturday, days(1), 5710, 5713},
    {Friday, days(-1), 5711, kStillSo},
    {Saturday, days(-2), 5714, kStillSo},
    {Monday, days(1), 5764, kStillSo},
};
constexpr NationalDay kIndependenceDay{5709, HebrewMonth::Iyar, 5, kIndependenceDayMoves};

// The eve of Independence Day since 1951; Fallen Soldiers' Remembrance Day Law, 5723-1963, section 1, and its amendment
// 4 (March 2004), which move it together with that day.
constexpr int kFirstYomHaZikaron = 5711;

std::optional<sys_days> observed(const NationalDay& national, int year) {
  if (year < national.first_year) return std::nullopt;
  const sys_days day = to_civil({year, national.month, national.day});
  for (const auto& move : national.moves) {
    if (weekday(day) == move.from && year >= move.first_year && year <= move.last_year) return day + move.by;
  }
  return day;
}

std::optional<JewishHoliday> national_day_on(sys_days day, int year) {
  if (day == observed(kYomHaShoah, year)) return JewishHoliday::YomHaShoah;
  const auto independence_day = observed(kIndependenceDay, year);
  if (day == independence_day) return JewishHoliday::IndependenceDay;
  if (year >= kFirstYomHaZikaron && day + days(1) == independence_day) return JewishHoliday::YomHaZikaron;
  return std::nullopt;
}

std::optional<JewishHoliday> holiday_of_tishri(int day, bool is_diaspora) {
  if (day == 1 || day == 2) return JewishHoliday::RoshHashana;
  if (day == 10) return JewishHoliday::YomKippur;
  if (day == 15 || (day == 16 && is_diaspora)) return JewishHoliday::Sukkot;
  if (day == 22) return JewishHoliday::SheminiAtzeret;  // in Israel Simchat Torah, too
  if (day == 23 && is_diaspora) return JewishHoliday::SimchatTorah;
  return std::nullopt;
}

bool is_pesach(int day, bool is_diaspora) {
  return day == 15 || day == 21 || (is_diaspora && (day == 16 || day == 22));
}

bool is_shavuot(int day, bool is_diaspora) { return day == 6 || (day == 7 && is_diaspora); }

// The ninth of Av, or the tenth if the ninth is a Shabbat.
bool is_tisha_b_av(int day, weekday on) { return (day == 9 && on != Saturday) || (day == 10 && on == Sunday); }

}  // namespace

sys_days to_civil(const HebrewDate& date) {
  sys_days day = new_year(date.year) + days(date.day - 1);
  const int length = days_in_year(date.year);
  for (auto month = HebrewMonth::Tishri; month != date.month; month = next(month)) {
    day += days(days_in(month, date.year, length));
  }
  return day;
}

HebrewDate to_hebrew(sys_days day) {
  // By the mean length of a year, 235 months in 19; around a new year's day that is one off, and the loops mend it.
  const std::int64_t parts_since_first = (day - kDayBeforeFirst).count() * kPartsOfDay;
  std::int64_t year = floor_divide(parts_since_first * 19, 235 * kMonth) + 1;
  while (new_year(year) > day) --year;
  while (new_year(year + 1) <= day) ++year;

  HebrewDate date{static_cast<int>(year), HebrewMonth::Tishri, static_cast<int>((day - new_year(year)).count()) + 1};
  const int length = days_in_year(year);
  for (int in_month = days_in(date.month, year, length); date.day > in_month;
       in_month = days_in(date.month, year, length)) {
    date.day -= in_month;
    date.month = next(date.month);
  }
  return date;
}

std::optional<JewishHoliday> holiday_on(sys_days day, bool is_diaspora) {
  const auto date = to_hebrew(day);
  switch (date.month) {
    case HebrewMonth::Tishri: return holiday_of_tishri(date.day, is_diaspora);
    case HebrewMonth::Nisan:
      if (is_pesach(date.day, is_diaspora)) return JewishHoliday::Pesach;
      return national_day_on(day, date.year);
    case HebrewMonth::Iyar: return national_day_on(day, date.year);
    case HebrewMonth::Sivan:
      if (is_shavuot(date.day, is_diaspora)) return JewishHoliday::Shavuot;
      return std::nullopt;
    case HebrewMonth::Av:
      if (is_tisha_b_av(date.day, weekday(day))) return JewishHoliday::TishaBAv;
      return std::nullopt;
    case HebrewMonth::Marheshvan:
    case HebrewMonth::Kislev:
    case HebrewMonth::Tevet:
    case HebrewMonth::Shevat:
    case HebrewMonth::AdarI:
    case HebrewMonth::Adar:
    case HebrewMonth::Tammuz:
    case HebrewMonth::Elul: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace carillon
