// What alarms need, as CloudWatch takes it, and the one who writes it there every minute. A CloudWatch that fails or is
// slow matters to nobody: what was measured is sent later, up to a bound.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "aws/cloudwatch.h"
#include "base/worker.h"
#include "core/campaign/trunk_pace.h"
#include "engine/engine.h"
#include "publish/counting_sink.h"

namespace carillon {

struct MetricsSample {
  Time now{};
  EngineState engine;
  std::vector<std::pair<std::string, TrunkView>> trunks;
  std::int64_t outbox_lag = 0;
  std::size_t ledger_backlog = 0;
  publish::EventCounts counts;
};

// docs/reference/metrics.md lists them.
std::vector<aws::Datum> to_cloudwatch(const MetricsSample& sample);

// On the control thread, with a thread of its own for the requests.
class CloudWatchMetrics {
 public:
  using Sample = std::function<MetricsSample()>;

  // Samples on the control thread. The client must outlive it.
  CloudWatchMetrics(boost::asio::io_context& io, aws::Client& client, std::string name_space, Duration every,
                    Sample sample);
  // Sends what was sampled; no longer than a request takes.
  ~CloudWatchMetrics() = default;

 private:
  void wait();
  void send(std::vector<aws::Datum> data);

  boost::asio::steady_timer timer_;
  aws::CloudWatch cloudwatch_;
  std::string name_space_;
  Duration every_;
  Sample sample_;
  std::vector<aws::Datum> unsent_;  // the worker's
  bool is_failing_ = false;         // the worker's
  Worker worker_{4};
};

}  // namespace carillon
