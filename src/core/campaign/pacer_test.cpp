#include "core/campaign/pacer.h"

#include <gtest/gtest.h>

namespace carillon {
namespace {

Time at(int ms) { return time_from_ms(1'000'000 + ms); }

int starts_in(Pacer& pacer, int from_ms, int to_ms, int step_ms) {
  int started = 0;
  for (int ms = from_ms; ms < to_ms; ms += step_ms) {
    while (pacer.try_start(at(ms), 0)) ++started;
  }
  return started;
}

TEST(Pacer, StartsAsManyCallsAsThePaceAllows) {
  Pacer pacer(Pace{20, 1000});
  EXPECT_NEAR(starts_in(pacer, 0, 10'000, 10), 200, 2);
}

TEST(Pacer, KeepsThePaceWhenItIsAskedSeldom) {
  Pacer pacer(Pace{20, 1000});
  EXPECT_NEAR(starts_in(pacer, 0, 10'000, 150), 200, 4);
}

TEST(Pacer, DoesNotSaveUpCallsOverALongSilence) {
  Pacer pacer(Pace{20, 1000});
  starts_in(pacer, 0, 1000, 10);
  EXPECT_LE(starts_in(pacer, 60'000, 60'001, 1), 4);
}

TEST(Pacer, HoldsAtTheCapOnLiveCalls) {
  Pacer pacer(Pace{20, 3});
  EXPECT_FALSE(pacer.try_start(at(0), 3));
  EXPECT_TRUE(pacer.try_start(at(0), 2));
}

TEST(Pacer, GivesNothingForAClockThatStepsBack) {
  Pacer pacer(Pace{1, 10});
  EXPECT_TRUE(pacer.try_start(at(5000), 0));
  EXPECT_FALSE(pacer.try_start(at(0), 0));
  EXPECT_FALSE(pacer.try_start(at(500), 0)) << "half a token";
  EXPECT_TRUE(pacer.try_start(at(1000), 0)) << "and it goes on from there";
}

TEST(Pacer, TellsWhenTheNextTokenComes) {
  Pacer pacer(Pace{4, 10});
  EXPECT_TRUE(pacer.try_start(at(0), 0));
  EXPECT_EQ(pacer.next_token(at(0)), at(250));
  EXPECT_TRUE(pacer.try_start(at(250), 0));
}

}  // namespace
}  // namespace carillon
