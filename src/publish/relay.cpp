#include "publish/relay.h"

#include <algorithm>

#include "base/log.h"

namespace carillon::publish {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBatch = 500;
// Commits come every few milliseconds under load; a file need not be synced for each.
constexpr std::chrono::milliseconds kGather{250};
// The ledger's cursor may lag: what is published again after a crash has the same id.
constexpr std::chrono::seconds kKeepCursorEvery{2};
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLastRounds{20};
constexpr std::chrono::milliseconds kLongestPause{60'000};

}  // namespace

Relay::Relay(Outbox& outbox, std::vector<std::unique_ptr<Sink>> sinks) : outbox_(outbox) {
  for (auto& sink : sinks) {
    Lane lane;
    const auto known = sink->known_position();
    lane.position = std::max(outbox_.cursor(sink->name()).value_or(0), known);
    if (known > outbox_.last_position().value_or(known)) {
      // The ledger is another than the one that this sink was fed from: its positions mean nothing here.
      log::error("sink_of_another_ledger", {{"sink", sink->name()}});
      sink->forget_position();
      lane.position = outbox_.cursor(sink->name()).value_or(0);
    }
    lane.sink = std::move(sink);
    lanes_.push_back(std::move(lane));
  }
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() { finish(std::chrono::milliseconds(0)); }

void Relay::wake() {
  is_unread_ = true;
  {
    const std::scoped_lock lock(mutex_);
    if (has_news_) return;
    has_news_ = true;
  }
  changed_.notify_one();
}

void Relay::finish(std::chrono::milliseconds deadline) {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
    has_news_ = true;
    stop_by_ = Clock::now() + deadline;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Relay::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    auto wake_at = Clock::now() + kLongestPause;
    for (const auto& lane : lanes_) {
      if (lane.pause.count() > 0) wake_at = std::min(wake_at, lane.not_before);
      if (lane.position != lane.kept_position) wake_at = std::min(wake_at, lane.next_keep);
    }
    changed_.wait_until(lock, wake_at, [&] { return has_news_ || is_stopping_; });
    const bool is_last_round = is_stopping_;
    has_news_ = false;
    lock.unlock();

    bool has_more = false;
    is_unread_ = false;
    for (auto& lane : lanes_) has_more = carry(lane) || has_more;
    measure_lag();

    if (!is_last_round && !has_more) std::this_thread::sleep_for(kGather);
    lock.lock();
    has_news_ = has_news_ || has_more;
    if (is_stopping_ && !has_more) changed_.wait_for(lock, kLastRounds);
    if (is_stopping_ && (is_drained() || Clock::now() >= stop_by_)) {
      for (auto& lane : lanes_) keep_cursor(lane);
      return;
    }
  }
}

bool Relay::carry(Lane& lane) {
  if (lane.pause.count() > 0 && Clock::now() < lane.not_before) return false;
  auto rows = outbox_.read_after(lane.position, kBatch);
  if (!rows) {
    log::error("outbox_unreadable", {{"detail", to_string(rows.error())}});
    return false;
  }
  if (!rows->empty()) {
    if (auto published = lane.sink->publish(*rows); !published) {
      lane.pause = std::clamp(lane.pause * 2, kFirstPause, kLongestPause);
      lane.not_before = Clock::now() + lane.pause;
      log::warn("sink_failed", {{"sink", lane.sink->name()},
                                {"detail", to_string(published.error())},
                                {"retry_ms", std::to_string(lane.pause.count())}});
      return false;
    }
    lane.pause = std::chrono::milliseconds(0);
    lane.position = rows->back().position;
  }
  if (lane.position != lane.kept_position && Clock::now() >= lane.next_keep) keep_cursor(lane);
  return rows->size() == kBatch;
}

void Relay::measure_lag() {
  const auto last = outbox_.last_position();
  if (!last) return;
  std::int64_t slowest = *last;
  for (const auto& lane : lanes_) slowest = std::min(slowest, lane.position);
  lag_.store(lanes_.empty() ? 0 : *last - slowest);
}

void Relay::keep_cursor(Lane& lane) {
  outbox_.set_cursor(lane.sink->name(), lane.position);
  lane.kept_position = lane.position;
  lane.next_keep = Clock::now() + kKeepCursorEvery;
}

bool Relay::is_drained() {
  const auto last = outbox_.last_position();
  return !last || std::ranges::all_of(lanes_, [&](const Lane& lane) { return lane.position >= *last; });
}

}  // namespace carillon::publish
