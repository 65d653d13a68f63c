// The Hebrew calendar as arithmetic, as it has been fixed since late antiquity: a year begins on the day of a computed
// new moon, the molad, which four rules postpone. After Maimonides, Sanctification of the New Month, chapters 6 to 8,
// and Reingold and Dershowitz, Calendrical Calculations, "The Hebrew Calendar". Pure; any thread.
//
// A Hebrew day begins at sunset: the civil day that it is paired with here is the one that it ends on.
#pragma once

#include <chrono>
#include <optional>

namespace carillon {

// In the order of the year. Adar I is there in leap years only.
enum class HebrewMonth {
  Tishri,
  Marheshvan,
  Kislev,
  Tevet,
  Shevat,
  AdarI,
  Adar,
  Nisan,
  Iyar,
  Sivan,
  Tammuz,
  Av,
  Elul,
};

struct HebrewDate {
  int year = 1;  // from the creation: 5787 began in September 2026
  HebrewMonth month = HebrewMonth::Tishri;
  int day = 1;  // from 1

  bool operator==(const HebrewDate&) const = default;
};

// The date has to be one of the calendar. Years before the first continue the arithmetic backwards.
std::chrono::sys_days to_civil(const HebrewDate& date);
HebrewDate to_hebrew(std::chrono::sys_days day);

enum class JewishHoliday {
  RoshHashana,
  YomKippur,
  Sukkot,
  SheminiAtzeret,
  SimchatTorah,
  Pesach,
  Shavuot,
  TishaBAv,
  YomHaShoah,
  YomHaZikaron,
  IndependenceDay,
};

// Days on which work is forbidden, without the half-holidays between; Tisha b'Av, put off where it falls on Shabbat;
// Israel's national days where the law of that year puts them. is_diaspora: holidays have their second days.
std::optional<JewishHoliday> holiday_on(std::chrono::sys_days day, bool is_diaspora);

}  // namespace carillon
