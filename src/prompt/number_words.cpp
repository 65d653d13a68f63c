#include "prompt/number_words.h"

#include <array>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace carillon {
namespace {

using Words = std::array<std::string_view, 20>;
using Tens = std::array<std::string_view, 10>;

constexpr Words kEnglish = {"zero",     "one",     "two",     "three",     "four",     "five",    "six",
                            "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
                            "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr Words kEnglishOrdinals = {"zeroth",    "first",     "second",      "third",      "fourth",
                                    "fifth",     "sixth",     "seventh",     "eighth",     "ninth",
                                    "tenth",     "eleventh",  "twelfth",     "thirteenth", "fourteenth",
                                    "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"};
constexpr Tens kEnglishTens = {"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr Tens kEnglishTenths = {"",         "",         "twentieth",  "thirtieth", "fortieth",
                                 "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth"};

constexpr Words kFeminine = {"אפס",       "אחת",      "שתיים",   "שלוש",     "ארבע",       "חמש",       "שש",
                             "שבע",       "שמונה",    "תשע",     "עשר",      "אחת עשרה",   "שתים עשרה", "שלוש עשרה",
                             "ארבע עשרה", "חמש עשרה", "שש עשרה", "שבע עשרה", "שמונה עשרה", "תשע עשרה"};
constexpr Words kMasculine = {"אפס",       "אחד",       "שניים",    "שלושה",    "ארבעה",     "חמישה",    "שישה",
                              "שבעה",      "שמונה",     "תשעה",     "עשרה",     "אחד עשר",   "שנים עשר", "שלושה עשר",
                              "ארבעה עשר", "חמישה עשר", "שישה עשר", "שבעה עשר", "שמונה עשר", "תשעה עשר"};
constexpr Tens kHebrewTens = {"", "", "עשרים", "שלושים", "ארבעים", "חמישים", "שישים", "שבעים", "שמונים", "תשעים"};
// Two to ten thousand have forms of their own, before the plural; from eleven on the noun is singular.
constexpr std::array<std::string_view, 11> kHebrewThousands = {
    "",          "אלף",        "אלפיים",      "שלושת אלפים", "ארבעת אלפים", "חמשת אלפים",
    "ששת אלפים", "שבעת אלפים", "שמונת אלפים", "תשעת אלפים",  "עשרת אלפים"};

void add(std::string& text, std::string_view word) {
  if (!text.empty()) text += ' ';
  text += word;
}

std::string english_group(std::uint32_t number) {
  std::string text;
  if (number >= 100) add(text, kEnglish[number / 100]);
  if (number >= 100) add(text, "hundred");
  number %= 100;
  if (number >= 20) {
    add(text, kEnglishTens[number / 10]);
    if (number % 10 != 0) text.append("-").append(kEnglish[number % 10]);
  } else if (number > 0) {
    add(text, kEnglish[number]);
  }
  return text;
}

// The words of 1 to 999, each one part: the last of several gets "and" (ו) before it.
std::vector<std::string> hebrew_parts(std::uint32_t number, Gender gender) {
  const Words& words = gender == Gender::kFeminine ? kFeminine : kMasculine;
  std::vector<std::string> parts;
  const std::uint32_t hundreds = number / 100;
  if (hundreds == 1) parts.emplace_back("מאה");
  if (hundreds == 2) parts.emplace_back("מאתיים");
  if (hundreds > 2) parts.push_back(std::string(kFeminine[hundreds]) + " מאות");
  number %= 100;
  if (number >= 20) {
    parts.emplace_back(kHebrewTens[number / 10]);
    number %= 10;
  }
  if (number > 0) parts.emplace_back(words[number]);
  return parts;
}

std::string hebrew_joined(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool is_last_of_several = parts.size() > 1 && i + 1 == parts.size();
    add(text, is_last_of_several ? "ו" + parts[i] : parts[i]);
  }
  return text;
}

struct Group {
  std::string text;
  bool has_and = false;  // it has one inside, and needs none before it
};

Group hebrew_thousands(std::uint32_t thousands) {
  if (thousands < kHebrewThousands.size()) return {std::string(kHebrewThousands[thousands])};
  const auto parts = hebrew_parts(thousands, Gender::kMasculine);
  return {hebrew_joined(parts) + " אלף", parts.size() > 1};
}

Group hebrew_millions(std::uint32_t millions) {
  if (millions == 1) return {"מיליון"};
  if (millions == 2) return {"שני מיליון"};
  const auto parts = hebrew_parts(millions, Gender::kMasculine);
  return {hebrew_joined(parts) + " מיליון", parts.size() > 1};
}

}  // namespace

std::string english_words(std::uint32_t number) {
  CARILLON_CHECK(number <= kMaxSpoken);
  if (number == 0) return std::string(kEnglish[0]);
  std::string text;
  if (number >= 1'000'000) add(text, english_group(number / 1'000'000) + " million");
  number %= 1'000'000;
  if (number >= 1000) add(text, english_group(number / 1000) + " thousand");
  number %= 1000;
  if (number > 0) add(text, english_group(number));
  return text;
}

std::string english_ordinal(std::uint32_t number) {
  CARILLON_CHECK(number <= kMaxSpoken);
  const std::uint32_t last = number % 100;
  if (number > 0 && last == 0) return english_words(number) + "th";  // hundredth, thousandth, millionth
  const bool is_ten = last >= 20 && last % 10 == 0;
  const std::string_view end = is_ten       ? kEnglishTenths[last / 10]
                               : last >= 20 ? kEnglishOrdinals[last % 10]
                                            : kEnglishOrdinals[last];
  std::string text = number > last ? english_words(number - last) : "";
  if (last >= 20 && !is_ten) {
    add(text, kEnglishTens[last / 10]);
    return text.append("-").append(end);
  }
  add(text, end);
  return text;
}

std::string hebrew_words(std::uint32_t number, Gender gender) {
  CARILLON_CHECK(number <= kMaxSpoken);
  if (number == 0) return std::string(kFeminine[0]);
  std::vector<Group> groups;
  if (number >= 1'000'000) groups.push_back(hebrew_millions(number / 1'000'000));
  number %= 1'000'000;
  if (number >= 1000) groups.push_back(hebrew_thousands(number / 1000));
  number %= 1000;
  if (number > 0) {
    const auto parts = hebrew_parts(number, gender);
    groups.push_back({hebrew_joined(parts), parts.size() > 1});
  }
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const bool needs_and = i > 0 && i + 1 == groups.size() && !groups[i].has_and;
    add(text, needs_and ? "ו" + groups[i].text : groups[i].text);
  }
  return text;
}

}  // namespace carillon
