#include "core/campaign/phone_number.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "core/campaign/phone_blocks.h"

namespace carillon {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string e164_of(std::string_view text, std::string_view region) {
  const auto number = parse_phone_number(text, region);
  return number ? number->e164 : "-";
}

TEST(PhoneNumber, NationalNumbersAreOfTheDefaultRegion) {
  EXPECT_EQ(e164_of("050-123-4567", "IL"), "+972501234567");
  EXPECT_EQ(e164_of("0501234567", "IL"), "+972501234567");
  EXPECT_EQ(e164_of("972501234567", "IL"), "+972501234567");
  EXPECT_EQ(e164_of("00972501234567", "IL"), "+972501234567");
  EXPECT_EQ(e164_of("(202) 555-0100", "US"), "+12025550100");
  EXPECT_EQ(e164_of("050-123-4567", ""), "-");
}

TEST(PhoneNumber, InternationalNumbersNeedNoRegion) {
  EXPECT_EQ(e164_of("+1 202 555 0100", ""), "+12025550100");
  EXPECT_EQ(e164_of(" +1 (202) 555-0100 ", "IL"), "+12025550100");
}

TEST(PhoneNumber, ACallersNumberBecomesWhatWouldBeDialled) {
  EXPECT_EQ(caller_number("0501234567", "IL"), "+972501234567");
  EXPECT_EQ(caller_number("972501234567", ""), "+972501234567");
  EXPECT_EQ(caller_number("+12025550100", ""), "+12025550100");
  EXPECT_EQ(caller_number("12025550100", ""), "+12025550100");
  EXPECT_EQ(caller_number("77", ""), "77");
  EXPECT_EQ(caller_number("", "IL"), "");
}

TEST(PhoneNumber, WhatCannotBeDialledIsRefusedWithAReason) {
  for (const char* text : {"", "abc", "12", "0501234567", "+1", "+1202555010012345678", "+99912345678",
                           "+12025550100;ext=5", "+1202${EVIL}", "+12025550100@evil.example"}) {
    const auto number = parse_phone_number(text, "");
    if (number.has_value()) {
      EXPECT_EQ(number->e164.find_first_not_of("+0123456789"), std::string::npos) << text;
    } else {
      EXPECT_FALSE(number.error().detail.empty()) << text;
    }
  }
  EXPECT_FALSE(parse_phone_number("+12025550100;ext=5", "").has_value());
}

TEST(PhoneNumber, WhatASpreadsheetRoundedIsNoNumber) {
  for (const std::string_view text : {"9.72501E+11", "9,72501e+11", "1.20256E11", "12E4"}) {
    const auto number = parse_phone_number(text, "IL");
    ASSERT_FALSE(number) << text;
    EXPECT_THAT(number.error().detail, HasSubstr("spreadsheet"));
  }
}

TEST(PhoneNumber, APossibleNumberOfAnUnknownRangeIsTakenAndSaysSo) {
  const auto known = parse_phone_number("+12025550100", "");
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->is_known_range);
  EXPECT_THAT(known->regions, ElementsAre("US"));
  const auto unknown = parse_phone_number("+19995550100", "");
  ASSERT_TRUE(unknown);
  EXPECT_FALSE(unknown->is_known_range);
  EXPECT_THAT(unknown->regions, Contains("CA"));
}

TEST(PhoneNumber, ThreadsMayAskAtOnce) {
  const auto ask_all = [](int* wrong) {
    for (int i = 0; i < 2000; ++i) {
      const auto digits = std::to_string(1'000'000 + i);
      if (e164_of("050" + digits, "IL") != "+97250" + digits) ++*wrong;
    }
  };
  int wrong[2] = {};
  std::thread other(ask_all, &wrong[0]);
  ask_all(&wrong[1]);
  other.join();
  EXPECT_EQ(wrong[0] + wrong[1], 0);
}

// --- Shared answers ---

std::string shown(const Result<PhoneNumber>& number) {
  if (!number) return "error: " + number.error().detail;
  std::string text = number->e164 + (number->is_known_range ? " known" : " unknown");
  for (const auto& region : number->regions) text += " " + region;
  return text;
}

struct Home {
  std::string_view region;
  std::string_view code;
};
constexpr Home kHomes[] = {{"IL", "972"}, {"US", "1"},   {"CA", "1"},   {"GB", "44"},  {"JE", "44"},  {"DE", "49"},
                           {"FR", "33"},  {"IT", "39"},  {"VA", "39"},  {"RU", "7"},   {"KZ", "7"},   {"BR", "55"},
                           {"AR", "54"},  {"MX", "52"},  {"AU", "61"},  {"CX", "61"},  {"BS", "1"},   {"JM", "1"},
                           {"NO", "47"},  {"FI", "358"}, {"IN", "91"},  {"CN", "86"},  {"JP", "81"},  {"SG", "65"},
                           {"NZ", "64"},  {"ZA", "27"},  {"PS", "970"}, {"HU", "36"},  {"LT", "370"}, {"BY", "375"},
                           {"MA", "212"}, {"RE", "262"}, {"GP", "590"}, {"CR", "506"}, {"UY", "598"}, {"SM", "378"},
                           {"ZZ", "800"}, {"", "883"},   {"001", "870"}};

