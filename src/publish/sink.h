// Where events go. A sink is used by one thread of the relay alone and may block.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ports/outbox.h"

namespace carillon::publish {

// What became of a batch, from its front on.
struct Published {
  // Rows that the sink has, or has refused for good. Fewer than were given without any trouble: it took its time, and
  // wants to be asked again at once for the rest.
  std::size_t done = 0;
  std::vector<std::pair<std::size_t, std::string>> refused;  // of those: which (index in the batch), and why
  std::optional<Error> trouble;                              // why it stopped after `done`; nothing = all are done
  std::optional<Duration> retry_after;                       // as the other side asks
};

// An event by its place and its id (event_id()): places alone are those of any ledger.
struct KnownEvent {
  std::int64_t position = 0;
  std::string id;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Stable: the cursor in the ledger is kept under it.
  virtual std::string name() const = 0;
  // Events that go to it at once, at most.
  virtual int batch() const { return 500; }
  virtual bool wants(const PublishedEvent& /*event*/) const { return true; }
  // The newest event that it holds already, if it can tell.
  virtual std::optional<KnownEvent> last_known() { return std::nullopt; }
  // What it holds came from another ledger, or is to be sent again: publish everything that is given.
  virtual void forget_position() {}
  // In order. What it does not report as done is given again.
  virtual Published publish(const std::vector<OutboxRow>& rows) = 0;
};

inline Published all_done(const std::vector<OutboxRow>& rows) { return {rows.size(), {}, {}, {}}; }
inline Published none_done(Error trouble) { return {0, {}, std::move(trouble), {}}; }

}  // namespace carillon::publish
