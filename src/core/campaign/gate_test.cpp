#include "core/campaign/gate.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "core/campaign/calling_time.h"

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr hours kDay{24};
const Time kNow = time_from_ms(1'773'136'800'000);  // 2026-03-10 10:00 UTC, noon in Jerusalem

// Everything is as it should be; tests spoil what they are about.
struct World {
  Places places = Places::parse("IL\t+314650+0351326\tAsia/Jerusalem\n");
  PolicyPack policy;
  Campaign campaign;
  Facts facts;
  Time now = kNow;
  Duration max_call = minutes(10);
  bool is_trunk_available = true;
  CallingTime time{.is_open = true, .gate = "", .reason = "", .detail = "open", .opens_at = {}, .closes_at = {}};

  World() {
    for (const auto kind : {CampaignClass::kAdvertisement, CampaignClass::kDonation, CampaignClass::kInformational,
                            CampaignClass::kEmergency})
      policy.classes[kind] = {};
    campaign.id = "spring";
    campaign.settings.kind = CampaignClass::kAdvertisement;
    campaign.settings.advertiser = "Acme";
    facts.number = "+972501234567";
    facts.zones = {"Asia/Jerusalem"};
  }
  ClassRules& rules() { return policy.classes[campaign.settings.kind]; }

  std::vector<Verdict> ask() const {
    GateContext context{campaign, policy, places, now};
    context.max_call = max_call;
    context.is_trunk_available = is_trunk_available;
    context.calling_time = &time;
    return evaluate_gates(facts, context);
  }
  Verdict ask(std::string_view gate) const {
    const auto verdicts = ask();
    const auto found = std::ranges::find(verdicts, gate, &Verdict::gate);
    EXPECT_NE(found, verdicts.end()) << gate;
    return *found;
  }
  // "hold consent-missing", "pass"
  std::string say(std::string_view gate) const {
    const auto verdict = ask(gate);
    return std::string(to_string(verdict.decision)) + (verdict.reason.empty() ? "" : " " + verdict.reason);
  }
};

Suppression suppression(SuppressionLevel level, std::string scope = "") {
  return {"+972501234567", level, std::move(scope), "asked", "call", kNow - kDay, {}};
}
Consent consent(std::string basis, Time given_at, std::optional<Time> expires_at = {}) {
  return {"Acme", std::move(basis), "archive/1", given_at, expires_at};
}

TEST(Gates, AllPassWhenNothingSpeaksAgainstTheCall) {
  const auto verdicts = World().ask();
  EXPECT_EQ(verdicts.size(), 15u);
  for (const auto& verdict : verdicts) {
    EXPECT_EQ(verdict.decision, Decision::kPass) << verdict.gate << ": " << verdict.reason;
    EXPECT_FALSE(verdict.gate.empty());
  }
  EXPECT_FALSE(deciding_verdict(verdicts).has_value());
}

TEST(Gates, EveryOneSpeaksWhateverTheOthersSaid) {
  World world;
  world.facts.number.clear();
  world.facts.is_duplicate = true;
  world.facts.has_open_attempt = true;
  world.is_trunk_available = false;
  EXPECT_EQ(world.ask().size(), 15u);
  EXPECT_EQ(world.say("number"), "skip number-invalid");
  EXPECT_EQ(world.say("duplicate"), "skip duplicate");
  EXPECT_EQ(world.say("number-open"), "hold number-open");
  EXPECT_EQ(world.say("trunk"), "hold trunk-unavailable");
}

TEST(Gates, ComputeTheCallingTimeIfItIsNotGiven) {
  const World world;
  GateContext context{world.campaign, world.policy, world.places, world.now};
  const auto deciding = deciding_verdict(evaluate_gates(world.facts, context));
  ASSERT_TRUE(deciding.has_value());
  EXPECT_EQ(deciding->gate, "window") << "the test's policy has no hours at all";
}

