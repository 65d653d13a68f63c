#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <chrono>

#include "core/campaign/campaign.h"
#include "core/campaign/retry.h"

namespace carillon {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

CampaignSettings parsed(std::string_view text) {
  auto settings = parse_campaign_settings(text);
  if (!settings) {
    ADD_FAILURE() << settings.error().detail;
    return {};
  }
  return *settings;
}

// What is said of settings that are right but for these members.
std::string complaint_about(std::string_view members) {
  const auto settings =
      parse_campaign_settings(fmt::format(R"({{"name": "Spring", "class": "informational", {}}})", members));
  if (settings) return "";
  EXPECT_EQ(settings.error().code, ErrorCode::Invalid);
  return settings.error().detail;
}

TEST(CampaignSettings, NameAndClassAreEnough) {
  CampaignSettings expected;
  expected.name = "Spring";
  expected.kind = CampaignClass::kDonation;
  EXPECT_EQ(parsed(R"({"name": "Spring", "class": "donation"})"), expected);
}

TEST(CampaignSettings, EveryMemberIsRead) {
  const auto settings = parsed(R"({
    "name": "Spring", "class": "advertisement", "policy": "il", "advertiser": "The Lantern Society",
    "audio": "4f3c.ulaw", "preamble": "who-calls", "keys": {"1": "donation", "*": "repeat", "9": "opt-out"},
    "region": "IL", "timeZone": "Asia/Jerusalem", "hours": {"sun": ["09:00-13:00", "16:00-20:00"], "fri": ["09:00-12:30"]},
    "startsAt": "2026-11-22T09:00:00+02:00", "endsAt": "2026-12-22T18:00:00Z",
    "trunks": [{"trunk": "north", "priority": 1, "weight": 3}, {"trunk": "south"}],
    "callsPerSecond": 2.5, "maxLiveCalls": 40, "weight": 2, "retry": {"busy": {"tries": 4, "waitSeconds": 900}},
    "ringTimeoutSeconds": 25, "expectedCallSeconds": 90,
    "budget": {"limit": 500, "pricePerMinute": 0.029, "billingStepSeconds": 6}})");
  EXPECT_EQ(settings.kind, CampaignClass::kAdvertisement);
  EXPECT_EQ(settings.policy, "il");
  EXPECT_EQ(settings.advertiser, "The Lantern Society");
  EXPECT_EQ(settings.audio, "4f3c.ulaw");
  EXPECT_EQ(settings.preamble, "who-calls");
  const std::map<char, KeyAction> keys{
      {'1', KeyAction::kDonation}, {'*', KeyAction::kRepeat}, {'9', KeyAction::kOptOut}};
  EXPECT_EQ(settings.keys, keys);
  EXPECT_EQ(settings.region, "IL");
  EXPECT_EQ(settings.time_zone, "Asia/Jerusalem");
  ASSERT_TRUE(settings.hours.has_value());
  EXPECT_EQ(settings.hours->days[0], (std::vector<HourSpan>{{540, 780}, {960, 1200}}));
  EXPECT_EQ(settings.hours->days[5], (std::vector<HourSpan>{{540, 750}}));
  EXPECT_TRUE(settings.hours->days[6].empty());
  EXPECT_EQ(settings.starts_at, parse_rfc3339("2026-11-22T07:00:00Z"));
  EXPECT_EQ(settings.ends_at, parse_rfc3339("2026-12-22T18:00:00Z"));
  EXPECT_EQ(settings.trunks, (std::vector<TrunkShare>{{"north", 1, 3}, {"south", 1, 1}}));
  EXPECT_EQ(settings.calls_per_second, 2.5);
  EXPECT_EQ(settings.max_live_calls, 40);
  EXPECT_EQ(settings.weight, 2);
  EXPECT_EQ(settings.retry, (RetryRules{{Outcome::kBusy, {4, minutes(15)}}})) << "no other outcome is tried again";
  EXPECT_EQ(settings.ring_timeout, seconds(25));
  EXPECT_EQ(settings.expected_call, seconds(90));
  EXPECT_EQ(settings.budget, (Budget{500, 0.029, seconds(6)}));
}

TEST(CampaignSettings, NullIsNotGiven) {
  EXPECT_EQ(parsed(R"({"name": "Spring", "class": "donation", "hours": null, "startsAt": null, "retry": null})"),
            parsed(R"({"name": "Spring", "class": "donation"})"));
  EXPECT_THAT(complaint_about(R"("budget": {"limit": null, "pricePerMinute": 1})"), "budget.limit is missing");
}

TEST(CampaignSettings, TheTextMustBeAnObjectOfBoundedSizeAndDepth) {
  EXPECT_EQ(parse_campaign_settings("").error().code, ErrorCode::BadRequest);
  EXPECT_EQ(parse_campaign_settings("[]").error().code, ErrorCode::BadRequest);
  EXPECT_EQ(parse_campaign_settings(R"({"name": "Spring")").error().code, ErrorCode::BadRequest);
  EXPECT_EQ(parse_campaign_settings(R"({"hours":{"sun":{"a":{"b":{"c":{"d":{}}}}}}})").error().code,
            ErrorCode::BadRequest);
  EXPECT_EQ(parse_campaign_settings(std::string(300 * 1024, ' ')).error().code, ErrorCode::TooLarge);
}

