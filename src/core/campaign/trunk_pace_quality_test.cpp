// Dead trunks and poor calls: the circuit breaker and the guards; and what holds whatever happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/campaign/testing/trunk_world.h"

namespace carillon {
namespace {

using namespace testing_trunk;

// ---------------------------------------------------------------- circuit breaker

TEST(TrunkPace, OpensAfterFiveDeadCallsInARow) {
  TrunkPace pace(asked(10));
  for (int i = 0; i < 4; ++i) pace.on_end(ended(Outcome::kNoResponse), TrunkWorld::kBegin);
  pace.on_ringing(TrunkWorld::kBegin);
  for (int i = 0; i < 4; ++i) pace.on_end(ended(Outcome::kTrunkDown), TrunkWorld::kBegin);
  EXPECT_TRUE(pace.is_usable()) << "not in a row";
  pace.on_end(ended(Outcome::kCanceled), TrunkWorld::kBegin);
  pace.on_end(ended(Outcome::kNoResponse, 100), TrunkWorld::kBegin);
  EXPECT_FALSE(pace.is_usable()) << "a stopped call tells nothing, a 100 neither";
  const auto view = pace.view(TrunkWorld::kBegin);
  EXPECT_EQ(view.state, "down");
  EXPECT_EQ(view.allowed, 0);
  EXPECT_EQ(view.reason, "5 calls in a row without a sign of life; tried again in 5.0 s");
  EXPECT_FALSE(pace.try_start(TrunkWorld::kBegin, 0));
  EXPECT_EQ(pace.next_start(TrunkWorld::kBegin, 0), TrunkWorld::kBegin + seconds(5));
}

TEST(TrunkPace, ConversationsFromBetterDaysDoNotKeepADeadTrunkOpen) {
  TrunkPace pace(asked(10));
  for (int i = 0; i < 5; ++i) {
    pace.on_end(ended(Outcome::kNoResponse), TrunkWorld::kBegin + seconds(i));
    pace.on_end(ended(Outcome::kHuman, 200, minutes(3)), TrunkWorld::kBegin + seconds(i));
  }
  EXPECT_FALSE(pace.is_usable());
  pace.on_end(ended(Outcome::kHuman, 200, minutes(3)), TrunkWorld::kBegin + seconds(6));
  EXPECT_FALSE(pace.is_usable());
  pace.on_end(ended(Outcome::kHuman, 200, seconds(3)), TrunkWorld::kBegin + seconds(7));
  EXPECT_TRUE(pace.is_usable()) << "answered while it was down";
}

TEST(TrunkPace, TellsWhatADeadAccountSays) {
  TrunkPace pace(asked(10));
  for (int i = 0; i < 5; ++i) pace.on_end(ended(Outcome::kTrunkDown, 401), TrunkWorld::kBegin);
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).state, "down");
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).carrier_said, "401 at 12:00:00Z");
}

TEST(TrunkPace, ProbesADeadTrunkAtPausesThatDoubleToAMinute) {
  TrunkWorld world(asked(10));
  world.run(minutes(5), kRefusedByNode);
  // Five calls, and then a probe after 5, 10, 20, 40, 60, 60 … seconds.
  ASSERT_GE(world.starts.size(), 10u);
  std::vector<Duration> pauses;
  for (std::size_t i = 5; i < 10; ++i) pauses.push_back(world.starts[i] - world.starts[i - 1]);
  EXPECT_THAT(pauses, testing::ElementsAre(seconds(5), seconds(10), seconds(20), seconds(40), seconds(60)));
}

TEST(TrunkPace, AMisconfiguredNodeThatRefusesAtOnceDoesNotSpin) {
  TrunkWorld world(asked(100));
  world.run(minutes(60), kRefusedByNode);
  EXPECT_LT(world.starts.size(), 5u + 64u);
}

