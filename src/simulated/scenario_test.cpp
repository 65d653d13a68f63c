#include "simulated/scenario.h"

#include <gtest/gtest.h>

namespace carillon::simulated {
namespace {

constexpr std::string_view kSmall = R"(start = 2026-11-25T09:00:00+02:00
contacts = 100

[campaign]
name = "A test"
class = "informational"
retry = { busy = { tries = 2, wait_seconds = 60 } }

[[trunks]]
name = "main"
calls_per_second = 4

[population]
answered = 0.4
talk_seconds = { least = 1, median = 2, p90 = 3, most = 4 }

[[population.regions]]
region = "IL"
share = 1
time_zones = "Asia/Jerusalem"
)";

// The small one with one line changed.
std::string with(std::string_view from, std::string_view to) {
  std::string text(kSmall);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& text) {
  const auto scenario = parse_scenario(text, "s.toml");
  return scenario ? "no error" : scenario.error().detail;
}

TEST(Scenario, ReadsWhatIsThereAndKnowsTheRest) {
  const auto scenario = parse_scenario(kSmall, "s.toml");
  ASSERT_TRUE(scenario.has_value()) << scenario.error().detail;
  EXPECT_EQ(to_rfc3339(scenario->start), "2026-11-25T07:00:00.000Z");
  EXPECT_EQ(scenario->contacts, 100u);
  EXPECT_EQ(scenario->campaign.name, "A test");
  EXPECT_EQ(scenario->campaign.retry.at(Outcome::kBusy).tries, 2);
  EXPECT_EQ(scenario->trunks.at(0).config.limits.calls_per_second, 4);
  EXPECT_EQ(scenario->trunks.at(0).carrier.calls_per_second, 0);
  EXPECT_EQ(scenario->population.answered[23], 0.4);
  EXPECT_EQ(scenario->population.talk.p90, 3);
  EXPECT_EQ(scenario->time_zone, "Asia/Jerusalem");
}

TEST(Scenario, TellsWhereAnUnknownKeyStands) {
  EXPECT_EQ(error_of(with("contacts", "contcats")), "s.toml:2:1: contcats: there is no such key");
  EXPECT_EQ(error_of(with("calls_per_second = 4", "cps = 4")), "s.toml:11:1: trunks.cps: there is no such key");
  EXPECT_EQ(error_of(with("answered = 0.4", "answered = 0.4\n[population.keys]\ndonate = 0.1")),
            "s.toml:16:1: population.keys.donate: there is no such key");
}

TEST(Scenario, TellsWhereAWrongValueStands) {
  EXPECT_EQ(error_of(with("contacts = 100", "contacts = 0")),
            "s.toml:2:12: contacts must be a whole number from 1 to 1000000");
  EXPECT_EQ(error_of(with("answered = 0.4", "answered = 1.4")),
            "s.toml:14:12: population.answered must be a number from 0 to 1");
  EXPECT_EQ(error_of(with("Asia/Jerusalem", "Asia/Jerusalim")).substr(0, 13), "s.toml:20:14:");
  EXPECT_EQ(error_of(with("\"IL\"", "\"XX\"")),
            "s.toml:18:10: population.regions.region must be one of US, IL, GB, FR, DE");
  EXPECT_EQ(error_of(with("median = 2", "median = 9")).substr(0, 13), "s.toml:15:16:");
  EXPECT_EQ(error_of(with("start = 2026-11-25T09:00:00+02:00", "start = 2026-11-25T09:00:00")).substr(0, 12),
            "s.toml:1:9: ");
}

TEST(Scenario, TellsWhereASettingOfTheCampaignIsWrong) {
  EXPECT_EQ(error_of(with("tries = 2", "tries = 99")), "s.toml:7:28: retry.busy.tries must be a whole number, 1 to 20");
  EXPECT_EQ(error_of(with("class =", "klass =")).substr(0, 11), "s.toml:4:1:");
  EXPECT_EQ(
      error_of(with("class = \"informational\"", "class = \"informational\"\ntrunks = [ { trunk = \"other\" } ]")),
      "s.toml:7:10: campaign.trunks name other, which is none of [[trunks]]");
}

TEST(Scenario, TellsWhatIsMissing) {
  EXPECT_EQ(error_of(with("answered = 0.4\n", "")), "s.toml:13:1: population.answered is missing");
  EXPECT_EQ(error_of(with("name = \"main\"\n", "")), "s.toml:9:1: trunks.name is missing");
}

TEST(Scenario, TellsWhereItIsNoToml) { EXPECT_EQ(error_of("start = \n").substr(0, 9), "s.toml:1:"); }

}  // namespace
}  // namespace carillon::simulated
