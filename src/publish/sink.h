// Where events go. A sink is used by one thread of the relay alone and may block.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ports/outbox.h"

namespace carillon::publish {

// What became of a batch, from its front on.
struct Published {
  std::size_t done = 0;                                      // rows that the sink has, or has refused for good
  std::vector<std::pair<std::size_t, std::string>> refused;  // of those: which (index in the batch), and why
  std::optional<Error> trouble;                              // why it stopped after `done`; nothing = all are done
  std::optional<Duration> retry_after;                       // as the other side asks
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Stable: the cursor in the ledger is kept under it.
  virtual std::string name() const = 0;
  // Events that go to it at once, at most.
  virtual int batch() const { return 500; }
  virtual bool wants(const PublishedEvent& /*event*/) const { return true; }
  // Position of the newest event that it is known to hold already, if it can tell; else 0.
  virtual std::int64_t known_position() { return 0; }
  // What it holds came from another ledger, or is to be sent again: publish everything that is given.
  virtual void forget_position() {}
  // In order. What it does not report as done is given again.
  virtual Published publish(const std::vector<OutboxRow>& rows) = 0;
};

inline Published all_done(const std::vector<OutboxRow>& rows) { return {rows.size(), {}, {}, {}}; }
inline Published none_done(Error trouble) { return {0, {}, std::move(trouble), {}}; }

}  // namespace carillon::publish
