#include "publish/back_off.h"

#include <algorithm>

namespace carillon::publish {
namespace {

constexpr int kMostDoublings = 30;

}  // namespace

void BackOff::on_progress() {
  failures_ = 0;
  failing_since_.reset();
  next_try_.reset();
}

void BackOff::on_trouble(Time now, double share, std::optional<Duration> asked) {
  if (!failing_since_ || now < *failing_since_) failing_since_ = now;  // a clock that was put back starts anew
  const auto doubled = limits_.first * (std::int64_t{1} << std::min(failures_, kMostDoublings));
  ++failures_;
  // Half of it is sure, the other half is chance.
  const auto pause = std::min(doubled, limits_.longest);
  const auto jittered = pause / 2 + Duration(static_cast<std::int64_t>(static_cast<double>(pause.count()) / 2 * share));
  next_try_ = now + std::clamp(asked.value_or(jittered), limits_.first / 2, limits_.longest);
}

}  // namespace carillon::publish
