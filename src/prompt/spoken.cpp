#include "prompt/spoken.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "prompt/number_words.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxDigits = 64;
constexpr std::size_t kMaxDecimals = 6;
constexpr std::size_t kMaxBareDigits = 9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool are_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

std::unexpected<Error> invalid(std::string_view value, std::string_view what) {
  return fail(ErrorCode::Invalid, "\"" + printable(value, 60) + "\" is " + std::string(what));
}

std::string digit_words(std::string_view digits, SpokenLanguage language) {
  std::string text;
  for (const char digit : digits) {
    const auto number = static_cast<std::uint32_t>(digit - '0');
    if (!text.empty()) text += ' ';
    text += language == SpokenLanguage::kEnglish ? english_words(number) : hebrew_words(number);
  }
  return text;
}

// "1,234,567" without its commas; they must stand where they belong.
std::optional<std::string> without_commas(std::string_view whole) {
  const auto parts = split(whole, ',');
  std::string digits;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool is_sound = parts.size() == 1 || (i == 0 ? parts[i].size() <= 3 : parts[i].size() == 3);
    if (parts[i].empty() || !is_sound || !are_digits(parts[i])) return std::nullopt;
    digits += parts[i];
  }
  return digits;
}

using Groups = std::vector<std::string>;

std::string joined(const Groups& groups, SpokenLanguage language) {
  std::string text;
  for (const auto& group : groups) {
    if (!text.empty()) text += ", ";
    text += digit_words(group, language);
  }
  return text;
}

// The digits between spaces and punctuation. Nothing if there is anything else, or no digit.
std::optional<Groups> groups_of(std::string_view value) {
  Groups groups;
  std::size_t count = 0;
  bool is_open = false;
  for (const char c : value) {
    if (is_digit(c)) {
      if (!is_open) groups.emplace_back();
      groups.back() += c;
      is_open = true;
      if (++count > kMaxDigits) return std::nullopt;
    } else if (std::string_view(" -./()").find(c) != std::string_view::npos) {
      is_open = false;
    } else {
      return std::nullopt;
    }
  }
  if (groups.empty()) return std::nullopt;
  return groups;
}

// Threes, and a last group of four or less: 20 7946 0018 is 207 946 0018.
Groups in_threes(std::string_view digits) {
  Groups groups;
  while (digits.size() > 4) {
    groups.emplace_back(digits.substr(0, 3));
    digits.remove_prefix(3);
  }
  if (!digits.empty()) groups.emplace_back(digits);
  return groups;
}

Groups phone_groups(std::string_view digits, bool is_international) {
  Groups groups;
  if (is_international && digits.starts_with('1') && digits.size() == 11) {
    groups.emplace_back("1");
    digits.remove_prefix(1);
  }
  std::ranges::move(in_threes(digits), std::back_inserter(groups));
  return groups;
}

}  // namespace

std::optional<SpokenLanguage> parse_spoken_language(std::string_view tag) {
  const std::string main = to_lower(tag.substr(0, tag.find_first_of("-_")));
  if (main == "en") return SpokenLanguage::kEnglish;
  if (main == "he" || main == "iw") return SpokenLanguage::kHebrew;
  return std::nullopt;
}

std::string_view to_tag(SpokenLanguage language) { return language == SpokenLanguage::kEnglish ? "en" : "he"; }

std::optional<Decimal> parse_decimal(std::string_view value) {
  value = trim(value);
  Decimal decimal;
  if (value.starts_with('-')) {
    decimal.is_negative = true;
    value.remove_prefix(1);
  }
  const auto point = value.find('.');
  if (point != std::string_view::npos) {
    decimal.decimals = value.substr(point + 1);
    if (decimal.decimals.empty() || decimal.decimals.size() > kMaxDecimals || !are_digits(decimal.decimals)) {
      return std::nullopt;
    }
  }
  const auto whole = without_commas(value.substr(0, point));
  if (!whole || whole->size() > kMaxDigits) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : *whole) {
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    if (number > kMaxSpoken) return std::nullopt;
  }
  decimal.whole = static_cast<std::uint32_t>(number);
  return decimal;
}

Result<std::string> spoken_number(std::string_view value, SpokenLanguage language, bool is_masculine) {
  const auto number = parse_decimal(value);
  if (!number) return invalid(value, "no number up to 999,999,999 such as 1,234 or 3.5");
  const bool is_english = language == SpokenLanguage::kEnglish;
  // What stands behind the point counts nothing.
  const Gender gender = is_masculine && number->decimals.empty() ? Gender::kMasculine : Gender::kFeminine;
  std::string text = number->is_negative ? (is_english ? "minus " : "מינוס ") : "";
  text += is_english ? english_words(number->whole) : hebrew_words(number->whole, gender);
  if (number->decimals.empty()) return text;
  text += is_english ? " point " : " נקודה ";
  return text + digit_words(number->decimals, language);
}

Result<std::string> spoken_ordinal(std::string_view value, SpokenLanguage language) {
  if (language != SpokenLanguage::kEnglish) {
    return fail(ErrorCode::Invalid, "the format ordinal is there for English only; use number");
  }
  const auto number = parse_decimal(value);
  if (!number || number->is_negative || !number->decimals.empty()) return invalid(value, "no whole number");
  return english_ordinal(number->whole);
}

Result<std::string> spoken_digits(std::string_view value, SpokenLanguage language) {
  const auto groups = groups_of(value);
  if (!groups) return invalid(value, "not up to 64 digits");
  return joined(*groups, language);
}

Result<std::string> spoken_phone(std::string_view value, SpokenLanguage language) {
  value = trim(value);
  bool is_international = value.starts_with('+');
  const auto written = groups_of(value.substr(is_international ? 1 : 0));
  if (!written) return invalid(value, "no phone number");
  std::string digits;
  for (const auto& group : *written) digits += group;
  if (digits.size() < 3 || digits.size() > 20) return invalid(value, "no phone number");
  const bool is_english = language == SpokenLanguage::kEnglish;
  bool is_regrouped = written->size() == 1;
  if (!is_english && is_international && digits.starts_with("972")) {
    digits = "0" + digits.substr(3);
    is_international = false;
    is_regrouped = true;
  }
  const std::string plus = is_international ? (is_english ? "plus " : "פלוס ") : "";
  return plus + joined(is_regrouped ? phone_groups(digits, is_international) : *written, language);
}

std::string spoken_bare_digits(std::string_view digits, SpokenLanguage language) {
  const bool is_number = digits.size() == 1 || (digits.size() <= kMaxBareDigits && digits.front() != '0');
  if (!is_number) return digit_words(digits, language);
  std::uint32_t number = 0;
  for (const char digit : digits) number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  return language == SpokenLanguage::kEnglish ? english_words(number) : hebrew_words(number);
}

}  // namespace carillon
