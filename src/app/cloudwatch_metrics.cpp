#include "app/cloudwatch_metrics.h"

#include <algorithm>

#include "api/campaign_json.h"
#include "base/log.h"

namespace carillon {
namespace {

// Some hours of an outage; the oldest go first.
constexpr std::size_t kMaxUnsent = 5'000;

using Dimensions = std::vector<std::pair<std::string, std::string>>;

}  // namespace

std::vector<aws::Datum> to_cloudwatch(const MetricsSample& sample) {
  std::vector<aws::Datum> data;
  const auto add = [&](const char* name, auto value, Dimensions dimensions = {}, const char* unit = "Count") {
    data.push_back({.name = name,
                    .value = static_cast<double>(value),
                    .unit = unit,
                    .time = sample.now,
                    .dimensions = std::move(dimensions)});
  };
  add("CallsActive", sample.engine.live);
  add("CallsWaiting", sample.engine.waiting);
  add("CallsStarted", sample.counts.started);
  add("CallsAnswered", sample.counts.answered);
  std::uint64_t failed = 0;
  for (const auto& [outcome, count] : sample.counts.ended) {
    if (outcome != to_string(Outcome::kHuman)) failed += count;
    add("CallsEnded", count, {{"Outcome", outcome}});
  }
  add("CallsFailed", failed);
  add("Donations", sample.counts.donations);
  add("OptOuts", sample.counts.opt_outs);
  add("AmiUp", sample.engine.node.is_up ? 1 : 0, {}, "None");
  for (const auto& [name, view] : sample.trunks)
    add("TrunkUp", api::is_usable(view) ? 1 : 0, {{"Trunk", name}}, "None");
  add("OutboxLag", sample.outbox_lag);
  add("LedgerBacklog", sample.ledger_backlog);
  return data;
}

CloudWatchMetrics::CloudWatchMetrics(boost::asio::io_context& io, aws::Client& client, std::string name_space,
                                     Duration every, Sample sample)
    : timer_(io), cloudwatch_(client), name_space_(std::move(name_space)), every_(every), sample_(std::move(sample)) {
  wait();
}

void CloudWatchMetrics::wait() {
  timer_.expires_after(every_);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    // A worker that is that far behind has data enough.
    worker_.submit([this, data = to_cloudwatch(sample_())] { send(data); });
    wait();
  });
}

void CloudWatchMetrics::send(std::vector<aws::Datum> data) {
  unsent_.insert(unsent_.end(), data.begin(), data.end());
  std::size_t sent = 0;
  const auto put = cloudwatch_.put(name_space_, unsent_, &sent);
  const auto surplus = unsent_.size() > sent + kMaxUnsent ? unsent_.size() - kMaxUnsent : sent;
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(surplus));
  if (!put && !is_failing_) log::warn("cloudwatch_failed", {{"detail", to_string(put.error())}});
  if (put && is_failing_) log::info("cloudwatch_works_again");
  is_failing_ = !put;
}

}  // namespace carillon