TEST(SuppressionGate, KnowsEveryLevel) {
  World world;
  world.rules().registries = {{"il-dnc", 15 * kDay, hours(0)}};
  const auto say = [&](const Suppression& entry) {
    world.facts.suppressions = {entry};
    return world.say("suppression");
  };
  EXPECT_EQ(say(suppression(SuppressionLevel::kGlobal)), "skip suppressed-global");
  EXPECT_EQ(say(suppression(SuppressionLevel::kRegistry, "il-dnc")), "skip suppressed-registry");
  EXPECT_EQ(say(suppression(SuppressionLevel::kAdvertiser, "Acme")), "skip suppressed-advertiser");
  EXPECT_EQ(say(suppression(SuppressionLevel::kAdvertiser, "ACME")), "skip suppressed-advertiser");
  EXPECT_EQ(say(suppression(SuppressionLevel::kAdvertiser, "Other")), "pass");
  EXPECT_EQ(say(suppression(SuppressionLevel::kAdvertiser, "")), "skip suppressed-advertiser");
  EXPECT_EQ(say(suppression(SuppressionLevel::kCampaign, "spring")), "skip suppressed-campaign");
  EXPECT_EQ(say(suppression(SuppressionLevel::kCampaign, "autumn")), "pass");
}

TEST(SuppressionGate, NoClassIsFreeOfGlobalEntries) {
  for (const auto kind : {CampaignClass::kAdvertisement, CampaignClass::kDonation, CampaignClass::kInformational,
                          CampaignClass::kEmergency}) {
    World world;
    world.campaign.settings.kind = kind;
    world.facts.suppressions = {suppression(SuppressionLevel::kGlobal)};
    EXPECT_EQ(world.say("suppression"), "skip suppressed-global") << to_string(kind);
  }
}

TEST(SuppressionGate, AnExpiredEntryIsNone) {
  World world;
  world.facts.suppressions = {suppression(SuppressionLevel::kGlobal)};
  world.facts.suppressions[0].expires_at = kNow;
  EXPECT_EQ(world.say("suppression"), "pass");
  world.facts.suppressions[0].expires_at = kNow + Duration(1);
  EXPECT_EQ(world.say("suppression"), "skip suppressed-global");
}

TEST(SuppressionGate, ARegistryBindsTheClassesThatNameIt) {
  World world;
  world.facts.suppressions = {suppression(SuppressionLevel::kRegistry, "il-dnc")};
  EXPECT_EQ(world.say("suppression"), "skip suppressed-registry") << "no class names it: the operator's own";
  world.policy.classes[CampaignClass::kAdvertisement].registries = {{"il-dnc", 15 * kDay, 365 * kDay}};
  EXPECT_EQ(world.say("suppression"), "skip suppressed-registry");
  world.facts.consents = {consent("written", kNow - 30 * kDay)};
  EXPECT_EQ(world.say("suppression"), "pass") << "a fresh consent overrides the registry";
  world.facts.consents.clear();
  world.campaign.settings.kind = CampaignClass::kInformational;
  EXPECT_EQ(world.say("suppression"), "pass") << "the class is not bound to this registry";
}

TEST(SuppressionGate, NamesTheWidestLevelAndTheReason) {
  World world;
  world.facts.suppressions = {suppression(SuppressionLevel::kCampaign, "spring"),
                              suppression(SuppressionLevel::kGlobal)};
  const auto verdict = world.ask("suppression");
  EXPECT_EQ(verdict.reason, "suppressed-global");
  EXPECT_EQ(verdict.detail, "on the global suppression list since 2026-03-09: asked");
}

