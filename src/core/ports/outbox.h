// What the relay needs of the outbox: read on from a position, and keep how far each sink is.
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

// Used by the relay's own thread; blocking.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual Result<std::vector<OutboxRow>> read_after(std::int64_t position, int limit) = 0;
  virtual Result<std::int64_t> last_position() = 0;
  virtual Result<std::int64_t> cursor(const std::string& sink) = 0;
  // Durable some time later: at-least-once does not need more.
  virtual void set_cursor(const std::string& sink, std::int64_t position) = 0;
};

}  // namespace carillon
