// Counts what events tell, for metrics. A sink like the others, so that each event counts once and no call pays for it;
// it begins with what comes after the start. Counts are taken from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "publish/sink.h"

namespace carillon::publish {

// Since they were last taken.
struct EventCounts {
  std::uint64_t started = 0;
  std::uint64_t answered = 0;
  std::map<std::string, std::uint64_t> ended = {};  // by outcome, "human" among them
  std::uint64_t donations = 0;
  std::uint64_t opt_outs = 0;
};

class EventCounter {
 public:
  void count(const PublishedEvent& event);
  EventCounts take();

 private:
  std::mutex mutex_;
  EventCounts counts_;
};

class CountingSink final : public Sink {
 public:
  // The outbox must outlive it: what was there before the start is not counted again.
  CountingSink(Outbox& outbox, std::shared_ptr<EventCounter> counter);

  std::string name() const override { return "metrics"; }
  std::optional<KnownEvent> last_known() override;
  Published publish(const std::vector<OutboxRow>& rows) override;

 private:
  Outbox& outbox_;
  std::shared_ptr<EventCounter> counter_;
};

}  // namespace carillon::publish
