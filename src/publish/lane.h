// One sink's way through the outbox: a thread, a cursor, pauses when the sink fails. The relay owns one per sink.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/ports/event_relay.h"
#include "publish/relay.h"

namespace carillon::publish {

class Relay::Lane {
 public:
  Lane(Outbox& outbox, std::unique_ptr<Sink> sink, BackOffLimits limits);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  const std::string& name() const { return name_; }
  void wake();
  void begin_finish(std::chrono::milliseconds deadline);
  void join();
  SinkState state() const;
  void replay(std::int64_t from);
  void retry_dead_letters();
  // For the housekeeper's thread, too.
  std::int64_t recount_dead_letters();

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void take_orders();
  // True if there may be more at once.
  bool carry();
  void trust_or_forget(const KnownEvent& known);
  // True if it gave up an event, and goes on behind it.
  bool take(const Published& published, const std::vector<OutboxRow>& rows, Time now);
  void refuse(std::int64_t position, std::string reason, Time now);
  void revive_dead_letters();
  bool is_to_stop() const;
  void show(const std::optional<Error>& trouble);
  void keep_cursor();
  Clock::time_point wake_at() const;
  bool is_drained();

  Outbox& outbox_;
  std::unique_ptr<Sink> sink_;
  std::string name_;

  // The lane's thread only.
  BackOff back_off_;
  std::minstd_rand chance_;
  std::int64_t position_ = 0;
  std::int64_t kept_position_ = 0;  // what the ledger's cursor says
  Clock::time_point next_keep_{};
  std::vector<DeadLetter> refused_;  // not kept yet

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool has_news_ = true;
  bool is_stopping_ = false;
  Clock::time_point stop_by_{};
  std::optional<std::int64_t> replay_from_;
  bool must_revive_ = false;
  SinkState state_;
  std::atomic<std::uint64_t> news_{1};  // commits and orders that it was told of
  std::uint64_t looked_at_ = 0;         // of those, what it has looked at
  std::thread thread_;
};

}  // namespace carillon::publish
