#include "simulated/carrier.h"

#include <gtest/gtest.h>

namespace carillon::simulated {
namespace {

constexpr double kLuck = 0.9;  // more than any share of refusals here
const Time kBegin = time_from_ms(1'700'000'000'000);

// How many of so many calls it takes that come evenly within the time.
int taken(Carrier& carrier, int calls, Duration within, Time from = kBegin) {
  int count = 0;
  for (int i = 0; i < calls; ++i) {
    if (carrier.take_call(from + within * i / calls, kLuck) == Carrier::Answer::kTakes) ++count;
  }
  return count;
}

TEST(Carrier, TakesSoManyCallsASecond) {
  CarrierPlan plan;
  plan.calls_per_second = 5;
  Carrier at_its_rate(plan);
  EXPECT_EQ(taken(at_its_rate, 50, Duration(10'000)), 50);
  Carrier flooded(plan);
  EXPECT_EQ(taken(flooded, 1'000, Duration(10'000)), 50);
  EXPECT_EQ(flooded.refusals(), 950);
}

TEST(Carrier, MayTakeLessThanACallASecond) {
  CarrierPlan plan;
  plan.calls_per_second = 0.2;
  Carrier slow(plan);
  EXPECT_EQ(taken(slow, 1'000, Duration(100'000)), 20);
  plan.calls_per_second = 2.5;
  Carrier uneven(plan);
  EXPECT_EQ(taken(uneven, 1'000, Duration(12'000)), 30);
}

TEST(Carrier, HasSoManyChannels) {
  CarrierPlan plan;
  plan.channels = 3;
  Carrier carrier(plan);
  EXPECT_EQ(taken(carrier, 5, Duration(5)), 3);
  carrier.end_call();
  EXPECT_EQ(carrier.take_call(kBegin, kLuck), Carrier::Answer::kTakes);
  EXPECT_EQ(carrier.most_live(), 3);
}

TEST(Carrier, IsOutOfOrderFromThenToThen) {
  CarrierPlan plan;
  plan.outages = {{kBegin, kBegin + Duration(1'000), false},
                  {kBegin + Duration(5'000), kBegin + Duration(6'000), true}};
  Carrier carrier(plan);
  EXPECT_EQ(carrier.take_call(kBegin, kLuck), Carrier::Answer::kRefuses);
  EXPECT_EQ(carrier.take_call(kBegin + Duration(1'000), kLuck), Carrier::Answer::kTakes);
  EXPECT_EQ(carrier.take_call(kBegin + Duration(5'500), kLuck), Carrier::Answer::kSilent);
  EXPECT_EQ(carrier.calls(), 3);
  EXPECT_EQ(carrier.refusals(), 1);
  EXPECT_EQ(carrier.unanswered(), 1);
}

TEST(Carrier, RefusesAShareForNoReason) {
  CarrierPlan plan;
  plan.refused = 0.25;
  Carrier carrier(plan);
  EXPECT_EQ(carrier.take_call(kBegin, 0.24), Carrier::Answer::kRefuses);
  EXPECT_EQ(carrier.take_call(kBegin, 0.25), Carrier::Answer::kTakes);
}

TEST(Carrier, RingsLaterTheFullerItIs) {
  CarrierPlan plan;
  plan.channels = 10;
  plan.delay_when_full = 3;
  Carrier carrier(plan);
  taken(carrier, 7, Duration(7));
  EXPECT_DOUBLE_EQ(carrier.delay_factor(kBegin), 1);
  taken(carrier, 3, Duration(3));
  EXPECT_DOUBLE_EQ(carrier.delay_factor(kBegin), 3);
}

}  // namespace
}  // namespace carillon::simulated
