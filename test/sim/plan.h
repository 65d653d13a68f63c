// What a simulated world has in it, drawn from its seed: policy, trunks, campaigns, people, and what operators will do.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "core/campaign/dialer.h"
#include "engine/testing/dice.h"

namespace carillon::testing {

enum class Deed : std::uint8_t {
  kPause,
  kResume,
  kStop,
  kStart,
  kSuppress,
  kSuppressForAWhile,
  kSuppressForCampaign,
  kUnsuppress,
  kResolve,
  kDial,
  kRingIn,
};

struct PlannedDeed {
  Deed deed = Deed::kPause;
  Duration at{};  // after the begin
  std::string campaign;
  std::string number;
  StopMode mode = StopMode::kDrain;
  std::string call_id;
};

struct PlannedImport {
  Duration at{};
  std::vector<NewContact> contacts;
};

struct PlannedCampaign {
  std::string id;
  CampaignSettings settings;
  std::vector<PlannedImport> imports;
};

// A trunk whose carrier is not well, for some time or always.
struct Trouble {
  enum class Kind : std::uint8_t { kDead, kRefuses, kSlow };
  std::string trunk;
  Kind kind = Kind::kDead;
  Duration from{};
  Duration to{};
};

struct Plan {
  Time begin{};
  Duration chaos{};    // faults and deeds happen only so long
  Duration give_up{};  // then operators stop what is left
  bool is_window_enforced = false;
  PolicyPack policy;
  std::vector<TrunkConfig> trunks;
  std::vector<Trouble> troubles;
  std::vector<PlannedCampaign> campaigns;
  std::vector<PlannedDeed> deeds;
  std::map<std::string, Fate> fates;  // by number
};

class Planner {
 public:
  explicit Planner(Dice& dice) : dice_(dice) {}

  Plan make() {
    plan_.is_window_enforced = dice_.chance(50);
    choose_time();
    choose_policy();
    choose_trunks();
    for (auto count = 1 + dice_.below(3); count > 0; --count) choose_campaign();
    for (auto count = dice_.below(15); count > 0; --count) choose_deed();
    return std::move(plan_);
  }

 private:
  static constexpr std::array kZones{"America/New_York", "Asia/Jerusalem", "Europe/London", "Asia/Kathmandu"};

