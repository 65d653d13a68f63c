#include "app/simulation.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>
#include <sstream>

#include "app/policies.h"
#include "base/log.h"

namespace carillon {
namespace {

using simulated::Forecast;
using simulated::Scenario;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Scenario example(std::size_t contacts) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../examples/simulation.toml";
  auto scenario = simulated::parse_scenario(text_of(file), "examples/simulation.toml");
  EXPECT_TRUE(scenario.has_value()) << scenario.error().detail;
  scenario->contacts = contacts;
  return *std::move(scenario);
}

Result<Forecast> try_to_run(const Scenario& scenario) {
  log::set_up(log::Format::kText, "off");
  static const auto kPlaces = std::make_shared<const Places>(Places::parse(text_of("/usr/share/zoneinfo/zone.tab")));
  return simulate(scenario, *load_policies(""), kPlaces);
}

Forecast run(const Scenario& scenario) {
  auto forecast = try_to_run(scenario);
  EXPECT_TRUE(forecast.has_value()) << forecast.error().detail;
  return *std::move(forecast);
}

std::string json_of(const Forecast& forecast) { return boost::json::serialize(to_json(forecast)); }

std::int64_t sum_of(const std::map<std::string, std::int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0},
                         [](std::int64_t sum, const auto& one) { return sum + one.second; });
}

// A campaign under no country's law over one carrier, to people in one place.
Scenario plain(std::size_t contacts) {
  Scenario scenario;
  scenario.start = *parse_rfc3339("2026-11-25T06:00:00Z");
  scenario.contacts = contacts;
  scenario.time_zone = "Asia/Jerusalem";
  scenario.campaign.name = "plain";
  scenario.campaign.policy = "none";
  scenario.population.regions = {{"IL", 1, {{"Asia/Jerusalem", 1}}}};
  scenario.population.answered.fill(0.4);
  simulated::TrunkPlan trunk;
  trunk.config.name = "main";
  trunk.config.limits.calls_per_second = 5;
  trunk.config.limits.max_live_calls = 300;
  trunk.config.limits.max_short_ratio = 0;
  scenario.trunks = {trunk};
  return scenario;
}

TEST(Simulation, OfTheSameFileAndSeedIsTheSameToTheByte) {
  const Scenario scenario = example(800);
  const auto first = run(scenario);
  const auto second = run(scenario);
  EXPECT_EQ(json_of(first), json_of(second));
  EXPECT_EQ(to_table(first), to_table(second));
  EXPECT_EQ(to_svg(first), to_svg(second));
}

TEST(Simulation, OfAnotherSeedIsAnother) {
  Scenario scenario = example(800);
  const auto first = run(scenario);
  ++scenario.seed;
  const auto second = run(scenario);
  EXPECT_NE(first.outcomes, second.outcomes);
  EXPECT_NE(first.ends_at, second.ends_at);
}

