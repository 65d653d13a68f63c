#include "net/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace carillon::net {
namespace {

using namespace std::chrono_literals;

constexpr int kSeeds = 500;

TEST(Backoff, EveryWaitLiesBetweenMinAndMax) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Backoff backoff(100ms, 5s, seed);
    for (int i = 0; i < 40; ++i) {
      const auto wait = backoff.next();
      ASSERT_GE(wait, 100ms);
      ASSERT_LE(wait, 5s);
    }
  }
}

TEST(Backoff, TheCeilingDoublesUpToMax) {
  const Duration ceilings[] = {200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms};
  Duration longest[6] = {};
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Backoff backoff(100ms, 1s, seed);
    for (auto& seen : longest) seen = std::max(seen, backoff.next());
  }
  for (int i = 0; i < 6; ++i) {
    EXPECT_LE(longest[i], ceilings[i]) << "wait " << i;
    EXPECT_GT(longest[i], ceilings[i] * 9 / 10) << "wait " << i << " does not use the whole range";
  }
}

TEST(Backoff, ResetBeginsAgain) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Backoff backoff(100ms, 1h, seed);
    for (int i = 0; i < 15; ++i) backoff.next();
    backoff.reset();
    ASSERT_LE(backoff.next(), 200ms);
  }
}

TEST(Backoff, TheSameSeedGivesTheSameWaitsAndOthersDiffer) {
  std::set<Duration> first_waits;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Backoff one(1s, 30s, seed);
    Backoff other(1s, 30s, seed);
    first_waits.insert(one.next());
    other.next();
    for (int i = 0; i < 20; ++i) ASSERT_EQ(one.next(), other.next());
  }
  EXPECT_GT(first_waits.size(), 40U);
}

TEST(Backoff, MinAndMaxMayBeEqualOrHuge) {
  Backoff fixed(2s, 2s, 1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fixed.next(), 2s);
  Backoff huge(Duration::max() / 2, Duration::max(), 1);
  for (int i = 0; i < 100; ++i) EXPECT_GE(huge.next(), Duration::max() / 2);
}

TEST(BackoffDeathTest, RefusesARangeThatIsNone) {
  EXPECT_DEATH(Backoff(0s, 1s, 1), "");
  EXPECT_DEATH(Backoff(2s, 1s, 1), "");
}

}  // namespace
}  // namespace carillon::net
