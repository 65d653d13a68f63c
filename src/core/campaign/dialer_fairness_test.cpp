// Who comes next: lanes, campaigns, calls of /dial and trunks take turns, whatever happened before.
#include <gtest/gtest.h>

#include "core/campaign/testing/office.h"

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::Office;

CampaignSettings over(std::vector<TrunkShare> trunks, int weight = 1) {
  CampaignSettings settings;
  settings.trunks = std::move(trunks);
  settings.weight = weight;
  return settings;
}

TEST(DialerFairness, TwoLanesTakeTurnsAtARateOfOneCallAStep) {
  Office office;
  office.add_trunk("main", 2);
  office.add_campaign("a");
  for (const int lane : {1, 2}) office.add_contacts("a", lane * 1'000, 900, lane);
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_in(1), 100, 5);
  EXPECT_NEAR(office.count_in(2), 100, 5);
}

TEST(DialerFairness, ANewcomerDoesNotMakeUpForTheTimeBefore) {
  Office office;
  office.add_trunk("main", 1);
  office.add_campaign("a");
  office.add_contacts("a", 1, 1'000);
  office.run_for(seconds(200) + Duration(500));
  office.starts.clear();
  office.add_campaign("b");
  office.add_contacts("b", 1, 1'000);
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_of("a"), 50, 2);
  EXPECT_NEAR(office.count_of("b"), 50, 2);
}

TEST(DialerFairness, AResumedCampaignDoesNotPayForTurnsThatNobodyElseWanted) {
  Office office;
  office.add_trunk("main", 1);
  office.add_campaign("a");
  office.add_contacts("a", 1, 1'000);
  office.run_for(seconds(200));
  office.change("a", CampaignState::kPaused);
  office.run_for(seconds(10));
  office.add_campaign("b");
  office.add_contacts("b", 1, 1'000);
  office.run_for(seconds(10) + Duration(500));
  office.change("a", CampaignState::kRunning);
  office.starts.clear();
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_of("a"), 50, 2);
  EXPECT_NEAR(office.count_of("b"), 50, 2);
}

TEST(DialerFairness, DialDoesNotPayInTheMorningForItsCallsOfTheNight) {
  Office office;
  office.options.is_window_enforced = true;
  office.add_trunk("main", 1);
  office.zones[1] = "Asia/Jerusalem";
  office.add_campaign("list");
  office.add_contacts("list", 1, 5'000);
  office.tell(DirectWaiting{100'000});
  office.run_until(time_from_ms(1'700'031'600'000));
  office.starts.clear();
  office.run_for(seconds(110));
  EXPECT_NEAR(office.count_of(""), 100, 2);
  EXPECT_NEAR(office.count_of("list"), 10, 2);
}

TEST(DialerFairness, ABusyThirdCampaignDoesNotUndoTheTurnsOfTwoOthers) {
  Office office;
  office.add_trunk("x", 1);
  office.add_trunk("y", 20);
  office.add_campaign("a", over({{"x", 1, 1}}, 1));
  office.add_campaign("b", over({{"x", 1, 1}}, 9));
  office.add_campaign("c", over({{"y", 1, 1}}, 1));
  for (const auto* id : {"a", "b", "c"}) office.add_contacts(id, 1, 5'000);
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_of("a"), 10, 2);
  EXPECT_NEAR(office.count_of("b"), 90, 2);
}

TEST(DialerFairness, ATrunkThatCarriedManyCallsIsProbedThoughTheLesserOneIsNotBusy) {
  Office office;
  office.add_trunk("good", 10);
  office.add_trunk("lesser", 10);
  auto settings = over({{"good", 1, 1}, {"lesser", 2, 1}});
  settings.calls_per_second = 1;
  office.add_campaign("a", settings);
  office.add_contacts("a", 1, 5'000);
  bool is_dead = false;
  office.outcome_on = [&](const std::string& trunk) {
    return is_dead && trunk == "good" ? Outcome::kTrunkDown : Outcome::kBusy;
  };
  office.run_for(seconds(600));
  is_dead = true;
  office.run_for(seconds(60));
  is_dead = false;
  office.run_for(seconds(65));
  office.starts.clear();
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_on("good"), 100, 2);
}

TEST(DialerFairness, ATrunkThatWasAwayDoesNotMakeUpForIt) {
  Office office;
  office.add_trunk("x", 10);
  office.add_trunk("y", 10);
  CampaignSettings settings;
  settings.calls_per_second = 2;
  office.add_campaign("a", settings);
  office.add_contacts("a", 1, 5'000);
  bool is_dead = true;
  office.outcome_on = [&](const std::string& trunk) {
    return is_dead && trunk == "x" ? Outcome::kTrunkDown : Outcome::kBusy;
  };
  office.run_for(seconds(600));
  is_dead = false;
  office.run_for(seconds(65));
  office.starts.clear();
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_on("x"), 100, 5);
  EXPECT_NEAR(office.count_on("y"), 100, 5);
}

}  // namespace
}  // namespace carillon
