#include "core/campaign/trunk_pace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "core/campaign/testing/trunk_world.h"

namespace carillon {
namespace {

using namespace testing_trunk;

// ---------------------------------------------------------------- tokens

TEST(TrunkPace, KeepsThePaceAndTellsWhenTheNextCallMayStart) {
  TrunkPace pace(asked(2));
  const Time begin = TrunkWorld::kBegin;
  EXPECT_TRUE(pace.try_start(begin, 0));
  EXPECT_FALSE(pace.try_start(begin, 1));
  EXPECT_EQ(pace.next_start(begin, 1), begin + Duration(500));
  EXPECT_FALSE(pace.try_start(begin + Duration(499), 1));
  EXPECT_TRUE(pace.try_start(begin + Duration(500), 1));
}

TEST(TrunkPace, HoldsAtTheChannelsUntilACallEnds) {
  TrunkPace pace(asked(2, 3));
  EXPECT_FALSE(pace.try_start(TrunkWorld::kBegin, 3));
  EXPECT_EQ(pace.next_start(TrunkWorld::kBegin, 3), std::nullopt);
  EXPECT_TRUE(pace.try_start(TrunkWorld::kBegin, 2));
}

TEST(TrunkPace, DoesNotSaveUpCallsOverASilence) {
  TrunkWorld world(asked(100));
  world.run(seconds(60), kAnswered);
  world.sleep(seconds(10));
  int at_once = 0;
  while (world.pace.try_start(world.now(), 0)) ++at_once;
  EXPECT_EQ(at_once, 3) << "one, and what 20 ms bring";
}

TEST(TrunkPace, ATrunkOfWhichNothingIsAskedTakesNoCalls) {
  TrunkPace pace(asked(0));
  EXPECT_FALSE(pace.try_start(TrunkWorld::kBegin, 0));
  EXPECT_EQ(pace.next_start(TrunkWorld::kBegin, 0), std::nullopt);
}

TEST(TrunkPace, AClockThatStepsBackGivesNothingAndBlocksNothing) {
  TrunkPace pace(asked(2));
  EXPECT_TRUE(pace.try_start(TrunkWorld::kBegin + minutes(60), 0));
  EXPECT_FALSE(pace.try_start(TrunkWorld::kBegin, 0));
  EXPECT_EQ(pace.next_start(TrunkWorld::kBegin, 0), TrunkWorld::kBegin + Duration(500));
  EXPECT_TRUE(pace.try_start(TrunkWorld::kBegin + Duration(500), 0));
}

// ---------------------------------------------------------------- slow start

TEST(TrunkPace, BeginsAtTwoCallsASecondAndDoublesEveryFiveSeconds) {
  TrunkWorld world(asked(50));
  EXPECT_EQ(world.view().state, "starting");
  EXPECT_EQ(world.view().allowed, 2);
  for (const double rate : {2, 4, 8, 16, 32}) {
    const auto from = world.clock;
    world.run(seconds(5), kAnswered);
    EXPECT_NEAR(world.starts_since(from), 5 * rate, 0.1 * 5 * rate + 1) << rate;
  }
  world.run(seconds(1), kAnswered);
  EXPECT_EQ(world.view().state, "up");
  EXPECT_EQ(world.view().allowed, 50);
  EXPECT_EQ(world.view().reason, "");
}

TEST(TrunkPace, ASlowTrunkNeedsNoSlowStart) {
  TrunkPace pace(asked(1));
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).state, "up");
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).allowed, 1);
}

TEST(TrunkPace, DoesNotGrowBeforeAnyPhoneRang) {
  TrunkWorld world(asked(50));
  world.run(seconds(20), kDead);
  EXPECT_EQ(world.view().allowed, 2);
  EXPECT_LE(world.starts.size(), 42u);
}

TEST(TrunkPace, BeginsSlowlyAgainAfterAMinuteWithoutACall) {
  TrunkWorld world(asked(10));
  world.run(seconds(30), kAnswered);
  world.sleep(seconds(59));
  EXPECT_EQ(world.view().state, "up");
  world.sleep(seconds(1));
  EXPECT_EQ(world.view().state, "starting");
  EXPECT_EQ(world.view().reason, "begins slowly: no call for 60 s");
  const auto from = world.clock;
  world.run(seconds(5), kAnswered);
  EXPECT_NEAR(world.starts_since(from), 10, 2);
}

TEST(TrunkPace, AHigherLimitIsApproachedByDoubling) {
  TrunkWorld world(asked(5));
  world.run(seconds(30), kAnswered);
  world.pace.set_limits(asked(20));
  EXPECT_EQ(world.view().state, "starting");
  EXPECT_EQ(world.view().allowed, 5);
  world.run(seconds(11), kAnswered);
  EXPECT_EQ(world.view().allowed, 20);
  world.pace.set_limits(asked(3));
  EXPECT_EQ(world.view().allowed, 3);
  EXPECT_EQ(world.view().state, "up");
}

// A trunk that dies at full pace: the first call that proves it comes half a minute later.
TEST(TrunkPace, SlowsDownWhenNoPhoneRingsAnyMore) {
  TrunkWorld world(asked(30));
  world.run(seconds(60), kAnswered);
  const auto from = world.clock;
  world.run(seconds(34), kDead);
  EXPECT_LT(world.starts_since(from), 11 * 30 + 24 * 2 + 5);
  EXPECT_EQ(world.view().reason, "no sign of life for 10 s");
}

// ---------------------------------------------------------------- back-off

