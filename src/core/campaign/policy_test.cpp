#include "core/campaign/policy.h"

#include <gtest/gtest.h>

#include <chrono>

namespace carillon {
namespace {

using std::chrono::hours;

constexpr hours kDay{24};

PolicyPack builtin(std::string_view file_name) {
  for (const auto& policy : builtin_policies()) {
    if (policy.file_name != file_name) continue;
    auto pack = parse_policy_pack(policy.text, policy.file_name);
    EXPECT_TRUE(pack.has_value()) << pack.error().detail;
    return *pack;
  }
  ADD_FAILURE() << file_name;
  return {};
}

// The default pack's text with one change.
std::string changed(std::string_view what, std::string_view into) {
  std::string text(builtin_policies()[0].text);
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), into);
}

std::string error_of(const std::string& text) {
  const auto pack = parse_policy_pack(text, "my.toml");
  return pack ? "" : pack.error().detail;
}

TEST(PolicyPack, TheBuiltInOnesAreGoodAndAskWhatTheirLawAsks) {
  for (const auto& policy : builtin_policies()) {
    const auto pack = parse_policy_pack(policy.text, policy.file_name);
    ASSERT_TRUE(pack.has_value()) << pack.error().detail;
    EXPECT_EQ(pack->id + ".toml", policy.file_name);
    EXPECT_GE(pack->version, 1);
    EXPECT_FALSE(pack->sources.empty());
    for (const auto kind : {CampaignClass::kAdvertisement, CampaignClass::kDonation}) {
      const auto& rules = pack->rules_of(kind);
      EXPECT_TRUE(rules.needs_preamble && rules.needs_removal_key) << pack->id;
      EXPECT_EQ(rules.needs_consent, pack->id != "none");
    }
    for (const auto& [kind, rules] : pack->classes) {
      EXPECT_GT(rules.caps.per_day, 0) << pack->id << " " << to_string(kind);
      EXPECT_EQ(rules.needs_admin, kind == CampaignClass::kEmergency);
    }
    const auto& emergency = pack->rules_of(CampaignClass::kEmergency);
    EXPECT_FALSE(emergency.observes_holidays || emergency.observes_jewish_days || emergency.needs_consent);
    for (const auto& day : emergency.hours.days) EXPECT_EQ(day, (std::vector<HourSpan>{{0, kMinutesPerDay}}));
  }
}

TEST(PolicyPack, TheDefaultOneIsNoCountrysLaw) {
  const auto pack = default_policy_pack();
  EXPECT_EQ(pack.id, "none");
  EXPECT_TRUE(pack.regions.empty());
  for (const auto& day : pack.rules_of(CampaignClass::kInformational).hours.days)
    EXPECT_EQ(day, (std::vector<HourSpan>{{9 * 60, 20 * 60}}));
}

TEST(PolicyPack, IsraelsRegistryShabbatAndFriday) {
  const auto pack = builtin("il.toml");
  const auto& rules = pack.rules_of(CampaignClass::kAdvertisement);
  ASSERT_EQ(rules.registries.size(), 1u);
  EXPECT_EQ(rules.registries[0].registry, "il-dnc");
  EXPECT_EQ(rules.registries[0].max_age, 15 * kDay);
  EXPECT_EQ(rules.registries[0].consent_overrides, 365 * kDay);
  EXPECT_EQ(rules.consent_bases, (std::vector<std::string>{"written", "recorded-call"}));
  EXPECT_EQ(rules.hours.days[5], (std::vector<HourSpan>{{9 * 60, 14 * 60}}));
  EXPECT_TRUE(rules.observes_jewish_days);
  EXPECT_EQ(pack.jewish_days.minutes_before_sunset, 40);
  EXPECT_EQ(pack.jewish_days.minutes_after_sunset, 72);
  EXPECT_FALSE(pack.jewish_days.is_diaspora);
  EXPECT_TRUE(pack.rules_of(CampaignClass::kDonation).registries.empty());
}

