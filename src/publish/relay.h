// Carries events from the outbox to the sinks: one thread, one cursor a sink, at least once, in order. A failing sink
// is tried again with growing pauses and never slows calls: the outbox is on disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/ports/outbox.h"
#include "publish/sink.h"

namespace carillon::publish {

class Relay {
 public:
  Relay(Outbox& outbox, std::vector<std::unique_ptr<Sink>> sinks);
  ~Relay();

  // From any thread: there may be something new.
  void wake();
  // Publishes what is there, or gives up after the deadline, and ends the thread.
  void finish(std::chrono::milliseconds deadline);
  // Events that the slowest sink has not published; at least 1 while a commit has not been looked at.
  std::int64_t lag() const {
    const auto known = lag_.load();
    return known == 0 && is_unread_.load() ? 1 : known;
  }

 private:
  struct Lane {
    std::unique_ptr<Sink> sink;
    std::int64_t position = 0;
    std::int64_t kept_position = 0;  // what the ledger's cursor says
    std::chrono::steady_clock::time_point next_keep{};
    std::chrono::steady_clock::time_point not_before{};
    std::chrono::milliseconds pause{0};
  };
  void run();
  // True if there may be more.
  bool carry(Lane& lane);
  bool is_drained();
  void measure_lag();
  void keep_cursor(Lane& lane);

  Outbox& outbox_;
  std::vector<Lane> lanes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool has_news_ = true;
  bool is_stopping_ = false;
  std::chrono::steady_clock::time_point stop_by_{};
  std::atomic<std::int64_t> lag_{0};
  std::atomic<bool> is_unread_{true};
  std::thread thread_;
};

}  // namespace carillon::publish
