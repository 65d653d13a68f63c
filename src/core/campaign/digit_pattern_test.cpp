#include "core/campaign/digit_pattern.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <initializer_list>
#include <regex>
#include <string>
#include <string_view>

namespace carillon {
namespace {

using Match = DigitPatterns::Match;

DigitPatterns of(std::initializer_list<std::string_view> patterns, Match match = Match::kWhole) {
  DigitPatterns set;
  for (const auto pattern : patterns) EXPECT_TRUE(set.add(pattern, match)) << pattern;
  return set;
}

DigitPatterns::State after(DigitPatterns& set, std::string_view digits) {
  auto state = set.start();
  for (const char digit : digits) state = set.step(state, digit);
  return state;
}

bool matches(DigitPatterns& set, std::string_view digits) { return set.is_match(after(set, digits)); }

TEST(DigitPatterns, MatchAsRegularExpressionsDo) {
  auto set = of({R"(1\d{6}(?:\d{3,5})?|[57]\d{8}|[1-489]\d{7})"});
  EXPECT_TRUE(matches(set, "1234567"));
  EXPECT_FALSE(matches(set, "123456789"));
  EXPECT_TRUE(matches(set, "1234567890"));
  EXPECT_TRUE(matches(set, "501234567"));
  EXPECT_FALSE(matches(set, "50123456"));
  EXPECT_TRUE(matches(set, "31234567"));
  EXPECT_FALSE(matches(set, "61234567"));
}

TEST(DigitPatterns, WhatIsNotUnderstoodIsRefused) {
  for (const std::string_view pattern : {"1*", "1+", ".", "1$", "^1", "[^1]", "[a]", "[1", "(1", "1)", "1{2", "1{3,2}",
                                         "1{999}", "\\D", "1??", "[]", "(?=1)"}) {
    DigitPatterns set;
    EXPECT_FALSE(set.add(pattern, Match::kWhole)) << pattern;
  }
}

TEST(DigitPatterns, SettledOnceOnlyTheNumberOfDigitsMatters) {
  auto set = of({R"(50[2-9]\d{6}|5012\d\d)"});
  EXPECT_FALSE(set.is_settled(after(set, "50")));
  EXPECT_TRUE(set.is_settled(after(set, "502")));
  EXPECT_FALSE(set.is_settled(after(set, "501")));
  EXPECT_TRUE(set.is_settled(after(set, "5012")));
  EXPECT_TRUE(set.is_settled(after(set, "5013")));
  EXPECT_TRUE(set.is_settled(after(set, "9")));
}

TEST(DigitPatterns, DeadOnceAPrefixCannotBecomeLonger) {
  auto set = of({"0(?:0|1[2-9])"});
  EXPECT_FALSE(set.is_dead(set.start()));
  EXPECT_FALSE(set.is_dead(after(set, "01")));
  EXPECT_TRUE(set.is_dead(after(set, "05")));
  EXPECT_TRUE(set.is_dead(after(set, "00")));
  EXPECT_TRUE(set.is_match(after(set, "00")));
}

TEST(DigitPatterns, ABeginningIsMatchedByWhateverFollows) {
  auto set = of({"24[23]"}, Match::kBeginning);
  EXPECT_TRUE(matches(set, "242555"));
  EXPECT_FALSE(matches(set, "241555"));
  EXPECT_TRUE(set.is_settled(after(set, "242")));
}

rc::Gen<std::string> pattern_of_depth(int depth) {
  const auto atom = rc::gen::elementOf(std::vector<std::string>{"0", "1", "7", "\\d", "[1-3]", "[0257-9]"});
  if (depth == 0) return atom;
  const auto inner = pattern_of_depth(depth - 1);
  return rc::gen::oneOf(
      atom, rc::gen::apply([](const std::string& a, const std::string& b) { return a + b; }, inner, inner),
      rc::gen::apply([](const std::string& a, const std::string& b) { return "(?:" + a + "|" + b + ")"; }, inner,
                     inner),
      rc::gen::apply([](const std::string& a) { return "(?:" + a + ")?"; }, inner),
      rc::gen::apply([](const std::string& a) { return "(" + a + "){1,3}"; }, inner));
}

RC_GTEST_PROP(DigitPatterns, AgreeWithTheStandardLibrary, ()) {
  const std::string pattern = *pattern_of_depth(4);
  const auto digits = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123789")));
  RC_PRE(digits.size() <= 12);
  auto set = of({pattern});
  RC_ASSERT(matches(set, digits) == std::regex_match(digits, std::regex(pattern)));
}

RC_GTEST_PROP(DigitPatterns, OfSettledDigitsAllContinuationsEndAlike, ()) {
  auto set = of({*pattern_of_depth(4), *pattern_of_depth(3)});
  const auto digit = rc::gen::elementOf(std::string("0123456789"));
  auto state = after(set, *rc::gen::container<std::string>(digit));
  RC_PRE(set.is_settled(state));
  auto other = state;
  for (int i = 0; i < 6; ++i) {
    state = set.step(state, *digit);
    other = set.step(other, *digit);
    RC_ASSERT(set.is_match(state) == set.is_match(other));
  }
}

}  // namespace
}  // namespace carillon