TEST(RegistryGate, HoldsWithoutAFreshAnswer) {
  World world;
  EXPECT_EQ(world.say("registry"), "pass") << "no registry is asked for";
  world.rules().registries = {{"il-dnc", 15 * kDay, 365 * kDay}};
  const auto say = [&](std::vector<RegistryCheck> checks) {
    world.facts.registry_checks = std::move(checks);
    return world.say("registry");
  };
  EXPECT_EQ(say({}), "hold registry-stale");
  EXPECT_EQ(say({{"us-dnc", false, kNow}}), "hold registry-stale") << "another registry's answer";
  EXPECT_EQ(say({{"il-dnc", false, kNow - 15 * kDay}}), "pass");
  EXPECT_EQ(say({{"il-dnc", false, kNow - 15 * kDay - Duration(1)}}), "hold registry-stale");
  EXPECT_EQ(say({{"il-dnc", false, kNow + Duration(1)}}), "hold registry-stale") << "from the future";
  EXPECT_EQ(say({{"il-dnc", true, kNow - kDay}}), "skip registry-listed");
  EXPECT_EQ(say({{"il-dnc", false, kNow - 20 * kDay}, {"il-dnc", true, kNow - kDay}}), "skip registry-listed");
  EXPECT_EQ(say({{"il-dnc", false, kNow - kDay}, {"il-dnc", true, kNow - 20 * kDay}}), "pass") << "the newest counts";
}

TEST(RegistryGate, AFreshConsentOverridesAListing) {
  World world;
  world.rules().registries = {{"il-dnc", 15 * kDay, 365 * kDay}};
  world.rules().consent_bases = {"written"};
  world.facts.registry_checks = {{"il-dnc", true, kNow - kDay}};
  const auto say = [&](const Consent& given) {
    world.facts.consents = {given};
    return world.say("registry");
  };
  EXPECT_EQ(say(consent("written", kNow - 364 * kDay)), "pass");
  EXPECT_EQ(say(consent("written", kNow - 365 * kDay)), "skip registry-listed") << "too old";
  EXPECT_EQ(say(consent("written", kNow - kDay, kNow)), "skip registry-listed") << "ended";
  EXPECT_EQ(say(consent("customer", kNow - kDay)), "skip registry-listed") << "not on that basis";
  EXPECT_EQ(say(consent("written", kNow + kDay)), "skip registry-listed") << "from the future";
  auto to_others = consent("written", kNow - kDay);
  to_others.advertiser = "Other";
  EXPECT_EQ(say(to_others), "skip registry-listed");
}

TEST(RegistryGate, AListingWeighsMoreThanAMissingAnswer) {
  World world;
  world.rules().registries = {{"first", kDay, hours(0)}, {"second", kDay, hours(0)}};
  world.facts.registry_checks = {{"second", true, kNow}};
  EXPECT_EQ(world.say("registry"), "skip registry-listed");
}

TEST(ConsentGate, AMissingConsentHolds) {
  World world;
  EXPECT_EQ(world.say("consent"), "pass") << "none is asked for";
  world.rules().needs_consent = true;
  world.rules().consent_bases = {"written", "recorded-call"};
  const auto say = [&](std::vector<Consent> consents) {
    world.facts.consents = std::move(consents);
    return world.say("consent");
  };
  EXPECT_EQ(say({}), "hold consent-missing");
  EXPECT_EQ(say({consent("written", kNow - 900 * kDay)}), "pass") << "without an end";
  EXPECT_EQ(say({consent("customer", kNow - kDay)}), "hold consent-missing");
  EXPECT_EQ(say({consent("written", kNow + kDay)}), "hold consent-missing");
  EXPECT_EQ(say({consent("written", kNow - 9 * kDay, kNow - kDay)}), "hold consent-expired");
  EXPECT_EQ(say({consent("written", kNow - 9 * kDay, kNow - kDay), consent("recorded-call", kNow - kDay)}), "pass");
  world.rules().consent_max_age = 365 * kDay;
  EXPECT_EQ(say({consent("written", kNow - 366 * kDay)}), "hold consent-expired");
  EXPECT_EQ(say({consent("written", kNow - 366 * kDay, kNow + kDay)}), "pass") << "its own end counts";
  world.campaign.settings.advertiser.clear();
  EXPECT_EQ(say({{"", "written", "", kNow - kDay, {}}}), "hold consent-missing") << "consent to nobody";
}

