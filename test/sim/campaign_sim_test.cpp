// Worlds of campaigns, each from one seed, with everything going wrong that can. See campaign_world.h for what is in
// them and campaign_checks.h for what must hold.
//   CARILLON_SEED=17 runs that world alone; CARILLON_SEEDS=100000 runs so many;
//   CARILLON_SIM_ATTEMPTS=1000000 runs worlds until phones rang so often.
#include <gtest/gtest.h>

#include <memory>

#include "engine/testing/seeds.h"
#include "sim/campaign_checks.h"

namespace carillon {
namespace {

using testing::CampaignChecks;
using testing::CampaignWorld;
using testing::CrashAt;

std::uint64_t rang = 0;

std::vector<std::string> run_world(CampaignWorld& world) {
  CampaignChecks checks(world);
  const bool is_over = world.run([&] { return !checks.problems.empty(); });
  checks.check_end(is_over);
  rang += static_cast<std::uint64_t>(checks.invites);
  return checks.problems;
}

TEST(CampaignSim, WhateverHappensEveryRuleHoldsAndEveryContactEndsWithAReason) {
  const auto attempts = testing::number_from("CARILLON_SIM_ATTEMPTS");
  const auto run = [&](std::uint64_t seed) {
    if (attempts != 0 && rang >= attempts) return std::vector<std::string>{};
    CampaignWorld world(seed, true);
    return run_world(world);
  };
  rang = 0;
  testing::for_each_seed(attempts != 0 ? attempts : (testing::is_sanitized() ? 500 : 10'000), "CampaignSim",
                         "test_campaign_sim", run);
  std::printf("phones rang %llu times\n", static_cast<unsigned long long>(rang));
}

// The same worlds without other faults, killed before and after each single commit.
TEST(CampaignSimAtEachCommit, ACrashLosesNothingAndCallsNobodyTwice) {
  const auto run = [](std::uint64_t seed) {
    CampaignWorld calm(seed, false);
    auto problems = run_world(calm);
    for (int commit = 1; commit <= std::min(calm.commits, 60) && problems.empty(); ++commit) {
      for (const bool is_before : {true, false}) {
        CampaignWorld world(seed, false, CrashAt{commit, is_before});
        problems = run_world(world);
        if (problems.empty()) continue;
        problems.insert(problems.begin(), fmt::format("killed {} commit {}", is_before ? "before" : "after", commit));
        break;
      }
    }
    return problems;
  };
  testing::for_each_seed(testing::is_sanitized() ? 3 : 30, "CampaignSimAtEachCommit", "test_campaign_sim", run);
}

}  // namespace
}  // namespace carillon
