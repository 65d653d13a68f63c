// What the relay needs of the outbox: read on from a position, keep how far each sink is, and what a sink refused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/call/published_event.h"

namespace carillon {

struct OutboxRow {
  std::int64_t position = 0;
  PublishedEvent event;
};

// An event that a sink will not get: it refused it for good, or for longer than is tried. It is kept by itself: the
// outbox may forget the event before.
struct DeadLetter {
  std::string sink;
  std::int64_t position = 0;
  std::string reason;
  Time at{};
};

// Where the rows of the outbox end, for retention.
struct OutboxBounds {
  std::int64_t first = 0;  // positions; 0 = it is empty
  std::int64_t last = 0;
  Time first_at{};
};

// Used by the relay's own threads; blocking.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual Result<std::vector<OutboxRow>> read_after(std::int64_t position, int limit) = 0;
  // Position of the last event before `time`; 0 if there is none.
  virtual Result<std::int64_t> position_before(Time time) = 0;
  virtual Result<OutboxBounds> bounds() = 0;
  virtual Result<std::int64_t> cursor(const std::string& sink) = 0;
  virtual Result<std::vector<DeadLetter>> dead_letters(const std::string& sink, std::int64_t after, int limit) = 0;
  // The events of the same letters.
  virtual Result<std::vector<OutboxRow>> dead_letter_events(const std::string& sink, std::int64_t after, int limit) = 0;
  // At most 100,000.
  virtual Result<std::int64_t> count_dead_letters(const std::string& sink) = 0;

  // Durable some time later, in the order of asking: at-least-once does not need more.
  // How far the sink is, and which of the events up to there it will not get: both or neither.
  virtual void keep_progress(const std::string& sink, std::int64_t position, std::vector<DeadLetter> refused) = 0;
  virtual void remove_dead_letters(const std::string& sink, std::vector<std::int64_t> positions) = 0;
  // Forgets events up to and including the position.
  virtual void trim(std::int64_t position) = 0;
  // Forgets letters that were refused before.
  virtual void forget_dead_letters(Time before) = 0;
};

}  // namespace carillon