TEST(CallingTimeGates, GiveOneLineEach) {
  for (const auto* gate : {"window", "holiday", "jewish-day"}) {
    World world;
    world.time = {false, gate, "its-word", "why", kNow + hours(3), {}};
    for (const auto* other : {"window", "holiday", "jewish-day"})
      EXPECT_EQ(world.say(other), std::string_view(gate) == other ? "hold its-word" : "pass");
    EXPECT_EQ(world.ask(gate).until, kNow + hours(3));
  }
}

TEST(AttemptCapsGate, HoldUntilTheOldestOneLeavesTheSpan) {
  World world;
  world.rules().caps = {.per_day = 2, .per_week = 3, .per_month = 0, .lifetime = 0};
  world.facts.attempts = {kNow - hours(30), kNow - hours(5)};
  EXPECT_EQ(world.say("attempt-caps"), "pass");
  world.facts.attempts = {kNow - hours(20), kNow - hours(5)};
  EXPECT_EQ(world.say("attempt-caps"), "hold cap-day");
  EXPECT_EQ(world.ask("attempt-caps").until, kNow + hours(4));
  world.facts.attempts = {kNow - hours(24), kNow - hours(5)};
  EXPECT_EQ(world.say("attempt-caps"), "pass") << "exactly a day ago is out";
  world.facts.attempts = {kNow - 6 * kDay, kNow - hours(20), kNow - hours(5)};
  EXPECT_EQ(world.say("attempt-caps"), "hold cap-week") << "the longer one";
  EXPECT_EQ(world.ask("attempt-caps").until, kNow + kDay);
}

TEST(AttemptCapsGate, KnowsThirtyDaysAndALifetime) {
  World world;
  world.rules().caps = {.per_day = 0, .per_week = 0, .per_month = 3, .lifetime = 5};
  world.facts.attempts = {kNow - 29 * kDay, kNow - 20 * kDay, kNow - 10 * kDay};
  EXPECT_EQ(world.say("attempt-caps"), "hold cap-month");
  EXPECT_EQ(world.ask("attempt-caps").until, kNow + kDay);
  world.facts.attempts = std::vector<Time>(5, kNow - 90 * kDay);
  EXPECT_EQ(world.say("attempt-caps"), "skip cap-lifetime");
}

// However attempts lie: at `until` the cap is free, a moment earlier it is not.
RC_GTEST_PROP(AttemptCapsGate, FreesAtTheMomentItNames, ()) {
  World world;
  world.rules().caps = {
      .per_day = *rc::gen::inRange(0, 4), .per_week = *rc::gen::inRange(0, 6), .per_month = 0, .lifetime = 0};
  for (const int age : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 200)))
    world.facts.attempts.push_back(kNow - hours(age));
  std::ranges::sort(world.facts.attempts);
  const auto verdict = world.ask("attempt-caps");
  if (verdict.decision == Decision::kPass) return;
  world.now = *verdict.until - Duration(1);
  RC_ASSERT(world.ask("attempt-caps").decision == Decision::kHold);
  world.now = *verdict.until;
  RC_ASSERT(world.ask("attempt-caps").decision == Decision::kPass);
}

TEST(NumberOpenGate, AsksAgainSoon) {
  World world;
  world.facts.has_open_attempt = true;
  EXPECT_EQ(world.ask("number-open").until, kNow + std::chrono::seconds(30));
}

TEST(UnknownGate, HoldsUntilAnOperatorDecides) {
  World world;
  world.facts.unknown_at = kNow - 90 * kDay;
  const auto verdict = world.ask("unknown");
  EXPECT_EQ(verdict.reason, "unknown-attempt");
  EXPECT_FALSE(verdict.until.has_value());
}

