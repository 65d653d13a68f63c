#include "core/campaign/pacer.h"

#include <algorithm>
#include <cmath>

namespace carillon {
namespace {

// A late wake-up may catch up by this much and no more: carriers count calls in windows of about a second.
constexpr double kBurstSeconds = 0.2;

}  // namespace

void Pacer::refill(Time now) {
  if (last_ == Time{}) last_ = now;
  const double elapsed = std::chrono::duration<double>(now - last_).count();
  if (elapsed <= 0) {
    last_ = now;  // the clock stepped back: no tokens for it
    return;
  }
  const double burst = std::max(1.0, pace_.calls_per_second * kBurstSeconds);
  tokens_ = std::min(burst, tokens_ + elapsed * pace_.calls_per_second);
  last_ = now;
}

bool Pacer::try_start(Time now, int live) {
  refill(now);
  // A hair under one: sums of fractions.
  if (live >= pace_.max_live || tokens_ < 1.0 - 1e-9) return false;
  tokens_ -= 1.0;
  return true;
}

Time Pacer::next_token(Time now) {
  refill(now);
  if (tokens_ >= 1.0 - 1e-9) return now;
  return now + Duration(static_cast<std::int64_t>(std::ceil((1.0 - tokens_) / pace_.calls_per_second * 1000.0)));
}

}  // namespace carillon