TEST(CampaignSettings, WhoCallsMustBeSaid) {
  EXPECT_EQ(parse_campaign_settings(R"({"class": "donation"})").error().detail, "name is missing");
  EXPECT_EQ(parse_campaign_settings(R"({"name": " ", "class": "donation"})").error().detail, "name is missing");
  EXPECT_EQ(parse_campaign_settings(R"({"name": "Spring"})").error().detail, "class is missing");
  EXPECT_EQ(parse_campaign_settings(R"({"name": "Spring", "class": "poll"})").error().detail,
            "class must be advertisement, donation, informational or emergency");
}

// Every bound and every wrong type, each with the name of its member.
TEST(CampaignSettings, TheErrorNamesItsMember) {
  const std::array<std::pair<const char*, const char*>, 52> wrong{{
      {R"("nam": "x")", "nam is not a member"},
      {R"("policy": 3)", "policy must be text"},
      {R"("policy": "a b")", "policy must be the id"},
      {R"("advertiser": "a\nb")", "advertiser must be"},
      {R"("audio": {})", "audio must be text"},
      {R"("preamble": [])", "preamble must be text"},
      {R"("keys": [])", "keys must be an object"},
      {R"("keys": {"12": "donation"})", "keys.12 is no key"},
      {R"("keys": {"": "donation"})", "keys. is no key"},
      {R"("keys": {"A": "donation"})", "keys.A is no key"},
      {R"("keys": {"1": "dance"})", "keys.1 must be"},
      {R"("keys": {"1": "invalid"})", "keys.1 must be"},
      {R"("keys": {"1": "donation\u0000"})", "keys.1 must be"},
      {R"("keys": {"1": 1})", "keys.1 must be"},
      {R"("keys": {"9": "donation"})", "keys.9 always means opt-out"},
      {R"("region": "Israel")", "region must be"},
      {R"("region": "il")", "region must be"},
      {R"("timeZone": "Mars/Olympus")", "timeZone is not known"},
      {R"("hours": {"sunday": ["09:00-10:00"]})", "hours.sunday is not a member"},
      {R"("hours": {"sun": "09:00-10:00"})", "hours.sun must be a list"},
      {R"("hours": {"sun": ["10:00-09:00"]})", "hours.sun is wrong"},
      {R"("hours": {"sun": [9]})", "hours.sun is wrong"},
      {R"("hours": {})", "hours opens on no day"},
      {R"("startsAt": "tomorrow")", "startsAt must be a time"},
      {R"("endsAt": 1795348800)", "endsAt must be text"},
      {R"("startsAt": "2026-11-22T09:00:00Z", "endsAt": "2026-11-22T09:00:00Z")", "endsAt is not after"},
      {R"("trunks": {})", "trunks must be a list"},
      {R"("trunks": ["north"])", "trunks[0] must be an object"},
      {R"("trunks": [{"trunk": "a b"}])", "trunks[0].trunk must be"},
      {R"("trunks": [{"trunk": "a"}, {"trunk": "a"}])", "trunks[1].trunk is named twice"},
      {R"("trunks": [{"trunk": "a", "priority": 0}])", "trunks[0].priority must be"},
      {R"("trunks": [{"trunk": "a", "weight": 1001}])", "trunks[0].weight must be"},
      {R"("trunks": [{"trunk": "a", "wait": 1}])", "trunks[0].wait is not a member"},
      {R"("callsPerSecond": -1)", "callsPerSecond must be"},
      {R"("callsPerSecond": 1000.5)", "callsPerSecond must be"},
      {R"("callsPerSecond": "5")", "callsPerSecond must be"},
      {R"("maxLiveCalls": 1.5)", "maxLiveCalls must be"},
      {R"("maxLiveCalls": 18446744073709551615)", "maxLiveCalls must be"},
      {R"("weight": 0)", "weight must be"},
      {R"("retry": {"nobody": {"tries": 1, "waitSeconds": 1}})", "retry.nobody is no outcome"},
      {R"("retry": {"unknown": {"tries": 2, "waitSeconds": 60}})", "retry.unknown is no outcome"},
      {R"("retry": {"busy": 3})", "retry.busy must be an object"},
      {R"("retry": {"busy": {"tries": 3}})", "retry.busy.waitSeconds is missing"},
      {R"("retry": {"busy": {"tries": 21, "waitSeconds": 60}})", "retry.busy.tries must be"},
      {R"("retry": {"busy": {"tries": 2, "waitSeconds": 0}})", "retry.busy.waitSeconds must be"},
      {R"("retry": {"busy": {"tries": 2, "waitSeconds": 60, "a": 1}})", "retry.busy.a is not a member"},
      {R"("ringTimeoutSeconds": 14)", "ringTimeoutSeconds must be a whole number, 15 to 120"},
      {R"("ringTimeoutSeconds": 121)", "ringTimeoutSeconds must be"},
      {R"("expectedCallSeconds": 0)", "expectedCallSeconds must be"},
      {R"("budget": {"limit": 0, "pricePerMinute": 1})", "budget.limit must be"},
      {R"("budget": {"limit": 1})", "budget.pricePerMinute is missing"},
      {R"("budget": {"limit": 1, "pricePerMinute": 1, "billingStepSeconds": 0})", "budget.billingStepSeconds must be"},
  }};
  for (const auto& [members, expected] : wrong) {
    EXPECT_THAT(complaint_about(members), testing::StartsWith(expected)) << members;
  }
}

