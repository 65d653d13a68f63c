// When a sink that fails is tried again, and when an event that it does not take is given up. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace carillon::publish {

struct BackOffLimits {
  Duration first{250};
  Duration longest = std::chrono::minutes(5);
  Duration give_up = std::chrono::hours(72);  // with one event; then it is a dead letter and the next one is tried
};

class BackOff {
 public:
  explicit BackOff(BackOffLimits limits = {}) : limits_(limits) {}

  // Some of what was given is through: the trouble, if any, is the next event's.
  void on_progress();
  // Nothing more is through. `share` in [0, 1): where in the span of possible pauses the next one lies, so that many
  // senders do not come back at once. `asked` by the other side: not sooner than that, within the longest pause.
  void on_trouble(Time now, double share, std::optional<Duration> asked);

  std::optional<Time> next_try() const { return next_try_; }
  // A pause that is longer than any is one of a clock that was put back since.
  bool may_try(Time now) const { return !next_try_ || *next_try_ <= now || *next_try_ - now > limits_.longest; }
  // The event at the front has been refused for too long.
  bool gives_up() const { return failing_for_ >= limits_.give_up; }
  int failures() const { return failures_; }

 private:
  BackOffLimits limits_;
  int failures_ = 0;        // in a row
  Duration failing_for_{};  // summed up from try to try, so that a clock that jumps makes no difference
  std::optional<Time> last_failure_;
  std::optional<Time> next_try_;
};

}  // namespace carillon::publish