TEST(TrunkPace, HalvesAtARefusalAndTellsWhatTheCarrierSaid) {
  TrunkWorld world(asked(20));
  world.run(seconds(60), kAnswered);
  world.pace.on_end(ended(Outcome::kCongestion, 503), world.now());
  const auto view = world.view();
  EXPECT_EQ(view.asked, 20);
  EXPECT_EQ(view.allowed, 10);
  EXPECT_EQ(view.state, "backing-off");
  EXPECT_EQ(view.carrier_said, "503 at 12:01:00Z");
  EXPECT_EQ(view.reason, "the carrier said 503 at 12:01:00Z");
}

TEST(TrunkPace, TakesManyRefusalsOfOneMomentAsOne) {
  TrunkWorld world(asked(20));
  world.run(seconds(60), kAnswered);
  for (int i = 0; i < 10; ++i) world.pace.on_end(ended(Outcome::kCongestion, 503), world.now() + Duration(i));
  EXPECT_EQ(world.view().allowed, 10);
  world.sleep(seconds(3));
  world.pace.on_end(ended(Outcome::kCongestion, 503), world.now());
  EXPECT_EQ(world.view().allowed, 5);
}

TEST(TrunkPace, EveryKindOfRefusalCounts) {
  for (const auto& end : {ended(Outcome::kCongestion, 503), ended(Outcome::kCongestion, 429),
                          ended(Outcome::kNoResponse, 408), ended(Outcome::kCongestion, 0)}) {
    TrunkPace pace(asked(1));
    pace.on_end(end, TrunkWorld::kBegin);
    EXPECT_EQ(pace.view(TrunkWorld::kBegin).allowed, 0.5) << end.sip_code;
  }
  for (const auto& end : {ended(Outcome::kBusy, 486), ended(Outcome::kRejected, 603), ended(Outcome::kNoResponse, 100),
                          ended(Outcome::kInvalidNumber, 404), ended(Outcome::kCanceled, 487)}) {
    TrunkPace pace(asked(1));
    pace.on_end(end, TrunkWorld::kBegin);
    EXPECT_EQ(pace.view(TrunkWorld::kBegin).allowed, 1) << end.sip_code;
  }
}

TEST(TrunkPace, ACongestionWithoutACodeIsToldByItsWord) {
  TrunkPace pace(asked(1));
  pace.on_end(ended(Outcome::kCongestion), TrunkWorld::kBegin);
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).carrier_said, "congestion at 12:00:00Z");
}

TEST(TrunkPace, GoesOnTryingACarrierThatRefusesEverything) {
  TrunkWorld world(asked(20));
  world.run(minutes(5), kRefused);
  EXPECT_NEAR(world.view().allowed, 0.2, 0.5);
  const auto from = world.clock;
  world.run(minutes(1), kRefused);
  EXPECT_GE(world.starts_since(from), 12) << "a call every 5 s";
  EXPECT_LE(world.starts_since(from), 25);
}

TEST(TrunkPace, FindsTheLimitOfACarrierThatTakesLessThanIsAsked) {
  TrunkWorld world(asked(20));
  std::vector<Duration> taken;
  world.run(minutes(10), [&](Duration at) {
    std::erase_if(taken, [&](Duration earlier) { return at - earlier >= seconds(1); });
    if (taken.size() >= 8) return kRefused;
    taken.push_back(at);
    return kAnswered;
  });
  const double rate = static_cast<double>(world.starts.size()) / 600;
  EXPECT_GT(rate, 5.0);
  EXPECT_LT(rate, 9.0);
}

RC_GTEST_PROP(TrunkPace, ComesBackToWhatIsAskedWhenTheRefusalsStop, ()) {
  const double calls_per_second = *rc::gen::inRange(1, 2000) / 20.0;
  TrunkWorld world(asked(calls_per_second));
  const auto bad = seconds(*rc::gen::inRange(1, 60));
  const int refused_of_ten = *rc::gen::inRange(1, 11);
  int calls = 0;
  world.run(bad, [&](Duration) { return ++calls % 10 < refused_of_ten ? kRefused : kAnswered; });
  // The spacing after the last refusal and the whole way up, plus what is needed to hear of it.
  world.run(seconds(40), kAnswered);
  RC_ASSERT(world.view().allowed == calls_per_second);
  RC_ASSERT(world.view().state == "up");
}

// ---------------------------------------------------------------- post-dial delay

Fate answered_after(Duration delay) {
  Fate fate{delay, delay + seconds(1), ended(Outcome::kHuman, 200)};
  fate.end.talked = seconds(1);
  fate.end.post_dial_delay = delay;
  return fate;
}

TEST(TrunkPace, SlowsDownWhenPhonesRingLaterThanUsual) {
  TrunkWorld world(asked(10));
  world.run(minutes(2), answered_after(seconds(1)));
  EXPECT_EQ(world.view().post_dial_delay, seconds(1));
  EXPECT_EQ(world.view().state, "up");
  world.run(seconds(20), answered_after(seconds(4)));
  EXPECT_EQ(world.view().state, "backing-off");
  EXPECT_THAT(world.view().reason, testing::StartsWith("phones ring 4.0 s after the order, usually 1.0 s"));
  EXPECT_LE(world.view().allowed, 8);
  world.run(seconds(45), answered_after(seconds(1)));
  EXPECT_EQ(world.view().state, "up") << "it recovers with the delay";
}

TEST(TrunkPace, SmallDelaysAndNewUsagesAreNoTrouble) {
  TrunkWorld world(asked(10));
  world.run(minutes(2), answered_after(Duration(200)));
  world.run(minutes(1), answered_after(Duration(900)));
  EXPECT_EQ(world.view().state, "up") << "not felt";
  world.run(minutes(40), answered_after(seconds(3)));
  EXPECT_EQ(world.view().state, "up") << "what lasts becomes usual";
}

}  // namespace
}  // namespace carillon
