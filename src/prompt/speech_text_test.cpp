#include "prompt/speech_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace carillon {
namespace {

using enum SpokenLanguage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const SpeechVariables kContact = {{"name", "Ada"},
                                  {"amount", "1,250.50"},
                                  {"date", "2026-11-24"},
                                  {"time", "14:30"},
                                  {"phone", "+12025550123"},
                                  {"place", "3"},
                                  {"code", "10-5"},
                                  {"empty", " "},
                                  {"evil", "<break/> & \"x\"\n[["},
                                  {"שם", "רות"},
                                  {"bytes", "gr\xfc\xdf"},
                                  {"street", "הרצל 12"}};

std::string spoken(std::string_view text, SpokenLanguage language = kEnglish) {
  const auto result = speech_text(text, kContact, language);
  return result ? *result : "error: " + result.error().detail;
}

TEST(SpeechText, FillsInWhatIsKnownOfAContact) {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  const Row rows[] = {
      {"Hello {name}, you pledged {amount|money:ILS} on {date|date}.",
       "Hello Ada, you pledged one thousand two hundred fifty shekels and fifty agorot on November twenty-fourth, "
       "twenty twenty-six."},
      {"{ name | number }", "error: {name}: \"Ada\" is no number up to 999,999,999 such as 1,234 or 3.5"},
      {"You are {place|ordinal} at {time|time}", "You are third at two thirty PM"},
      {"Code {code|digits}", "Code one zero, five"},
      {"Call {phone|phone}", "Call plus one, two zero two, five five five, zero one two three"},
      {"{{name}} costs 5", "{name} costs 5"},
      {"{{{name}}}", "{Ada}"},
  };
  for (const auto& row : rows) EXPECT_EQ(spoken(row.text), row.expected);
}

TEST(SpeechText, InHebrew) {
  EXPECT_EQ(spoken("שלום {שם}, תרמת {amount|money:ILS} ב{date|date}.", kHebrew),
            "שלום רות, תרמת אלף מאתיים וחמישים שקלים וחמישים אגורות בעשרים וארבעה בנובמבר אלפיים עשרים ושש.");
  EXPECT_EQ(spoken("{place|number:m} ילדים, {place|number} בנות", kHebrew), "שלושה ילדים, שלוש בנות");
}

TEST(SpeechText, LeavesNoDigitToAHebrewEngine) {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  const Row rows[] = {{"רחוב {street}", "רחוב הרצל שתים עשרה"},
                      {"הקישו 9, או 1.", "הקישו תשע, או אחת."},
                      {"1,250 איש", "אלף מאתיים וחמישים איש"},
                      {"3.5 אחוז", "שלוש נקודה חמש אחוז"},
                      {"קוד 03", "קוד אפס שלוש"},
                      {"1.2.3", "אחת, שתיים, שלוש"},
                      {"ב-5", "ב-חמש"},
                      {"A4B", "A ארבע B"}};
  for (const auto& row : rows) EXPECT_EQ(spoken(row.text, kHebrew), row.expected);
}

TEST(SpeechText, NamesWhatIsMissingOrWrong) {
  EXPECT_EQ(spoken("Hello {first_name}"), "error: there is no value for {first_name}");
  EXPECT_EQ(spoken("Hello {empty}"), "error: there is no value for {empty}");
  EXPECT_THAT(spoken("Hello {bytes}"), HasSubstr("{bytes} is too long or not UTF-8"));
  EXPECT_THAT(spoken("{name|upper}"), HasSubstr("the format upper of {name} is unknown"));
  EXPECT_THAT(spoken("{amount|money}"), HasSubstr("needs a currency: ILS USD"));
  EXPECT_THAT(spoken("{amount|money:XYZ}"), HasSubstr("needs a currency"));
  EXPECT_THAT(spoken("{date|date:short}"), HasSubstr("takes no \"short\""));
  EXPECT_THAT(spoken("Hello {name"), HasSubstr("a { without its } at byte 7"));
  EXPECT_THAT(spoken("Hello {na{me}"), HasSubstr("a { without its }"));
  EXPECT_THAT(spoken("Hello }"), HasSubstr("a } without a {"));
  EXPECT_THAT(spoken("{}"), HasSubstr("no name of a variable"));
  EXPECT_THAT(spoken("{|date}"), HasSubstr("no name of a variable"));
  EXPECT_THAT(spoken("{" + std::string(65, 'a') + "}"), HasSubstr("no name of a variable"));
  EXPECT_THAT(spoken(" "), HasSubstr("nothing to be spoken"));
  EXPECT_THAT(spoken("\xff"), HasSubstr("not UTF-8"));
}

TEST(SpeechText, IsBounded) {
  EXPECT_EQ(spoken(std::string(2000, 'a')).size(), 2000U);
  EXPECT_THAT(spoken(std::string(2001, 'a')), HasSubstr("longer than 2,000 characters"));
  std::string hebrew;
  for (int i = 0; i < 2000; ++i) hebrew += "א";
  EXPECT_EQ(spoken(hebrew, kHebrew), hebrew) << "characters, not bytes";
  std::string many;
  for (int i = 0; i < 500; ++i) many += "{name} {name}";
  EXPECT_THAT(spoken(many), HasSubstr("longer than 2,000 characters"));
  EXPECT_THAT(spoken(std::string(8001, ' ')), HasSubstr("longer than"));
}

TEST(SpeechText, AValueIsNeverMarkup) {
  const auto ssml = speech_text("<speak>{evil}<break time=\"1s\"/></speak>", kContact, kHebrew, SpeechMarkup::kSsml);
  EXPECT_EQ(ssml.value_or(""), "<speak>&lt;break/&gt; &amp; &quot;x&quot; [[<break time=\"1s\"/></speak>");
  EXPECT_EQ(spoken("{evil}"), "<break/> & \"x\" [[") << "text is spoken as it is, without control characters";
  EXPECT_EQ(ssml_of("a < b\t& 'c'"), "<speak>a &lt; b &amp; &apos;c&apos;</speak>");
}

TEST(SpeechVariables, AreNamedEachOnce) {
  EXPECT_THAT(*speech_variables("{b} {a|date} {{c}} {b|number}"), ElementsAre("a", "b"));
  EXPECT_FALSE(speech_variables("{b"));
}

TEST(SpeechText, AnyTemplateAndValueGiveBoundedTextOrAnError) {
  EXPECT_TRUE(rc::check("no template breaks it", [] {
    const auto hostile = rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::elementOf(std::string("{}|: 0123456789.,<&\n\xd7\x90")), rc::gen::arbitrary<char>()));
    const auto text = "{v|" + *rc::gen::element<std::string>("number", "date", "phone", "money:ILS") + "}{v}";
    const auto value = *hostile;
    const auto wild = *hostile;
    for (const auto& tried : {speech_text(text, {{"v", value}}, kHebrew), speech_text(wild, {{"v", value}}, kHebrew),
                              speech_text("{v}", {{"v", value}}, kHebrew)}) {
      if (!tried) continue;
      RC_ASSERT(tried->size() <= kMaxSpokenCharacters * 4);
      RC_ASSERT(tried->find_first_of("0123456789\n") == std::string::npos);
    }
  }));
}

}  // namespace
}  // namespace carillon
