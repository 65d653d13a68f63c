#include "prompt/spoken.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace carillon {
namespace {

using enum SpokenLanguage;
using ::testing::HasSubstr;

struct Row {
  std::string_view value;
  std::string_view english;
  std::string_view hebrew;
};

template <class Speak>
void expect_rows(std::initializer_list<Row> rows, Speak speak) {
  for (const auto& row : rows) {
    const auto english = speak(row.value, kEnglish);
    const auto hebrew = speak(row.value, kHebrew);
    EXPECT_EQ(english.value_or("-"), row.english) << row.value;
    EXPECT_EQ(hebrew.value_or("-"), row.hebrew) << row.value;
  }
}

TEST(SpokenLanguage, ByItsTag) {
  EXPECT_EQ(parse_spoken_language("en-US"), kEnglish);
  EXPECT_EQ(parse_spoken_language("he_IL"), kHebrew);
  EXPECT_EQ(parse_spoken_language("iw"), kHebrew);
  EXPECT_EQ(parse_spoken_language("fr"), std::nullopt);
  EXPECT_EQ(parse_spoken_language(""), std::nullopt);
}

TEST(SpokenNumber, WithDecimalsAndSigns) {
  expect_rows(
      {{"1,234", "one thousand two hundred thirty-four", "אלף מאתיים שלושים וארבע"},
       {" 7 ", "seven", "שבע"},
       {"-3.50", "minus three point five zero", "מינוס שלוש נקודה חמש אפס"},
       {"007", "seven", "שבע"},
       {"999999999", "nine hundred ninety-nine million nine hundred ninety-nine thousand nine hundred ninety-nine",
        "תשע מאות תשעים ותשעה מיליון תשע מאות תשעים ותשעה אלף תשע מאות תשעים ותשע"},
       {"1000000000", "-", "-"},
       {"12,34", "-", "-"},
       {"1.", "-", "-"},
       {"1.2345678", "-", "-"},
       {"", "-", "-"},
       {"seven", "-", "-"},
       {"--1", "-", "-"}},
      [](auto value, auto language) { return spoken_number(value, language); });
  EXPECT_EQ(*spoken_number("3", kHebrew, true), "שלושה");
}

TEST(SpokenOrdinal, IsEnglish) {
  EXPECT_EQ(*spoken_ordinal("3", kEnglish), "third");
  EXPECT_EQ(spoken_ordinal("3.5", kEnglish).error().code, ErrorCode::Invalid);
  EXPECT_THAT(spoken_ordinal("3", kHebrew).error().detail, HasSubstr("English only"));
}

TEST(SpokenDigits, OneByOneInTheirGroups) {
  expect_rows({{"105", "one zero five", "אחת אפס חמש"},
               {"12-34", "one two, three four", "אחת שתיים, שלוש ארבע"},
               {"12a", "-", "-"},
               {"", "-", "-"}},
              [](auto value, auto language) { return spoken_digits(value, language); });
  EXPECT_TRUE(spoken_digits(std::string(64, '1'), kEnglish));
  EXPECT_FALSE(spoken_digits(std::string(65, '1'), kEnglish));
}

TEST(SpokenPhone, InTheGroupsThatPeopleUse) {
  expect_rows({{"+12025550123", "plus one, two zero two, five five five, zero one two three",
                "פלוס אחת, שתיים אפס שתיים, חמש חמש חמש, אפס אחת שתיים שלוש"},
               {"202-555-0123", "two zero two, five five five, zero one two three",
                "שתיים אפס שתיים, חמש חמש חמש, אפס אחת שתיים שלוש"},
               {"+1 (202) 555 0123", "plus one, two zero two, five five five, zero one two three",
                "פלוס אחת, שתיים אפס שתיים, חמש חמש חמש, אפס אחת שתיים שלוש"},
               {"12", "-", "-"},
               {"office", "-", "-"},
               {"+", "-", "-"}},
              [](auto value, auto language) { return spoken_phone(value, language); });
  EXPECT_EQ(*spoken_phone("+972550000123", kHebrew), "אפס חמש חמש, אפס אפס אפס, אפס אחת שתיים שלוש");
}

TEST(SpokenMoney, CountsShekelsAsMenAndAgorotAsWomen) {
  const auto shekels = [](auto value, auto language) { return spoken_money(value, "ILS", language); };
  expect_rows({{"0", "zero shekels", "אפס שקלים"},
               {"1", "one shekel", "שקל אחד"},
               {"2", "two shekels", "שני שקלים"},
               {"3", "three shekels", "שלושה שקלים"},
               {"10", "ten shekels", "עשרה שקלים"},
               {"12", "twelve shekels", "שנים עשר שקלים"},
               {"18", "eighteen shekels", "שמונה עשר שקלים"},
               {"22", "twenty-two shekels", "עשרים ושניים שקלים"},
               {"180", "one hundred eighty shekels", "מאה ושמונים שקלים"},
               {"1,000", "one thousand shekels", "אלף שקלים"},
               {"3600", "three thousand six hundred shekels", "שלושת אלפים ושש מאות שקלים"},
               {"0.01", "one agora", "אגורה אחת"},
               {"0.02", "two agorot", "שתי אגורות"},
               {"0.5", "fifty agorot", "חמישים אגורות"},
               {"1.01", "one shekel and one agora", "שקל אחד ואגורה אחת"},
               {"2.02", "two shekels and two agorot", "שני שקלים ושתי אגורות"},
               {"3.13", "three shekels and thirteen agorot", "שלושה שקלים ושלוש עשרה אגורות"},
               {"1,250.50", "one thousand two hundred fifty shekels and fifty agorot",
                "אלף מאתיים וחמישים שקלים וחמישים אגורות"},
               {"₪180", "one hundred eighty shekels", "מאה ושמונים שקלים"},
               {"180 ₪", "one hundred eighty shekels", "מאה ושמונים שקלים"},
               {"180 ILS", "one hundred eighty shekels", "מאה ושמונים שקלים"}},
              shekels);
}

TEST(SpokenMoney, NeverTellsAnotherAmount) {
  for (const auto* value : {"1.250", "1.250,50", "1,2", "-5", "$5", "abc", "", "1e3", "1000000000", "5 5", "₪"}) {
    EXPECT_FALSE(spoken_money(value, "ILS", kHebrew)) << value;
  }
  EXPECT_FALSE(spoken_money("5.5", "JPY", kEnglish));
  EXPECT_THAT(spoken_money("5", "XYZ", kEnglish).error().detail, HasSubstr("ILS USD EUR"));
}

TEST(SpokenMoney, OtherCurrencies) {
  EXPECT_EQ(*spoken_money("$1.05", "USD", kEnglish), "one dollar and five cents");
  EXPECT_EQ(*spoken_money("2", "USD", kHebrew), "שני דולרים");
  EXPECT_EQ(*spoken_money("1.01", "GBP", kEnglish), "one pound and one penny");
  EXPECT_EQ(*spoken_money("1", "GBP", kHebrew), "לירה שטרלינג אחת");
  EXPECT_EQ(*spoken_money("2", "GBP", kHebrew), "שתי לירות שטרלינג");
  EXPECT_EQ(*spoken_money("5", "EUR", kHebrew), "חמישה אירו");
  EXPECT_EQ(*spoken_money("500", "JPY", kEnglish), "five hundred yen");
}

TEST(SpokenDate, InBothLanguages) {
  expect_rows(
      {{"2026-11-24", "November twenty-fourth, twenty twenty-six", "עשרים וארבעה בנובמבר אלפיים עשרים ושש"},
       {"2026-11-24T10:00:00Z", "November twenty-fourth, twenty twenty-six", "עשרים וארבעה בנובמבר אלפיים עשרים ושש"},
       {"1.1.2000", "January first, two thousand", "אחד בינואר אלפיים"},
       {"02.03.2006", "March second, two thousand six", "שניים במרץ אלפיים ושש"},
       {"1948-05-14", "May fourteenth, nineteen forty-eight", "ארבעה עשר במאי אלף תשע מאות ארבעים ושמונה"},
       {"1905-12-31", "December thirty-first, nineteen oh five", "שלושים ואחד בדצמבר אלף תשע מאות וחמש"},
       {"1900-06-10", "June tenth, nineteen hundred", "עשרה ביוני אלף ותשע מאות"},
       {"24/11/2026", "-", "עשרים וארבעה בנובמבר אלפיים עשרים ושש"},
       {"2024-02-29", "February twenty-ninth, twenty twenty-four", "עשרים ותשעה בפברואר אלפיים עשרים וארבע"},
       {"2026-02-29", "-", "-"},
       {"2026-13-01", "-", "-"},
       {"2026-11-241", "-", "-"},
       {"24.11.26", "-", "-"},
       {"tomorrow", "-", "-"},
       {"", "-", "-"}},
      [](auto value, auto language) { return spoken_date(value, language); });
}

TEST(SpokenTime, InBothLanguages) {
  expect_rows({{"14:30", "two thirty PM", "שתיים וחצי בצהריים"},
               {"09:05", "nine oh five AM", "תשע וחמש דקות בבוקר"},
               {"9:15", "nine fifteen AM", "תשע ורבע בבוקר"},
               {"00:00", "twelve midnight", "שתים עשרה בלילה"},
               {"12:00", "twelve noon", "שתים עשרה בצהריים"},
               {"00:01", "twelve oh one AM", "שתים עשרה ודקה בלילה"},
               {"17:02:59", "five oh two PM", "חמש ושתי דקות אחר הצהריים"},
               {"20:40", "eight forty PM", "שמונה וארבעים דקות בערב"},
               {"2026-11-24T23:11:00.5+02:00", "eleven eleven PM", "אחת עשרה ואחת עשרה דקות בלילה"},
               {"24:00", "-", "-"},
               {"12:60", "-", "-"},
               {"12:00:60", "-", "-"},
               {"12:00:000", "-", "-"},
               {"12", "-", "-"},
               {"noon", "-", "-"}},
              [](auto value, auto language) { return spoken_time(value, language); });
}

TEST(SpokenBareDigits, LongOnesAndCodesAreReadOneByOne) {
  EXPECT_EQ(spoken_bare_digits("5", kHebrew), "חמש");
  EXPECT_EQ(spoken_bare_digits("0", kHebrew), "אפס");
  EXPECT_EQ(spoken_bare_digits("120", kHebrew), "מאה ועשרים");
  EXPECT_EQ(spoken_bare_digits("03", kHebrew), "אפס שלוש");
  EXPECT_EQ(spoken_bare_digits("1234567890", kEnglish), "one two three four five six seven eight nine zero");
}

TEST(Spoken, AnyBytesAreAWordOrAnErrorAndNeverDigits) {
  EXPECT_TRUE(rc::check("no value breaks a format", [] {
    const auto value = *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::elementOf(std::string("0123456789.,:-/+ T")), rc::gen::arbitrary<char>()));
    for (const auto language : {kEnglish, kHebrew}) {
      for (const auto& spoken :
           {spoken_number(value, language), spoken_ordinal(value, language), spoken_digits(value, language),
            spoken_phone(value, language), spoken_money(value, "ILS", language), spoken_date(value, language),
            spoken_time(value, language)}) {
        if (!spoken) continue;
        RC_ASSERT(!spoken->empty());
        RC_ASSERT(spoken->find_first_of("0123456789") == std::string::npos);
      }
    }
  }));
}

}  // namespace
}  // namespace carillon
