#include "net/backoff.h"

#include "base/result.h"

namespace carillon::net {

Backoff::Backoff(Duration min, Duration max, std::uint64_t seed) : min_(min), max_(max), ceiling_(min), random_(seed) {
  CARILLON_CHECK(min > Duration::zero() && min <= max);
}

Duration Backoff::next() {
  ceiling_ = ceiling_ > max_ / 2 ? max_ : ceiling_ * 2;
  std::uniform_int_distribution<Duration::rep> wait(min_.count(), ceiling_.count());
  return Duration(wait(random_));
}

void Backoff::reset() { ceiling_ = min_; }

}  // namespace carillon::net
