#include "prompt/number_words.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace carillon {
namespace {

struct Row {
  std::uint32_t number;
  std::string_view words;
};

TEST(EnglishWords, AreThese) {
  const Row rows[] = {
      {0, "zero"},
      {7, "seven"},
      {13, "thirteen"},
      {20, "twenty"},
      {42, "forty-two"},
      {100, "one hundred"},
      {115, "one hundred fifteen"},
      {1000, "one thousand"},
      {1234, "one thousand two hundred thirty-four"},
      {20'005, "twenty thousand five"},
      {1'000'000, "one million"},
      {999'999'999, "nine hundred ninety-nine million nine hundred ninety-nine thousand nine hundred ninety-nine"}};
  for (const auto& row : rows) EXPECT_EQ(english_words(row.number), row.words);
}

TEST(EnglishOrdinal, AreThese) {
  const Row rows[] = {{0, "zeroth"},
                      {1, "first"},
                      {2, "second"},
                      {12, "twelfth"},
                      {20, "twentieth"},
                      {21, "twenty-first"},
                      {30, "thirtieth"},
                      {100, "one hundredth"},
                      {101, "one hundred first"},
                      {1000, "one thousandth"},
                      {1243, "one thousand two hundred forty-third"}};
  for (const auto& row : rows) EXPECT_EQ(english_ordinal(row.number), row.words);
}

TEST(HebrewWords, WithoutANounAreFeminine) {
  const Row rows[] = {{0, "אפס"},
                      {1, "אחת"},
                      {2, "שתיים"},
                      {8, "שמונה"},
                      {10, "עשר"},
                      {11, "אחת עשרה"},
                      {12, "שתים עשרה"},
                      {18, "שמונה עשרה"},
                      {20, "עשרים"},
                      {21, "עשרים ואחת"},
                      {100, "מאה"},
                      {101, "מאה ואחת"},
                      {115, "מאה וחמש עשרה"},
                      {180, "מאה ושמונים"},
                      {200, "מאתיים"},
                      {365, "שלוש מאות שישים וחמש"},
                      {1000, "אלף"},
                      {1001, "אלף ואחת"},
                      {1100, "אלף ומאה"},
                      {1150, "אלף מאה וחמישים"},
                      {2026, "אלפיים עשרים ושש"},
                      {3000, "שלושת אלפים"},
                      {10'000, "עשרת אלפים"},
                      {11'000, "אחד עשר אלף"},
                      {20'005, "עשרים אלף וחמש"},
                      {21'000, "עשרים ואחד אלף"},
                      {103'000, "מאה ושלושה אלף"},
                      {1'000'000, "מיליון"},
                      {1'020'000, "מיליון ועשרים אלף"},
                      {2'002'002, "שני מיליון אלפיים ושתיים"},
                      {1'234'567, "מיליון מאתיים שלושים וארבעה אלף חמש מאות שישים ושבע"}};
  for (const auto& row : rows) EXPECT_EQ(hebrew_words(row.number), row.words) << row.number;
}

TEST(HebrewWords, OfMasculineThings) {
  const Row rows[] = {{1, "אחד"},         {2, "שניים"},        {3, "שלושה"},
                      {8, "שמונה"},       {10, "עשרה"},        {12, "שנים עשר"},
                      {15, "חמישה עשר"},  {26, "עשרים ושישה"}, {118, "מאה ושמונה עשר"},
                      {300, "שלוש מאות"}, {1003, "אלף ושלושה"}};
  for (const auto& row : rows) EXPECT_EQ(hebrew_words(row.number, Gender::kMasculine), row.words) << row.number;
}

// --- Reading the words back, by another way than they were made ---

using Values = std::map<std::string, std::uint32_t, std::less<>>;

const Values kEnglishValues = {{"one", 1},      {"two", 2},        {"three", 3},     {"four", 4},      {"five", 5},
                               {"six", 6},      {"seven", 7},      {"eight", 8},     {"nine", 9},      {"ten", 10},
                               {"eleven", 11},  {"twelve", 12},    {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15},
                               {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19}, {"twenty", 20},
                               {"thirty", 30},  {"forty", 40},     {"fifty", 50},    {"sixty", 60},    {"seventy", 70},
                               {"eighty", 80},  {"ninety", 90}};

std::optional<std::uint32_t> read_english(std::string text) {
  if (text == "zero") return 0;
  for (char& c : text) c = c == '-' ? ' ' : c;
  std::uint32_t total = 0;
  std::uint32_t group = 0;
  for (const auto& word : split(text, ' ')) {
    if (word == "hundred") {
      group *= 100;
    } else if (word == "thousand" || word == "million") {
      total += group * (word == "million" ? 1'000'000 : 1000);
      group = 0;
    } else {
      const auto value = kEnglishValues.find(word);
      if (value == kEnglishValues.end()) return std::nullopt;
      group += value->second;
    }
  }
  return total + group;
}

const Values kHebrewValues = {
    {"אחת", 1},    {"אחד", 1},     {"שתיים", 2},  {"שניים", 2},   {"שתים", 2},    {"שנים", 2},    {"שני", 2},
    {"שלוש", 3},   {"שלושה", 3},   {"שלושת", 3},  {"ארבע", 4},    {"ארבעה", 4},   {"ארבעת", 4},   {"חמש", 5},
    {"חמישה", 5},  {"חמשת", 5},    {"שש", 6},     {"שישה", 6},    {"ששת", 6},     {"שבע", 7},     {"שבעה", 7},
    {"שבעת", 7},   {"שמונה", 8},   {"שמונת", 8},  {"תשע", 9},     {"תשעה", 9},    {"תשעת", 9},    {"עשר", 10},
    {"עשרה", 10},  {"עשרת", 10},   {"עשרים", 20}, {"שלושים", 30}, {"ארבעים", 40}, {"חמישים", 50}, {"שישים", 60},
    {"שבעים", 70}, {"שמונים", 80}, {"תשעים", 90}, {"מאה", 100},   {"מאתיים", 200}};

std::optional<std::uint32_t> read_hebrew(std::string_view text) {
  if (text == "אפס") return 0;
  constexpr std::string_view and_sign = "ו";
  std::uint32_t total = 0;
  std::uint32_t group = 0;
  std::uint32_t unit = 0;  // may turn out to be of hundreds
  for (std::string word : split(text, ' ')) {
    if (word.starts_with(and_sign)) word.erase(0, and_sign.size());
    const auto value = kHebrewValues.find(word);
    if (word == "מאות") {
      group += unit * 100;
      unit = 0;
    } else if (word == "אלף" || word == "אלפים" || word == "מיליון") {
      group += unit;
      total += (group == 0 ? 1 : group) * (word == "מיליון" ? 1'000'000 : 1000);
      group = unit = 0;
    } else if (word == "אלפיים") {
      total += 2000;
    } else if (value == kHebrewValues.end()) {
      return std::nullopt;
    } else {
      group += unit;
      unit = value->second;
    }
  }
  return total + group + unit;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// Numbers of every size, and those with many zeros, which grammar treats differently.
rc::Gen<std::uint32_t> numbers() {
  const auto any = rc::gen::inRange<std::uint32_t>(0, kMaxSpoken + 1);
  return rc::gen::oneOf(
      rc::gen::inRange<std::uint32_t>(0, 200), rc::gen::inRange<std::uint32_t>(0, 20'000), rc::gen::resize(100, any),
      rc::gen::map(rc::gen::inRange<std::uint32_t>(0, 1'000'000), [](std::uint32_t n) { return n / 100 * 100'000; }),
      rc::gen::map(rc::gen::inRange<std::uint32_t>(0, 1000),
                   [](std::uint32_t n) { return n / 10 * 1'000'000 + n % 10 * 1000 + n % 7; }));
}

TEST(NumberWords, TellTheNumberAndNothingElse) {
  EXPECT_TRUE(rc::check("words mean their number", [] {
    const auto number = *numbers();
    RC_ASSERT(number <= kMaxSpoken);
    RC_ASSERT(read_english(english_words(number)) == number);
    RC_ASSERT(read_hebrew(hebrew_words(number, Gender::kFeminine)) == number);
    RC_ASSERT(read_hebrew(hebrew_words(number, Gender::kMasculine)) == number);
    for (const auto& words : {english_words(number), english_ordinal(number), hebrew_words(number)}) {
      RC_ASSERT(words.find_first_of("0123456789") == std::string::npos);
      RC_ASSERT(words.find("  ") == std::string::npos && trim(words) == words);
    }
  }));
}

TEST(NumberWords, OfSmallNumbersAllAreRight) {
  for (std::uint32_t number = 0; number < 30'000; ++number) {
    ASSERT_EQ(read_english(english_words(number)), number);
    ASSERT_EQ(read_hebrew(hebrew_words(number)), number);
    ASSERT_EQ(read_hebrew(hebrew_words(number, Gender::kMasculine)), number);
  }
}

TEST(HebrewWords, TheLastPartHasItsAndOnce) {
  for (std::uint32_t number = 101; number < 10'000; ++number) {
    const auto words = hebrew_words(number);
    if (words.find(' ') == std::string::npos || number % 100 == 0) continue;
    ASSERT_EQ(count_of(words, " ו"), 1U) << words;
  }
}

TEST(HebrewWords, TheGenderChangesTheLastGroupAlone) {
  EXPECT_EQ(hebrew_words(3'003'003, Gender::kFeminine), "שלושה מיליון שלושת אלפים ושלוש");
  EXPECT_EQ(hebrew_words(3'003'003, Gender::kMasculine), "שלושה מיליון שלושת אלפים ושלושה");
}

}  // namespace
}  // namespace carillon
