// One alarm clock for the engine: rings once, at or after the time last set.
#pragma once

#include "base/time.h"

namespace carillon {

class Alarm {
 public:
  virtual ~Alarm() = default;
  virtual Time now() const = 0;
  virtual void set(Time when) = 0;
};

}  // namespace carillon