TEST(Simulation, AccountsForEachContactAndEachCall) {
  const auto forecast = run(example(2'000));
  EXPECT_EQ(forecast.contacts, 2'000);
  EXPECT_EQ(sum_of(forecast.results) + sum_of(forecast.skipped) + sum_of(forecast.held), forecast.contacts);
  EXPECT_EQ(sum_of(forecast.outcomes), forecast.attempts);
  std::int64_t of_hours = 0;
  for (const auto& hour : forecast.hours) of_hours += hour.calls;
  EXPECT_EQ(of_hours, forecast.attempts);
  std::int64_t of_trunks = 0;
  for (const auto& trunk : forecast.trunks) of_trunks += trunk.calls;
  EXPECT_EQ(of_trunks, forecast.attempts);
  // 1.8 % are suppressed, 0.3 % did not consent.
  EXPECT_NEAR(static_cast<double>(sum_of(forecast.skipped)), 36, 20);
  EXPECT_NEAR(static_cast<double>(forecast.held.at("consent-missing")), 6, 6);
  EXPECT_FALSE(forecast.is_complete);
  EXPECT_GT(forecast.spent, 0);
}

TEST(Simulation, EndsWithTheCampaignIfNobodyIsHeld) {
  const auto forecast = run(plain(500));
  EXPECT_TRUE(forecast.is_complete);
  EXPECT_TRUE(forecast.held.empty());
  EXPECT_EQ(sum_of(forecast.results), 500);
  EXPECT_EQ(forecast.outcomes.count("canceled"), 0u);
  EXPECT_EQ(forecast.outcomes.count("unknown"), 0u);
}

TEST(Simulation, PlacesNoCallOutsideTheWindow) {
  Scenario scenario = plain(2'000);
  scenario.campaign.hours = WeeklyHours{};
  for (auto& day : scenario.campaign.hours->days) day = {{9 * 60, 13 * 60}};
  scenario.trunks[0].config.limits.calls_per_second = 0.1;  // over several days
  scenario.campaign.retry = {};
  const auto forecast = run(scenario);
  ASSERT_TRUE(forecast.is_complete);
  std::set<Time> days;
  for (const auto& hour : forecast.hours) {
    const auto day = std::chrono::floor<std::chrono::days>(hour.at);
    days.insert(Time(day));
    EXPECT_GE(hour.at - day, std::chrono::hours(7)) << to_rfc3339(hour.at);  // two hours later there
    EXPECT_LT(hour.at - day, std::chrono::hours(11)) << to_rfc3339(hour.at);
  }
  EXPECT_GE(days.size(), 2u);
}

TEST(Simulation, SendsACarrierThatTakesFiveCallsASecondHardlyMore) {
  Scenario scenario = plain(1'000);
  scenario.trunks[0].carrier.calls_per_second = 5;
  const auto as_agreed = run(scenario);
  EXPECT_LE(as_agreed.trunks[0].refused, as_agreed.attempts / 100);
  EXPECT_LE(as_agreed.peak_calls_per_second, 6);

  // Set up to four times of what the carrier takes: its refusals are listened to.
  scenario.trunks[0].config.limits.calls_per_second = 20;
  const auto too_fast = run(scenario);
  EXPECT_GT(too_fast.trunks[0].refused, 0);
  EXPECT_LE(too_fast.trunks[0].refused, too_fast.attempts / 15);
  EXPECT_LT(too_fast.trunks[0].lowest, 5);
}

TEST(Simulation, SurvivesACarrierThatIsSilentForAnHour) {
  Scenario scenario = plain(1'000);
  const Time opens = *parse_rfc3339("2026-11-25T07:00:00Z");
  scenario.trunks[0].carrier.outages = {{opens + std::chrono::minutes(1), opens + std::chrono::hours(1), true}};
  const auto forecast = run(scenario);
  EXPECT_TRUE(forecast.is_complete);
  EXPECT_LT(forecast.trunks[0].unanswered, 500);  // the circuit opens, and then one call at a time probes
  EXPECT_GT(forecast.outcomes.at("human"), 400);
}

TEST(Simulation, OptOutsEndAtTheAcknowledgement) {
  Scenario scenario = plain(1'000);
  scenario.population.keys = {{KeyAction::kOptOut, 1}};
  const auto forecast = run(scenario);
  EXPECT_EQ(forecast.opt_outs, forecast.results.at("opted-out"));
  EXPECT_EQ(forecast.keys.at("9"), forecast.opt_outs);
}

TEST(Simulation, FailsIfThePolicyForbidsTheCampaign) {
  Scenario scenario = plain(10);
  scenario.campaign.policy = "il";
  scenario.campaign.kind = CampaignClass::kDonation;
  const auto forecast = try_to_run(scenario);
  ASSERT_FALSE(forecast.has_value());
  EXPECT_NE(forecast.error().detail.find("preamble"), std::string::npos) << forecast.error().detail;
}

TEST(Simulation, DrawsAnyNameWithoutBreakingThePicture) {
  Scenario scenario = plain(50);
  scenario.campaign.name = "<b>Tom & \"Jerry\"</b>";
  const auto svg = to_svg(run(scenario));
  EXPECT_EQ(svg.find("<b>"), std::string::npos);
  EXPECT_NE(svg.find("&lt;b&gt;Tom &amp; &quot;Jerry&quot;"), std::string::npos);
}

}  // namespace
}  // namespace carillon