// Numbers as in lists of one place: many have their length and their first digits in common, some are written in other
// ways, some come from abroad.
class NumberMaker {
 public:
  NumberMaker(std::string_view home_code, std::uint64_t seed) : home_code_(home_code), random_(seed) {}

  std::string make() {
    if (beginning_.empty() || below(40) == 0) begin();
    std::string digits = beginning_;
    while (digits.size() < length_) digits += static_cast<char>('0' + below(10));
    std::string text = has_plus_ ? "+" : "";
    for (const char digit : digits) {
      text += digit;
      if (below(12) == 0) text += " -.()/"[below(6)];
    }
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

  void begin() {
    constexpr std::string_view prefixes[] = {"0", "1", "00", "8", "90", "9", "011", "01115", "06"};
    has_plus_ = below(2) == 0;
    const bool has_code = has_plus_ || below(3) == 0;
    const std::string_view code = below(3) == 0 ? kHomes[below(std::size(kHomes))].code : home_code_;
    beginning_ = has_code ? std::string(code) : "";
    if (below(has_code ? 6 : 2) == 0) beginning_ += prefixes[below(std::size(prefixes))];
    const std::size_t significant = 5 + below(7);
    length_ = std::max<std::size_t>(beginning_.size() + significant, 7);
    for (std::size_t i = below(4); i > 0; --i) beginning_ += static_cast<char>('0' + below(10));
  }

  std::string_view home_code_;
  std::mt19937_64 random_;
  bool has_plus_ = false;
  std::string beginning_;
  std::size_t length_ = 0;
};

// CARILLON_LONG=1 tries millions.
TEST(PhoneBlocks, GiveTheAnswersOfTheLibraryInEveryRegion) {
  const int count = std::getenv("CARILLON_LONG") != nullptr ? 200'000 : 1000;
  for (const auto& home : kHomes) {
    PhoneBlocks blocks{std::string(home.region)};
    NumberMaker maker(home.code, 1);
    for (int i = 0; i < count; ++i) {
      const auto text = maker.make();
      ASSERT_EQ(shown(blocks.parse(text)), shown(parse_phone_number(text, home.region)))
          << "'" << text << "' in " << home.region;
    }
  }
}

TEST(PhoneBlocks, GiveTheAnswersOfTheLibraryForNumbersOfOneCountry) {
  PhoneBlocks blocks("IL");
  std::mt19937_64 random(7);
  for (int i = 0; i < 5000; ++i) {
    std::string text = i % 2 == 0 ? "05" : "+1";
    for (int digit = 0; digit < (i % 2 == 0 ? 8 : 10); ++digit) text += static_cast<char>('0' + random() % 10);
    ASSERT_EQ(shown(blocks.parse(text)), shown(parse_phone_number(text, "IL"))) << text;
  }
}

TEST(PhoneBlocks, AskOncePerBlock) {
  PhoneBlocks blocks("IL");
  for (int i = 0; i < 10'000; ++i) {
    const auto number = blocks.parse("050-" + std::to_string(1'000'000 + i * 731));
    ASSERT_TRUE(number);
    EXPECT_EQ(number->e164, "+97250" + std::to_string(1'000'000 + i * 731));
  }
  EXPECT_LT(blocks.asked(), 20U);
}

RC_GTEST_PROP(PhoneBlocks, GiveTheAnswersOfTheLibraryForAnyText, ()) {
  const auto piece =
      rc::gen::elementOf(std::vector<std::string>{"0", "1", "2", "5", "7", "9", "50", "972", "+", "+1", "202555",
                                                  "(", ")", "-", " ", "/", ".", "x",  "E",   "٠", ";"});
  PhoneBlocks blocks("IL");
  const auto prefix = *rc::gen::container<std::vector<std::string>>(5, piece);
  std::string beginning;
  for (const auto& part : prefix) beginning += part;
  for (int i = 0; i < 4; ++i) {
    std::string text = beginning;
    for (const auto& part : *rc::gen::container<std::vector<std::string>>(5, piece)) text += part;
    RC_ASSERT(shown(blocks.parse(text)) == shown(parse_phone_number(text, "IL")));
  }
}

}  // namespace
}  // namespace carillon
