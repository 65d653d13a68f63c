#include "app/cloudwatch_metrics.h"

#include <gtest/gtest.h>

#include <map>

namespace carillon {
namespace {

TEST(CloudWatchMetrics, HaveWhatAlarmsNeedAlsoWhenNothingHappens) {
  MetricsSample sample;
  sample.engine.live = 3;
  sample.engine.node.is_up = true;
  sample.trunks = {{"carrier", {}}};
  sample.trunks[0].second.state = "down";
  sample.outbox_lag = 12;
  sample.counts.ended = {{"human", 5}, {"busy", 2}, {"no-answer", 1}};
  std::map<std::string, double> values;
  for (const auto& datum : to_cloudwatch(sample)) {
    auto name = datum.name;
    for (const auto& [dimension, value] : datum.dimensions) name += " " + dimension + "=" + value;
    values[name] = datum.value;
  }
  EXPECT_EQ(values, (std::map<std::string, double>{{"AmiUp", 1},
                                                   {"CallsActive", 3},
                                                   {"CallsAnswered", 0},
                                                   {"CallsEnded Outcome=busy", 2},
                                                   {"CallsEnded Outcome=human", 5},
                                                   {"CallsEnded Outcome=no-answer", 1},
                                                   {"CallsFailed", 3},
                                                   {"CallsStarted", 0},
                                                   {"CallsWaiting", 0},
                                                   {"Donations", 0},
                                                   {"LedgerBacklog", 0},
                                                   {"OptOuts", 0},
                                                   {"OutboxLag", 12},
                                                   {"TrunkUp Trunk=carrier", 0}}));
}

}  // namespace
}  // namespace carillon
