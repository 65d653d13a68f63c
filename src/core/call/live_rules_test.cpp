#include "core/call/live_rules.h"

#include <gtest/gtest.h>

namespace carillon {
namespace {

constexpr bool kAdmin = true;
constexpr bool kOperator = false;

LiveRules everything() {
  LiveRules rules;
  rules.may_listen = rules.may_whisper = rules.may_record = true;
  rules.record_notice = "recorded";
  rules.record_keep_days = 30;
  rules.trunks = {"main", "spare"};
  rules.phones = {{"desk", {"desk-7", ""}}, {"night", {"spare", "+12025550150"}}};
  return rules;
}

TEST(LiveRules, ListeningWhisperingAndRecordingAreOffUntilSwitchedOn) {
  for (const auto verb : {LiveVerb::kListen, LiveVerb::kWhisper, LiveVerb::kRecord}) {
    const auto refused = check_verb({}, verb, kAdmin);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::Forbidden);
    EXPECT_NE(refused.error().detail.find("live."), std::string::npos) << "it says what to change";
    EXPECT_TRUE(check_verb(everything(), verb, kAdmin).has_value());
    EXPECT_FALSE(check_verb(everything(), verb, kOperator).has_value()) << "only an admin may";
  }
}

TEST(LiveRules, RecordingNeedsANoticeAndATimeToKeep) {
  auto rules = everything();
  rules.record_notice.clear();
  EXPECT_FALSE(check_verb(rules, LiveVerb::kRecord, kAdmin).has_value());
  rules = everything();
  rules.record_keep_days = 0;
  EXPECT_FALSE(check_verb(rules, LiveVerb::kRecord, kAdmin).has_value());
}

TEST(LiveRules, TheRestIsForOperators) {
  for (const auto verb : {LiveVerb::kPlay, LiveVerb::kHold, LiveVerb::kUnhold, LiveVerb::kMute, LiveVerb::kUnmute,
                          LiveVerb::kTransfer, LiveVerb::kTakeOver, LiveVerb::kHangUp, LiveVerb::kRelease})
    EXPECT_TRUE(check_verb({}, verb, kOperator).has_value()) << to_string(verb);
}

TEST(LiveRules, AudioGoesToNamedPhonesAndForAdminsToNumbersOverOurTrunks) {
  const auto rules = everything();
  EXPECT_EQ(find_phone(rules, "desk", "", kOperator)->endpoint, "desk-7");
  EXPECT_EQ(find_phone(rules, "night", "", kOperator)->number, "+12025550150");
  EXPECT_EQ(find_phone(rules, "+12025550151", "", kOperator).error().code, ErrorCode::Forbidden);
  EXPECT_EQ(find_phone(rules, "+12025550151", "", kAdmin)->endpoint, "main");
  EXPECT_EQ(find_phone(rules, "+12025550151", "spare", kAdmin)->endpoint, "spare");
  EXPECT_EQ(find_phone(rules, "+12025550151", "other", kAdmin).error().code, ErrorCode::Invalid);
}

TEST(LiveRules, NothingElseBecomesAChannel) {
  for (const char* text : {"", "nobody", "PJSIP/desk-7", "Local/9@from-trunk", "+12025550150@main", "+1202555015x",
                           "+0202555015", "+1", "+12025550150123456", "+12025550150&PJSIP/desk", "12025550150"})
    EXPECT_EQ(find_phone(everything(), text, "", kAdmin).error().code, ErrorCode::Invalid) << text;
}

TEST(LiveRules, PhonesAreReadFromTheConfiguration) {
  const std::vector<std::string> trunks{"main", "spare"};
  const auto desk = parse_phone("desk = desk-7", trunks);
  ASSERT_TRUE(desk.has_value());
  EXPECT_EQ(desk->first, "desk");
  EXPECT_EQ(desk->second.endpoint, "desk-7");
  EXPECT_EQ(parse_phone("a=+12025550150", trunks)->second.endpoint, "main");
  EXPECT_EQ(parse_phone("a=+12025550150@spare", trunks)->second.endpoint, "spare");
  for (const char* text : {"", "desk", "=desk-7", "desk=", "a b=c", "a=+12025550150@other", "a=PJSIP/x", "a=x@y"})
    EXPECT_FALSE(parse_phone(text, trunks).has_value()) << text;
}

}  // namespace
}  // namespace carillon
