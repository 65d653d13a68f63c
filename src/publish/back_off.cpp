#include "publish/back_off.h"

#include <algorithm>

namespace carillon::publish {
namespace {

constexpr int kMostDoublings = 30;
// What a try itself may take, beside the pause before it.
constexpr Duration kLongestTry = std::chrono::minutes(2);

}  // namespace

void BackOff::on_progress() {
  failures_ = 0;
  failing_for_ = {};
  last_failure_.reset();
  next_try_.reset();
}

void BackOff::on_trouble(Time now, double share, std::optional<Duration> asked) {
  const Duration longest_step = limits_.longest + kLongestTry;
  if (last_failure_) failing_for_ += std::clamp(now - *last_failure_, Duration(0), longest_step);
  last_failure_ = now;
  const auto doubled = limits_.first * (std::int64_t{1} << std::min(failures_, kMostDoublings));
  ++failures_;
  // Half of it is sure, the other half is chance.
  const auto pause = std::min(doubled, limits_.longest);
  const auto jittered = pause / 2 + Duration(static_cast<std::int64_t>(static_cast<double>(pause.count()) / 2 * share));
  next_try_ = now + std::clamp(std::max(asked.value_or(jittered), jittered), limits_.first / 2, limits_.longest);
}

}  // namespace carillon::publish
