#include <array>
#include <chrono>

#include "base/text.h"
#include "prompt/number_words.h"
#include "prompt/spoken.h"

namespace carillon {
namespace {

constexpr std::array<std::string_view, 12> kEnglishMonths = {"January",   "February", "March",    "April",
                                                             "May",       "June",     "July",     "August",
                                                             "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 12> kHebrewMonths = {"ינואר", "פברואר", "מרץ",    "אפריל",   "מאי",    "יוני",
                                                            "יולי",  "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר"};

// Digits alone, `width` of them, or one or two if it is 0.
std::optional<int> number_in(std::string_view text, std::size_t width) {
  if (width == 0 ? text.empty() || text.size() > 2 : text.size() != width) return std::nullopt;
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<std::chrono::year_month_day> parse_date(std::string_view value, SpokenLanguage language) {
  using namespace std::chrono;
  std::optional<int> y;
  std::optional<int> m;
  std::optional<int> d;
  if (value.size() >= 10 && value[4] == '-' && value[7] == '-') {
    if (value.size() > 10 && value[10] != 'T' && value[10] != 't' && value[10] != ' ') return std::nullopt;
    y = number_in(value.substr(0, 4), 4);
    m = number_in(value.substr(5, 2), 2);
    d = number_in(value.substr(8, 2), 2);
  } else {
    // With slashes, half of the English-speaking world puts the month first.
    const bool has_slashes = language == SpokenLanguage::kHebrew && value.find('/') != std::string_view::npos;
    const auto parts = split(value, has_slashes ? '/' : '.');
    if (parts.size() != 3) return std::nullopt;
    d = number_in(parts[0], 0);
    m = number_in(parts[1], 0);
    y = number_in(parts[2], 4);
  }
  if (!y || !m || !d || *y < 1000) return std::nullopt;
  const year_month_day date(year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d)));
  if (!date.ok()) return std::nullopt;
  return date;
}

// "nineteen eighty-four", "two thousand six", "twenty twenty-six".
std::string english_year(std::uint32_t year) {
  const std::uint32_t century = year / 100;
  const std::uint32_t rest = year % 100;
  if (century % 10 == 0 && rest < 10) return english_words(year);
  if (rest == 0) return english_words(century) + " hundred";
  return english_words(century) + (rest < 10 ? " oh " : " ") + english_words(rest);
}

struct Clock {
  std::uint32_t hour;
  std::uint32_t minute;
};

std::optional<Clock> parse_clock(std::string_view value) {
  if (value.size() > 10 && value[4] == '-' && value[7] == '-') {
    if (value[10] != 'T' && value[10] != 't' && value[10] != ' ') return std::nullopt;
    value.remove_prefix(11);
    value = value.substr(0, value.find_first_of("Zz+-"));
  }
  const auto parts = split(value, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto hour = number_in(parts[0], 0);
  const auto minute = number_in(parts[1], 2);
  if (parts.size() == 3) {
    const std::string_view seconds = parts[2];
    const bool has_sound_end = seconds.size() == 2 || (seconds.size() > 3 && seconds[2] == '.');
    if (!has_sound_end || number_in(seconds.substr(0, 2), 2).value_or(60) > 59) return std::nullopt;
  }
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return Clock{static_cast<std::uint32_t>(*hour), static_cast<std::uint32_t>(*minute)};
}

std::string english_time(Clock clock) {
  if (clock.minute == 0 && clock.hour == 0) return "twelve midnight";
  if (clock.minute == 0 && clock.hour == 12) return "twelve noon";
  std::string text = english_words((clock.hour + 11) % 12 + 1);
  if (clock.minute > 0) text += (clock.minute < 10 ? " oh " : " ") + english_words(clock.minute);
  return text + (clock.hour < 12 ? " AM" : " PM");
}

std::string_view hebrew_part_of_day(std::uint32_t hour) {
  if (hour < 4) return "בלילה";
  if (hour < 12) return "בבוקר";
  if (hour < 15) return "בצהריים";
  if (hour < 18) return "אחר הצהריים";
  if (hour < 21) return "בערב";
  return "בלילה";
}

std::string hebrew_minutes(std::uint32_t minute) {
  switch (minute) {
    case 0: return "";
    case 1: return " ודקה";
    case 2: return " ושתי דקות";
    case 15: return " ורבע";
    case 30: return " וחצי";
    default: return " ו" + hebrew_words(minute) + " דקות";
  }
}

std::string hebrew_time(Clock clock) {
  std::string text = hebrew_words((clock.hour + 11) % 12 + 1);
  text.append(hebrew_minutes(clock.minute)).append(" ").append(hebrew_part_of_day(clock.hour));
  return text;
}

}  // namespace

Result<std::string> spoken_date(std::string_view value, SpokenLanguage language) {
  const auto date = parse_date(trim(value), language);
  if (!date) {
    return fail(ErrorCode::Invalid, "\"" + printable(value, 60) + "\" is no date such as 2026-11-24 or 24.11.2026");
  }
  const auto day = static_cast<unsigned>(date->day());
  const auto month = static_cast<unsigned>(date->month()) - 1;
  const auto year = static_cast<std::uint32_t>(static_cast<int>(date->year()));
  if (language == SpokenLanguage::kEnglish) {
    return std::string(kEnglishMonths[month]) + " " + english_ordinal(day) + ", " + english_year(year);
  }
  return hebrew_words(day, Gender::kMasculine) + " ב" + std::string(kHebrewMonths[month]) + " " + hebrew_words(year);
}

Result<std::string> spoken_time(std::string_view value, SpokenLanguage language) {
  const auto clock = parse_clock(trim(value));
  if (!clock) return fail(ErrorCode::Invalid, "\"" + printable(value, 60) + "\" is no time such as 14:30");
  return language == SpokenLanguage::kEnglish ? english_time(*clock) : hebrew_time(*clock);
}

}  // namespace carillon