TEST(PolicyPack, OtherCountries) {
  const auto us = builtin("us.toml");
  EXPECT_EQ(us.rules_of(CampaignClass::kAdvertisement).registries[0].max_age, 31 * kDay);
  EXPECT_EQ(us.rules_of(CampaignClass::kAdvertisement).consent_bases, std::vector<std::string>{"written"});
  EXPECT_EQ(us.rules_of(CampaignClass::kInformational).caps.per_month, 3);
  EXPECT_EQ(us.rules_of(CampaignClass::kDonation).hours.days[3], (std::vector<HourSpan>{{8 * 60, 21 * 60}}));
  EXPECT_EQ(builtin("uk.toml").regions, std::vector<std::string>{"GB"});
  EXPECT_EQ(builtin("eu.toml").regions.size(), 30u);
}

// Easter Sunday, by the anonymous Gregorian computus.
std::chrono::sys_days easter(int year) {
  const int a = year % 19, b = year / 100, c = year % 100;
  const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
  const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
  const int n = h + l - 7 * ((a + 11 * h + 22 * l) / 451) + 114;
  return std::chrono::year(year) / (n / 31) / (n % 31 + 1);
}

TEST(PolicyPack, DatedHolidaysFallOnTheWeekdaysTheyMust) {
  using namespace std::chrono;
  for (const auto* file : {"us.toml", "uk.toml"}) {
    for (const auto& holiday : builtin(file).holidays) {
      if (holiday.year == 0) continue;
      const year_month_day date{year(holiday.year), month(holiday.month), day(holiday.day)};
      const auto& name = holiday.name;
      ASSERT_TRUE(date.ok()) << name;
      const weekday weekday{sys_days(date)};
      if (name == "Good Friday") {
        EXPECT_EQ(sys_days(date), easter(holiday.year) - days(2));
      } else if (name == "Easter Monday") {
        EXPECT_EQ(sys_days(date), easter(holiday.year) + days(1));
      } else if (name == "Thanksgiving Day") {
        EXPECT_EQ(date, year_month_day(date.year() / November / Thursday[4]));
      } else if (name.ends_with("(observed)") || name.ends_with("(substitute day)")) {
        EXPECT_TRUE(weekday != Saturday && weekday != Sunday) << name << " " << holiday.year;
      } else {
        EXPECT_EQ(weekday, Monday) << name << " " << holiday.year;
      }
    }
  }
}

TEST(PolicyPack, MistakesAreToldWithTheirPlace) {
  struct Case {
    std::string what, into, error;
  };
  for (const auto& [what, into, error] : std::vector<Case>{
           {"version = 1", "version = 1\ncolour = 3", "my.toml:9:1: colour: there is no such key"},
           {"version = 1", "version = \"1\"", "my.toml:8:11: version: must be a whole number from 1"},
           {"version = 1", "", "version: is missing"},
           {"version = 1", "version = = 1", "my.toml:8:11: "},
           {"[class.donation]", "[class.gift]", "class.donation: is missing"},
           {"needs_consent = false", "needs_consents = false", "class.advertisement.needs_consent: is missing"},
           {"needs_consent = false", "needs_consent = 0", "class.advertisement.needs_consent: must be true or false"},
           {"needs_consent = false", "needs_consent = true", "needs_advertiser: must be true"},
           {"needs_consent = false", "needs_consent = false\nconsent_bases = [\"oral\"]", "a basis is one of"},
           {"hours = \"day\"", "hours = \"night\"", "class.advertisement.hours: there is no [hours.night]"},
           {"monday = [\"09:00-20:00\"]", "monday = [\"9-20\"]", "hours.day.monday: \"9-20\" are no hours"},
           {"monday = [\"09:00-20:00\"]", "", "hours.day.monday: is missing"},
           {"monday = [", "mondays = []\nmonday = [", "hours.day.mondays: there is no such key"},
           {"per_week = 20", "per_year = 20", "class.advertisement.caps.per_year: there is no such key"},
           {"per_week = 20", "per_week = -1", "must be a whole number from 0"},
           {"regions = []", "regions = [\"Israel\"]", "a region is two capital letters"},
           {"id = \"none\"", "id = \"my pack\"", "id: must be letters"},
       }) {
    const auto found = error_of(changed(what, into));
    EXPECT_NE(found.find(error), std::string::npos) << what << " -> " << into << ": " << found;
    EXPECT_EQ(found.find("my.toml:"), 0u) << found;
    EXPECT_EQ(found.find("my.toml:0"), std::string::npos) << found;
  }
}