TEST(TrunkPace, ASignOfLifeClosesTheCircuitAndBeginsSlowly) {
  TrunkWorld world(asked(40));
  world.run(seconds(60), kAnswered);
  world.run(minutes(5), kDead);
  EXPECT_FALSE(world.pace.is_usable());
  world.run(minutes(3), [](Duration) { return kAnswered; });
  EXPECT_EQ(world.view().state, "up");
  // Between the probe that was answered and full pace lies a slow start.
  const auto first = std::ranges::find_if(world.starts, [](Duration at) { return at >= minutes(6); });
  ASSERT_NE(first, world.starts.end());
  const auto begun =
      std::ranges::count_if(world.starts, [&](Duration at) { return at >= *first && at < *first + seconds(5); });
  EXPECT_LE(begun, 12);
}

TEST(TrunkPace, AProbeThatTellsNothingIsRepeatedAfterTheSamePause) {
  TrunkPace pace(asked(10));
  for (int i = 0; i < 5; ++i) pace.on_end(ended(Outcome::kTrunkDown), TrunkWorld::kBegin);
  const Time probe = TrunkWorld::kBegin + seconds(5);
  EXPECT_TRUE(pace.try_start(probe, 0));
  EXPECT_EQ(pace.view(probe).state, "probing");
  EXPECT_FALSE(pace.try_start(probe + seconds(1), 1));
  EXPECT_EQ(pace.next_start(probe + seconds(1), 1), std::nullopt);
  pace.on_end(ended(Outcome::kCanceled), probe + seconds(1));
  EXPECT_EQ(pace.next_start(probe + seconds(1), 0), probe + seconds(5));
  EXPECT_TRUE(pace.try_start(probe + seconds(5), 0));
  // Its end is never told: without a call there is no probe.
  EXPECT_FALSE(pace.try_start(probe + seconds(9), 0));
  EXPECT_TRUE(pace.try_start(probe + seconds(10), 0));
}

TEST(TrunkPace, ALateEndOfACallFromBeforeIsNotTheProbes) {
  TrunkPace pace(asked(10));
  for (int i = 0; i < 5; ++i) pace.on_end(ended(Outcome::kTrunkDown), TrunkWorld::kBegin);
  const Time probe = TrunkWorld::kBegin + seconds(5);
  EXPECT_TRUE(pace.try_start(probe, 3));
  auto late = ended(Outcome::kNoResponse);
  late.started_at = TrunkWorld::kBegin;
  pace.on_end(late, probe + seconds(1));
  EXPECT_FALSE(pace.try_start(probe + seconds(30), 3));
  EXPECT_EQ(pace.view(probe + seconds(30)).state, "probing");
}

// ---------------------------------------------------------------- guards

TEST(TrunkPace, ManyShortCallsLeaveAQuarterOfThePace) {
  auto limits = asked(2);
  limits.max_short_ratio = 0.10;
  limits.guard_calls = 40;
  TrunkPace pace(limits);
  const auto at = [](int i) { return TrunkWorld::kBegin + seconds(i); };
  const auto answer = [&](int i, bool is_short) {
    pace.try_start(at(i), 0);
    pace.on_ringing(at(i));
    pace.on_end(ended(Outcome::kHuman, 200, is_short ? seconds(12) : seconds(13)), at(i));
  };
  for (int i = 0; i < 19; ++i) answer(i, true);
  EXPECT_EQ(pace.view(at(19)).state, "up") << "not enough calls are known";
  answer(19, true);
  EXPECT_EQ(pace.view(at(20)).state, "backing-off");
  EXPECT_EQ(pace.view(at(20)).allowed, 0.5);
  EXPECT_EQ(pace.view(at(20)).reason, "100 % of 20 answered calls were at most 12 s long; 10 % are allowed");
  for (int i = 20; i < 56; ++i) answer(i, false);
  EXPECT_EQ(pace.view(at(56)).allowed, 2) << "4 of the last 40";
  EXPECT_EQ(pace.view(at(56)).short_ratio, 0.1);
}

