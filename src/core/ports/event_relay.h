// What the API needs of the relay: how the sinks are, and to send events again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace carillon {

struct SinkState {
  std::string name;
  std::int64_t position = 0;      // of the last event that it has, or will never take
  std::int64_t lag = 0;           // events behind that
  std::string trouble;            // why it does not take more; empty = it does
  int failures = 0;               // in a row
  std::optional<Time> next_try;   // while it is in trouble
  std::int64_t dead_letters = 0;  // since this process began
};

// From any thread.
class EventRelay {
 public:
  virtual ~EventRelay() = default;
  virtual std::vector<SinkState> states() const = 0;
  virtual std::int64_t lag() const = 0;
  // Everything from that position on goes to the sink once more. NotFound if there is no such sink.
  virtual Result<void> replay(const std::string& sink, std::int64_t from) = 0;
  // Each dead letter that is still in the outbox is tried once more; what is refused again stays one.
  virtual Result<void> retry_dead_letters(const std::string& sink) = 0;
};

}  // namespace carillon
