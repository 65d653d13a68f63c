// Where events go. A sink is used by the relay's thread alone and may block.
#pragma once

#include <string>
#include <vector>

#include "core/ports/outbox.h"

namespace carillon::publish {

class Sink {
 public:
  virtual ~Sink() = default;
  // Stable: the cursor in the ledger is kept under it.
  virtual std::string name() const = 0;
  // Position of the newest event that it is known to hold already, if it can tell; else 0.
  virtual std::int64_t known_position() = 0;
  // What it holds came from another ledger: publish everything that is given.
  virtual void forget_position() {}
  // All or nothing as far as it can; an error means: try the same again later.
  virtual Result<void> publish(const std::vector<OutboxRow>& rows) = 0;
};

}  // namespace carillon::publish