TEST(TrunkPace, FewAnswersLeaveAQuarterOfThePace) {
  auto limits = asked(1);
  limits.min_answer_ratio = 0.30;
  limits.guard_calls = 10;
  TrunkPace pace(limits);
  for (int i = 0; i < 4; ++i) {
    pace.on_end(ended(Outcome::kNoAnswer), TrunkWorld::kBegin);
    pace.on_end(ended(Outcome::kNoResponse), TrunkWorld::kBegin);  // the carrier never saw it
  }
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).state, "up");
  pace.on_end(ended(Outcome::kHuman, 200), TrunkWorld::kBegin);
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).allowed, 0.25);
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).reason, "20 % of 5 calls were answered; 30 % are asked for");
  pace.on_end(ended(Outcome::kHuman, 200), TrunkWorld::kBegin);
  EXPECT_EQ(pace.view(TrunkWorld::kBegin).allowed, 1) << "2 of 6";
}

// ---------------------------------------------------------------- whatever happens

Fate any_fate() {
  const auto outcome =
      *rc::gen::element(Outcome::kHuman, Outcome::kBusy, Outcome::kNoAnswer, Outcome::kNoResponse, Outcome::kCongestion,
                        Outcome::kTrunkDown, Outcome::kCanceled, Outcome::kUnknown);
  Fate fate;
  fate.ends_after = Duration(*rc::gen::inRange(0, 60'000));
  if (*rc::gen::arbitrary<bool>()) fate.rings_after = fate.ends_after / 2;
  fate.end = ended(outcome, *rc::gen::element(0, 100, 200, 408, 429, 486, 503), fate.ends_after / 3);
  if (*rc::gen::arbitrary<bool>()) fate.end.post_dial_delay = Duration(*rc::gen::inRange(0, 9'000));
  return fate;
}

RC_GTEST_PROP(TrunkPace, NoSecondHasMoreStartsThanAreAsked, ()) {
  const double calls_per_second = *rc::gen::inRange(1, 4000) / 20.0;
  auto limits = asked(calls_per_second, *rc::gen::inRange(1, 500));
  limits.max_short_ratio = 0.1;
  limits.min_answer_ratio = 0.2;
  limits.guard_calls = *rc::gen::inRange(0, 60);
  TrunkWorld world(limits);
  const int moods = *rc::gen::inRange(1, 6);
  for (int i = 0; i < moods; ++i) {
    const auto first = any_fate();
    const auto second = any_fate();
    int calls = 0;
    world.run(seconds(*rc::gen::inRange(1, 60)), [&](Duration) { return ++calls % 3 == 0 ? second : first; });
    if (*rc::gen::arbitrary<bool>()) world.sleep(seconds(*rc::gen::inRange(1, 90)));
    const auto view = world.view();
    RC_ASSERT(view.allowed >= 0);
    RC_ASSERT(view.allowed <= view.asked);
    RC_ASSERT((view.state == "up") == view.reason.empty());
  }
  // One call of burst, and 2 % for late wake-ups, which is nothing below 50 calls/s.
  RC_ASSERT(world.most_starts_in_a_second() <= std::floor(1 + 1.02 * calls_per_second + 1e-6));
}

RC_GTEST_PROP(TrunkPace, NoTwoProbesAreUnderWay, ()) {
  TrunkPace pace(asked(*rc::gen::inRange(1, 50)));
  struct Open {
    Time started_at;
    bool is_probe = false;
  };
  std::vector<Open> open;
  Time now = TrunkWorld::kBegin;
  const int steps = *rc::gen::inRange(1, 400);
  for (int i = 0; i < steps; ++i) {
    now += Duration(*rc::gen::inRange(0, 4'000));
    const bool was_usable = pace.is_usable();
    if (pace.try_start(now, static_cast<int>(open.size()))) open.push_back({now, !was_usable});
    RC_ASSERT(std::ranges::count_if(open, &Open::is_probe) <= 1);
    if (open.empty() || *rc::gen::inRange(0, 3) == 0) continue;
    const auto which = *rc::gen::inRange<std::size_t>(0, open.size());
    auto end = ended(*rc::gen::weightedElement<Outcome>(
        {{12, Outcome::kNoResponse}, {4, Outcome::kTrunkDown}, {1, Outcome::kCanceled}, {1, Outcome::kBusy}}));
    end.started_at = open[which].started_at;
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
    pace.on_end(end, now);
    // Where a sign of life of another call closed it, its probe is a call like any other.
    if (pace.is_usable())
      for (auto& call : open) call.is_probe = false;
  }
}

}  // namespace
}  // namespace carillon
