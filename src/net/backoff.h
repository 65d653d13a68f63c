// How long to wait before the next try: exponential back-off with full jitter, so that many clients that lost one
// server together do not come back together. Pure: it owns no clock. One per connection or job, on its owner's thread.
// Every wait lies in [min, max].
#pragma once

#include <cstdint>
#include <random>

#include "base/time.h"

namespace carillon::net {

class Backoff {
 public:
  // 0 < min <= max. The same seed gives the same waits.
  Backoff(Duration min, Duration max, std::uint64_t seed);

  // A random wait between min and a ceiling that begins at twice min and doubles with each call, up to max.
  Duration next();
  // After a success: the ceiling begins again.
  void reset();

 private:
  Duration min_;
  Duration max_;
  Duration ceiling_;
  std::mt19937_64 random_;
};

}  // namespace carillon::net
