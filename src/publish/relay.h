// Carries events from the outbox to the sinks: each sink has a thread and a cursor of its own, so that one that is slow
// or dead holds up neither calls nor the others. At least once, in order; what a sink refuses for good becomes a dead
// letter. The outbox is on disk: nothing is lost while a sink is away, within its retention.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/ports/event_relay.h"
#include "core/ports/outbox.h"
#include "publish/back_off.h"
#include "publish/sink.h"

namespace carillon::publish {

struct RelayOptions {
  BackOffLimits back_off;
  // Events that every sink has are kept so long for replays and readers, and then forgotten; dead letters so long after
  // they were refused.
  Duration keep = std::chrono::hours(24 * 7);
  // More than so many are not kept, even if no replay could reach back that far. Those that a sink does not have yet
  // are never forgotten, whatever the disk says.
  std::int64_t keep_rows = 5'000'000;
  std::chrono::milliseconds house_every{10'000};  // how often it is looked for what can be forgotten
};

class Relay final : public EventRelay {
 public:
  Relay(Outbox& outbox, std::vector<std::unique_ptr<Sink>> sinks, RelayOptions options = {});
  ~Relay() override;

  // From any thread: there may be something new.
  void wake();
  // Publishes what is there, or gives up after the deadline, and ends the threads.
  void finish(std::chrono::milliseconds deadline);

  std::vector<SinkState> states() const override;
  Result<void> replay(const std::string& sink, std::int64_t from) override;
  Result<void> retry_dead_letters(const std::string& sink) override;
  // Events that the slowest sink has not published; at least 1 while a commit has not been looked at.
  std::int64_t lag() const override;

 private:
  class Lane;
  void keep_house();
  void forget_dead_letters();
  bool trim();

  Outbox& outbox_;
  RelayOptions options_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool is_stopping_ = false;
  std::thread housekeeper_;
};

}  // namespace carillon::publish
