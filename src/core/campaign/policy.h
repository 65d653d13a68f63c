// Policy packs: what a country's law and custom ask of a campaign, as data. One TOML file each (config/policies), with
// a version that is stored with every attempt. docs/reference/policies.md describes the file.
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/campaign/campaign.h"
#include "core/campaign/hours.h"

namespace carillon {

// A registry that must have been asked about a number.
struct RegistryRule {
  std::string registry;        // "il-dnc"
  std::chrono::hours max_age;  // of the answer
  // A consent that is younger than this allows the call though the number is listed; 0 = none does.
  std::chrono::hours consent_overrides{0};
};

struct AttemptCaps {
  int per_day = 0;    // in any 24 h; 0 = no cap
  int per_week = 0;   // in any 7 days
  int per_month = 0;  // in any 30 days
  int lifetime = 0;
};

// What is asked of one class of campaign.
struct ClassRules {
  bool needs_preamble = false;
  bool needs_removal_key = false;
  bool needs_advertiser = false;
  bool needs_admin = false;  // to start it
  bool needs_consent = false;
  std::vector<std::string> consent_bases;  // that are enough; empty = any
  std::chrono::hours consent_max_age{0};   // of a consent without its own end; 0 = no end
  std::vector<RegistryRule> registries;
  AttemptCaps caps;
  WeeklyHours hours;                  // local time
  bool observes_holidays = true;      // public holidays of the person's region
  bool observes_jewish_days = false;  // Shabbat and holidays, by the sunset of the person's place
};

struct Holiday {
  std::string region;  // ISO 3166; empty = wherever the pack is used
  int year = 0;        // 0 = every year
  unsigned month = 1;
  unsigned day = 1;
  std::string name;
};

struct JewishDays {
  int minutes_before_sunset = 40;       // it begins so long before sunset of the eve
  int minutes_after_sunset = 72;        // and ends so long after sunset of the day
  bool is_diaspora = false;             // second days of holidays
  bool includes_minor_fasts = false;    // Tisha b'Av
  bool includes_national_days = false;  // Israel's: Yom HaShoah, Yom HaZikaron, Independence Day
};

struct PolicyPack {
  std::string id;  // "il"
  int version = 0;
  std::string title;
  std::vector<std::string> sources;  // where its numbers come from
  std::vector<std::string> regions;  // numbers of these regions are meant
  std::map<CampaignClass, ClassRules> classes;
  std::vector<Holiday> holidays;
  JewishDays jewish_days;

  const ClassRules& rules_of(CampaignClass kind) const;  // every class is there: parse_policy_pack sees to it
};

// From the file's text; errors say line and key. Strict: an unknown key is an error, a missing class too.
Result<PolicyPack> parse_policy_pack(std::string_view toml, std::string_view file_name);

// What the pack forbids of these settings, each a sentence; empty = it may start. is_admin: who asks.
std::vector<std::string> check_settings(const CampaignSettings& settings, const PolicyPack& policy, bool is_admin);

// The packs of config/policies as this program was built with them, so that it works without the files.
struct BuiltinPolicy {
  std::string_view file_name;  // "il.toml"
  std::string_view text;
};
std::span<const BuiltinPolicy> builtin_policies();

// The pack of a fresh install: no law of a country, only what never bends (window, opt-out).
PolicyPack default_policy_pack();

}  // namespace carillon
