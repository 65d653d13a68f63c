// How campaigns pause and stop, and that a crash in between changes nothing.
#include <gtest/gtest.h>

#include "engine/testing/world.h"

namespace carillon {
namespace {

using testing::Fate;
using testing::World;
namespace fates = testing::fates;

constexpr const char* kAnna = "+12025550101";
constexpr const char* kBert = "+12025550102";
const Actor kOperator{"operator", true};

Fate long_call() {
  Fate fate = fates::human();
  fate.ends_after = Duration(60'000);
  return fate;
}

TEST(Stop, APauseLetsCallsEndAndNoneBeginsUntilItResumes) {
  World world;
  world.dialer.trunks[0].limits.max_live_calls = 1;
  world.start_engine();
  world.start_campaign("spring", {kAnna, kBert});
  world.run_for(Duration(3'000));
  std::optional<StopReport> report;
  world.campaigns->pause("spring", kOperator, [&](const Result<StopReport>& paused) { report = *paused; });
  world.run_for(Duration(60'000));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->under_way.answered, 1);
  EXPECT_EQ(world.contact(kAnna), "done/human");
  EXPECT_EQ(world.contact(kBert), "ready/");
  world.campaigns->resume("spring", kOperator, [](const Result<Campaign>&) {});
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.contact(kBert), "done/human");
  EXPECT_EQ(world.campaigns->view("spring")->campaign.state, CampaignState::kCompleted);
}

TEST(Stop, NowHangsUpWhoTalksAndLetsPhonesRingFifteenSeconds) {
  World world;
  world.node.fate_of = [](const std::string& number) { return number == kAnna ? long_call() : fates::no_answer(); };
  world.start_engine();
  world.start_campaign("spring", {kAnna, kBert});
  world.run_for(Duration(5'000));
  const Time stopped_at = world.timeline.now();
  world.campaigns->stop("spring", StopMode::kNow, kOperator, [](const Result<StopReport>&) {});
  world.run_for(Duration(120'000));
  EXPECT_EQ(world.contact(kAnna), "done/human");
  EXPECT_EQ(world.contact(kBert), "ready/canceled");
  const auto& talked = world.store.ledger.find(world.attempts_to(kAnna).at(0))->progress;
  EXPECT_LT(talked.ended_at, stopped_at + Duration(1'000));
  const auto& rang = world.store.ledger.find(world.attempts_to(kBert).at(0))->progress;
  EXPECT_GE(rang.ended_at - rang.ringing_at, Duration(15'000));
  EXPECT_LT(rang.ended_at - rang.ringing_at, Duration(16'000));
  EXPECT_EQ(world.campaigns->view("spring")->campaign.state, CampaignState::kCanceled);
}

TEST(Stop, FinishLetsThePromptEnd) {
  World world;
  world.node.fate_of = [](const std::string&) { return long_call(); };
  world.start_engine();
  world.start_campaign("spring", {kAnna});
  world.run_for(Duration(5'000));
  world.campaigns->stop("spring", StopMode::kFinish, kOperator, [](const Result<StopReport>&) {});
  world.run_for(Duration(10'000));
  EXPECT_EQ(world.contact(kAnna), "done/human");
  EXPECT_EQ(world.campaigns->view("spring")->campaign.state, CampaignState::kCanceled);
}

TEST(Stop, ACampaignThatWasStoppingAtACrashIsCanceledOnlyWhenItsCallsHaveEnded) {
  World world;
  world.node.fate_of = [](const std::string&) { return long_call(); };
  world.start_engine();
  world.start_campaign("spring", {kAnna});
  world.run_for(Duration(5'000));
  world.campaigns->stop("spring", StopMode::kDrain, kOperator, [](const Result<StopReport>&) {});
  world.run_for(Duration(1'000));
  world.crash_engine();
  world.start_engine();
  world.run_for(Duration(10'000));
  EXPECT_EQ(world.campaigns->view("spring")->campaign.state, CampaignState::kStopping);
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.campaigns->view("spring")->campaign.state, CampaignState::kCanceled);
  EXPECT_EQ(world.contact(kAnna), "done/human");
}

TEST(Stop, ACampaignIsNotCompletedAfterACrashWhileItsLastCallMayYetFail) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::no_answer(); };
  world.start_engine();
  world.start_campaign("spring", {kAnna});
  world.run_for(Duration(5'000));
  world.crash_engine();
  world.commit_delay = [] { return Duration(100); };  // what is open is read after the lanes were counted
  world.start_engine();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.contact(kAnna), "ready/retry-no-answer");
  EXPECT_EQ(world.campaigns->view("spring")->campaign.state, CampaignState::kRunning);
  world.run_for(std::chrono::hours(5));
  EXPECT_EQ(world.contact(kAnna), "done/tries-spent");
  EXPECT_EQ(world.campaigns->view("spring")->campaign.state, CampaignState::kCompleted);
}

}  // namespace
}  // namespace carillon