TEST(BudgetGate, CountsTheWorstCaseOfOneMoreCall) {
  World world;
  EXPECT_EQ(world.say("budget"), "pass") << "no budget";
  world.campaign.settings.budget = Budget{.limit = 1.0, .price_per_minute = 0.1, .billing_step = minutes(1)};
  world.max_call = minutes(2) + Duration(1);  // three steps: 0.30
  world.facts.spent = 0.7;
  EXPECT_EQ(world.say("budget"), "pass") << "to the last cent";
  world.facts.spent = 0.71;
  EXPECT_EQ(world.say("budget"), "hold budget-spent");
  EXPECT_FALSE(world.ask("budget").until.has_value()) << "time alone does not help";
  world.facts.spent = 0.1;
  world.facts.reserved = 0.61;
  EXPECT_EQ(world.say("budget"), "hold budget-spent");
  EXPECT_EQ(world.ask("budget").until, kNow + std::chrono::seconds(30)) << "calls under way may cost less";
}

TEST(ScheduleGate, KeepsToTheCampaignsTime) {
  World world;
  world.campaign.settings.expected_call = minutes(1);
  world.campaign.settings.starts_at = kNow;
  world.campaign.settings.ends_at = kNow + minutes(1);
  EXPECT_EQ(world.say("schedule"), "pass");
  world.campaign.settings.ends_at = kNow + minutes(1) - Duration(1);
  EXPECT_EQ(world.say("schedule"), "skip campaign-over") << "the call may last beyond it";
  world.campaign.settings.ends_at.reset();
  world.campaign.settings.starts_at = kNow + hours(1);
  EXPECT_EQ(world.say("schedule"), "hold not-started");
  EXPECT_EQ(world.ask("schedule").until, kNow + hours(1));
}

TEST(PromptGate, HoldsWhileNothingSpeaksAndSkipsWhatCannotBeSaid) {
  const auto say = [](const ContactPrompt* prompt) {
    World world;
    GateContext context{world.campaign, world.policy, world.places, world.now};
    context.prompt = prompt;
    for (const auto& verdict : evaluate_gates(world.facts, context)) {
      if (verdict.gate == "prompt") return verdict;
    }
    return Verdict{};
  };
  EXPECT_EQ(say(nullptr).decision, Decision::kPass);
  const ContactPrompt ready{.id = "0123456789abcdef0123456789abcdef"};
  EXPECT_EQ(say(&ready).decision, Decision::kPass);
  const ContactPrompt away{.problem = "the speech engine does not answer"};
  EXPECT_EQ(say(&away).reason, "prompt-not-ready");
  EXPECT_EQ(say(&away).until, kNow + minutes(1));
  const ContactPrompt wrong{.problem = "there is no value for {name}", .is_final = true};
  EXPECT_EQ(say(&wrong).decision, Decision::kSkip);
  EXPECT_EQ(say(&wrong).reason, "prompt-impossible");
  EXPECT_EQ(say(&wrong).detail, "there is no value for {name}");
}

TEST(DecidingVerdict, IsTheFirstSkipElseTheLongestHold) {
  const Verdict pass{"a", Decision::kPass, "", "", {}};
  const Verdict brief{"b", Decision::kHold, "brief", "", kNow + minutes(1)};
  const Verdict lasting{"c", Decision::kHold, "lasting", "", kNow + hours(9)};
  const Verdict endless{"d", Decision::kHold, "endless", "", {}};
  const Verdict other{"e", Decision::kHold, "other", "", {}};
  const Verdict skip{"f", Decision::kSkip, "skip", "", {}};
  const Verdict second{"g", Decision::kSkip, "second", "", {}};
  const auto reason = [](const std::vector<Verdict>& verdicts) {
    const auto deciding = deciding_verdict(verdicts);
    return deciding ? deciding->reason : "";
  };
  EXPECT_EQ(reason({}), "");
  EXPECT_EQ(reason({pass, pass}), "");
  EXPECT_EQ(reason({pass, brief, lasting, brief}), "lasting");
  EXPECT_EQ(reason({brief, endless, lasting, other}), "endless");
  EXPECT_EQ(reason({endless, skip, second}), "skip");
}

}  // namespace
}  // namespace carillon
