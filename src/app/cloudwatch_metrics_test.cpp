#include "app/cloudwatch_metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "net/test_sockets.h"

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

TEST(CloudWatchMetrics, WhatCouldNotBeSentIsSentLaterWithItsOwnTime) {
  std::mutex mutex;
  std::vector<std::string> taken;
  int asked = 0;
  const net::TestServer server([&](const net::HttpRequest& request, const net::Respond& respond) {
    const std::scoped_lock lock(mutex);
    const bool is_down = ++asked <= 3;
    if (!is_down) taken.push_back(request.body);
    respond({is_down ? 400 : 200, "",
             is_down ? "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
                     : "<PutMetricDataResponse/>"});
  });
  net::WebClient web;
  aws::CredentialProvider provider(aws::Credentials{"KEY", "secret"});
  aws::Client client(web, provider,
                     {.region = "eu-west-1", .endpoint_url = "http://127.0.0.1:" + std::to_string(server.port())});
  boost::asio::io_context io;
  std::int64_t samples = 0;
  CloudWatchMetrics metrics(io, client, "Carillon", Duration(5), [&samples] {
    MetricsSample sample;
    sample.now = time_from_ms(1'700'000'000'000) + std::chrono::seconds(samples);
    sample.outbox_lag = samples++;
    return sample;
  });
  const auto has_come = [&] {
    const std::scoped_lock lock(mutex);
    return !taken.empty();
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!has_come() && std::chrono::steady_clock::now() < deadline) io.run_one_for(std::chrono::milliseconds(50));
  const std::scoped_lock lock(mutex);
  ASSERT_FALSE(taken.empty()) << "nothing came";
  for (const auto* time : {"22%3A13%3A20.000Z", "22%3A13%3A21.000Z", "22%3A13%3A22.000Z", "22%3A13%3A23.000Z"})
    EXPECT_NE(taken[0].find(time), std::string::npos) << time;
}

}  // namespace
}  // namespace carillon
