// One value as it is spoken: an amount, a date, a time, a phone number. Pure. The values come from contact lists: an
// error tells what is wrong with one, and nothing is guessed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace carillon {

enum class SpokenLanguage { kEnglish, kHebrew };
// "en", "en-US", "he", "he-IL", and "iw" as Hebrew was called before.
std::optional<SpokenLanguage> parse_spoken_language(std::string_view tag);
std::string_view to_tag(SpokenLanguage language);

// "1,234" or "-3.5": up to 999,999,999 and six decimals. Masculine counts Hebrew nouns of that gender.
Result<std::string> spoken_number(std::string_view value, SpokenLanguage language, bool is_masculine = false);
// "3" is "third". English alone.
Result<std::string> spoken_ordinal(std::string_view value, SpokenLanguage language);
// Digit by digit, in the groups of the value: "12-34" is "one two, three four". Up to 64 digits.
Result<std::string> spoken_digits(std::string_view value, SpokenLanguage language);
// The same with a "plus" and the usual groups; an Israeli number in Hebrew as it is dialled at home.
Result<std::string> spoken_phone(std::string_view value, SpokenLanguage language);
// "1,250.50" of an ISO 4217 currency; a sign of that currency may stand before or after it.
Result<std::string> spoken_money(std::string_view value, std::string_view currency, SpokenLanguage language);
bool is_spoken_currency(std::string_view currency);
std::string spoken_currencies();  // "ILS USD …", for messages
// "2026-11-24", also with a time behind it, or "24.11.2026"; in Hebrew "24/11/2026" too.
Result<std::string> spoken_date(std::string_view value, SpokenLanguage language);
// "14:30", "14:30:00", or the time of "2026-11-24T14:30:00Z" as it stands there.
Result<std::string> spoken_time(std::string_view value, SpokenLanguage language);

// A run of digits that nobody gave a format: as a number, or digit by digit if it is long or begins with 0.
std::string spoken_bare_digits(std::string_view digits, SpokenLanguage language);

// A decimal number as it is written: "1,250.50" is 1250 and "50". Nothing if it is none, or over 999,999,999.
struct Decimal {
  bool is_negative = false;
  std::uint32_t whole = 0;
  std::string decimals;
};
std::optional<Decimal> parse_decimal(std::string_view value);

}  // namespace carillon