std::string any_text(const std::string& alphabet, std::size_t max_size) {
  const auto size = *rc::gen::inRange<std::size_t>(1, max_size + 1);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(alphabet));
}

double any_money(int max) { return *rc::gen::inRange(1, max) / 1000.0; }

WeeklyHours any_hours() {
  WeeklyHours hours;
  hours.days[3] = {{0, 24 * 60}};
  for (auto& day : hours.days) {
    const int spans = *rc::gen::inRange(0, 4);
    for (int i = 0; i < spans; ++i) {
      const int from = *rc::gen::inRange(0, 24 * 60);
      day.push_back({from, *rc::gen::inRange(from + 1, 24 * 60 + 1)});
    }
  }
  return hours;
}

RetryRules any_rules() {
  RetryRules rules;
  for (const auto& [outcome, usual] : default_retry_rules()) {
    if (*rc::gen::arbitrary<bool>())
      rules[outcome] = {*rc::gen::inRange(1, 21), seconds(*rc::gen::inRange(1, 100'000))};
  }
  return rules;
}

std::map<char, KeyAction> any_keys() {
  std::map<char, KeyAction> keys;
  for (const char key : std::string("012345678*#")) {
    if (!*rc::gen::arbitrary<bool>()) continue;
    keys[key] = *rc::gen::element(KeyAction::kDonation, KeyAction::kMoreInfo, KeyAction::kAgent, KeyAction::kOptOut,
                                  KeyAction::kRepeat);
  }
  return keys;
}

CampaignSettings any_settings() {
  const std::string letters = "abcXYZ019";
  CampaignSettings settings;
  settings.name = "\u05d0" + any_text(letters + " \"\\/'{}", 30);
  settings.kind = *rc::gen::element(CampaignClass::kAdvertisement, CampaignClass::kDonation,
                                    CampaignClass::kInformational, CampaignClass::kEmergency);
  if (*rc::gen::arbitrary<bool>()) settings.policy = any_text(letters, 10);
  if (*rc::gen::arbitrary<bool>()) settings.advertiser = any_text(letters + " &", 30);
  if (*rc::gen::arbitrary<bool>()) settings.audio = any_text(letters + "/:.", 60);
  if (*rc::gen::arbitrary<bool>()) settings.preamble = any_text(letters, 60);
  settings.keys = any_keys();
  settings.region = *rc::gen::element<std::string>("", "IL", "US");
  settings.time_zone = *rc::gen::element<std::string>("", "Asia/Jerusalem", "America/New_York");
  if (*rc::gen::arbitrary<bool>()) settings.hours = any_hours();
  if (*rc::gen::arbitrary<bool>()) {
    settings.starts_at = time_from_ms(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000));
    settings.ends_at = *settings.starts_at + Duration(*rc::gen::inRange(1, 1'000'000'000));
  }
  const int trunks = *rc::gen::inRange(0, 5);
  for (int i = 0; i < trunks; ++i)
    settings.trunks.push_back({fmt::format("trunk-{}", i), *rc::gen::inRange(1, 101), *rc::gen::inRange(1, 1001)});
  settings.calls_per_second = any_money(1'000'000);
  settings.max_live_calls = *rc::gen::inRange(0, 100'001);
  settings.weight = *rc::gen::inRange(1, 1001);
  settings.retry = any_rules();
  settings.ring_timeout = seconds(*rc::gen::inRange(15, 121));
  settings.expected_call = seconds(*rc::gen::inRange(1, 7201));
  if (*rc::gen::arbitrary<bool>())
    settings.budget = Budget{any_money(2'000'000'000), any_money(100'000), seconds(*rc::gen::inRange(1, 3601))};
  return settings;
}

RC_GTEST_PROP(CampaignSettings, WhatIsWrittenIsReadBack, ()) {
  const auto settings = any_settings();
  const auto text = to_json_text(settings);
  const auto again = parse_campaign_settings(text);
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == settings);
  RC_ASSERT(to_json_text(*again) == text);
}

RC_GTEST_PROP(CampaignSettings, NoTextIsTooOdd, (const std::string& text)) {
  const auto settings = parse_campaign_settings(text);
  RC_ASSERT(!settings.has_value());
}

}  // namespace
}  // namespace carillon