  void choose_time() {
    constexpr std::array kBegins{
        1'700'000'000'000,  // 2023-11-14 22:13 UTC
        1'710'050'400'000,  // 2024-03-10 06:00 UTC, an hour before summer time begins in New York
        1'730'599'200'000,  // 2024-11-03 02:00 UTC, four hours before it ends there
        1'711'666'800'000,  // 2024-03-28 23:00 UTC, an hour before it begins in Jerusalem
        1'729'980'000'000,  // 2024-10-26 22:00 UTC, before it ends in Jerusalem and London
        1'711'846'800'000,  // 2024-03-31 01:00 UTC, it begins in London
    };
    plan_.begin = time_from_ms(dice_.one_of(kBegins)) - dice_.between(0, plan_.is_window_enforced ? 50'000'000 : 9'000);
    plan_.chaos = dice_.chance(50) ? dice_.between(60'000, 600'000) : dice_.between(600'000, 30'000'000);
    plan_.give_up = plan_.chaos + std::chrono::hours(plan_.is_window_enforced ? 30 : 5);
  }

  // A day's hours are one or two spans, the same on most days.
  WeeklyHours hours() {
    const std::array<std::vector<HourSpan>, 4> kinds{
        {{{540, 1200}}, {{0, 1440}}, {{60, 200}, {900, 1260}}, {{480, 720}, {840, 1320}}}};
    WeeklyHours hours;
    const auto& usual = dice_.one_of(kinds);
    for (auto& day : hours.days) day = dice_.chance(85) ? usual : std::vector<HourSpan>{};
    return hours;
  }
  void choose_policy() {
    plan_.policy.id = "sim";
    plan_.policy.version = 3;
    for (const auto kind : {CampaignClass::kAdvertisement, CampaignClass::kDonation, CampaignClass::kInformational,
                            CampaignClass::kEmergency}) {
      ClassRules rules;
      rules.hours = hours();
      rules.observes_holidays = dice_.chance(30);
      if (dice_.chance(30)) rules.caps.per_day = dice_.number(1, 3);
      if (dice_.chance(15)) rules.caps.per_week = dice_.number(1, 4);
      if (dice_.chance(15)) rules.caps.lifetime = dice_.number(1, 4);
      plan_.policy.classes[kind] = rules;
    }
    plan_.policy.classes[CampaignClass::kDonation].needs_consent = dice_.chance(30);
    // The morning of one day in two regions.
    plan_.policy.holidays = {{"US", 2024, 3, 10, "the day"}, {"IL", 2024, 10, 27, "the other day"}};
  }

  void choose_trunks() {
    const auto count = 1 + dice_.below(3);
    for (std::size_t i = 0; i < count; ++i) {
      TrunkConfig trunk;
      trunk.name = fmt::format("trunk-{}", i);
      trunk.limits.calls_per_second = dice_.chance(30) ? 0.5 : dice_.number(1, 20);
      trunk.limits.max_live_calls = dice_.number(1, 8);
      trunk.limits.max_short_ratio = dice_.chance(20) ? 0.10 : 0;
      trunk.limits.guard_calls = 10;
      if (dice_.chance(50)) trunk.caller_ids = {"+12025550190", "+12025550191"};
      plan_.trunks.push_back(trunk);
      if (!dice_.chance(40)) continue;
      Trouble trouble{trunk.name, static_cast<Trouble::Kind>(dice_.below(3)), {}, plan_.chaos};
      if (dice_.chance(70)) trouble.from = dice_.between(0, static_cast<int>(plan_.chaos.count()));
      if (dice_.chance(50)) trouble.to = trouble.from + dice_.between(1'000, 3'600'000);
      plan_.troubles.push_back(trouble);
    }
  }

  CampaignSettings settings() {
    CampaignSettings settings;
    settings.name = "a campaign";
    settings.policy = "sim";
    settings.kind = static_cast<CampaignClass>(dice_.below(4));
    settings.advertiser = "Acme";
    if (dice_.chance(30)) settings.hours = hours();
    if (dice_.chance(15)) settings.starts_at = plan_.begin + dice_.between(0, 7'200'000);
    if (dice_.chance(10)) settings.ends_at = plan_.begin + dice_.between(3'600'000, 90'000'000);
    for (const auto& trunk : plan_.trunks) {
      if (dice_.chance(60)) settings.trunks.push_back({trunk.name, dice_.number(1, 2), dice_.number(1, 3)});
    }
    if (dice_.chance(30)) settings.calls_per_second = dice_.chance(50) ? 0.2 : dice_.number(1, 5);
    if (dice_.chance(30)) settings.max_live_calls = dice_.number(1, 3);
    settings.weight = dice_.number(1, 4);
    settings.retry.clear();
    for (const auto outcome : {Outcome::kBusy, Outcome::kNoAnswer, Outcome::kCongestion, Outcome::kTrunkDown,
                               Outcome::kNoResponse, Outcome::kUnreachable, Outcome::kHuman}) {
      const int percent = outcome == Outcome::kHuman ? 3 : 60;
      if (dice_.chance(percent)) settings.retry[outcome] = {dice_.number(2, 3), dice_.between(1'000, 1'800'000)};
    }
    settings.ring_timeout = dice_.between(15'000, 40'000);
    settings.expected_call = dice_.between(30'000, 120'000);
    if (dice_.chance(20)) settings.budget = Budget{1.0 + dice_.number(0, 5), 0.1, Duration(30'000)};
    if (!check_settings(settings, plan_.policy, true).empty()) settings.hours.reset();  // nothing in common
    return settings;
  }
  void choose_campaign() {
    PlannedCampaign campaign;
    campaign.id = fmt::format("c{}", plan_.campaigns.size());
    campaign.settings = settings();
    std::vector<std::vector<std::string>> lanes;
    for (auto count = 1 + dice_.below(3); count > 0; --count) lanes.push_back({dice_.one_of(kZones)});
    if (dice_.chance(10)) lanes.push_back({"Asia/Jerusalem", "Europe/London"});
    if (dice_.chance(5)) lanes.emplace_back();
    for (auto count = 1 + dice_.below(3); count > 0; --count) {
      PlannedImport import;
      import.at = dice_.chance(60) ? Duration(0) : dice_.between(0, static_cast<int>(plan_.chaos.count()));
      for (auto size = 1 + dice_.below(7); size > 0; --size) import.contacts.push_back(contact(dice_.one_of(lanes)));
      campaign.imports.push_back(std::move(import));
    }
    plan_.campaigns.push_back(std::move(campaign));
  }
  NewContact contact(const std::vector<std::string>& zones) {
    NewContact contact;
    contact.number = number();
    contact.external_id = fmt::format("p{}", people_++);
    contact.place = make_place(zones, {});
    if (dice_.chance(60)) contact.consent = Consent{"Acme", "written", "file 7", plan_.begin - Duration(1'000), {}};
    return contact;
  }
  std::string number() {
    const auto number = fmt::format("+1202555{:04}", 100 + dice_.below(25));
    if (!plan_.fates.contains(number)) plan_.fates[number] = dice_.fate(false);
    return number;
  }

  void choose_deed() {
    PlannedDeed deed;
    deed.deed = static_cast<Deed>(dice_.below(11));
    deed.at = dice_.between(0, static_cast<int>(plan_.chaos.count()));
    deed.campaign = dice_.one_of(plan_.campaigns).id;
    deed.mode = static_cast<StopMode>(dice_.below(3));
    deed.number = number();
    deed.call_id = fmt::format("order-{}", plan_.deeds.size());
    const auto at = deed.at;
    const bool is_paused = deed.deed == Deed::kPause;
    plan_.deeds.push_back(deed);
    if (!is_paused || !dice_.chance(70)) return;
    deed.deed = Deed::kResume;
    deed.at = at + dice_.between(0, 1'200'000);
    plan_.deeds.push_back(std::move(deed));
  }

  Dice& dice_;
  Plan plan_;
  int people_ = 0;
};

}  // namespace carillon::testing