TEST(PolicyPack, MistakesInListsOfSectionsAreTold) {
  const auto holiday = [](std::string_view text) {
    return error_of(changed("regions = []", "regions = [\"US\"]") + "\n[[holidays]]\nname = \"A\"\n" +
                    std::string(text));
  };
  EXPECT_EQ(holiday("date = 2026-12-25\nregion = \"US\""), "");
  EXPECT_EQ(holiday("every_year = \"02-29\""), "");
  EXPECT_NE(holiday("every_year = \"02-30\"").find("must be month and day"), std::string::npos);
  EXPECT_NE(holiday("every_year = \"2-3\"").find("must be month and day"), std::string::npos);
  EXPECT_NE(holiday("date = \"2026-12-25\"").find("must be a date without quotes"), std::string::npos);
  EXPECT_NE(holiday("date = 2026-12-25\nevery_year = \"12-25\"").find("either a date or"), std::string::npos);
  EXPECT_NE(holiday("").find("either a date or"), std::string::npos);
  EXPECT_NE(holiday("date = 2026-12-25\nregion = \"GB\"").find("one of the pack's regions"), std::string::npos);
  EXPECT_NE(error_of(changed("id =", "holidays = 3\nid =")).find("must be written as [[holidays]]"), std::string::npos);
}

TEST(CheckSettings, TellsWhatTheClassLacks) {
  const auto pack = builtin("il.toml");
  CampaignSettings settings;
  settings.kind = CampaignClass::kAdvertisement;
  settings.keys = {{'9', KeyAction::kDonation}};
  EXPECT_EQ(check_settings(settings, pack, false).size(), 3u) << "preamble, removal key, advertiser";

  settings.preamble = "who-calls";
  settings.advertiser = "Acme";
  settings.keys = {{'1', KeyAction::kDonation}, {'9', KeyAction::kOptOut}};
  EXPECT_TRUE(check_settings(settings, pack, false).empty());
  settings.keys = {};
  EXPECT_TRUE(check_settings(settings, pack, false).empty()) << "the built-in keys have removal";
  settings.keys = {{'1', KeyAction::kDonation}};
  ASSERT_EQ(check_settings(settings, pack, false).size(), 1u);
  EXPECT_NE(check_settings(settings, pack, false)[0].find("key 9 for removal"), std::string::npos);
}

TEST(CheckSettings, EmergenciesNeedAnAdmin) {
  CampaignSettings settings;
  settings.kind = CampaignClass::kEmergency;
  EXPECT_EQ(check_settings(settings, default_policy_pack(), false).size(), 1u);
  EXPECT_TRUE(check_settings(settings, default_policy_pack(), true).empty());
}

TEST(CheckSettings, HoursThatNeverMeetThePolicysAreToldBeforeTheStart) {
  CampaignSettings settings;
  settings.hours = WeeklyHours{};
  settings.hours->days[1] = {{20 * 60, 23 * 60}};
  EXPECT_EQ(check_settings(settings, default_policy_pack(), false).size(), 1u);
  settings.hours->days[1] = {{19 * 60, 23 * 60}};
  EXPECT_TRUE(check_settings(settings, default_policy_pack(), false).empty());
}

}  // namespace
}  // namespace carillon
