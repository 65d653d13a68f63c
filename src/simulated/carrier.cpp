#include "simulated/carrier.h"

#include <algorithm>
#include <cmath>

namespace carillon::simulated {
namespace {

// Below this share of its limits a carrier rings as fast as ever.
constexpr double kFeltFrom = 0.7;

}  // namespace

Carrier::Answer Carrier::take_call(Time now, double luck) {
  const Answer answer = judge(now, luck);
  ++calls_;
  switch (answer) {
    case Answer::kTakes:
      if (plan_.calls_per_second > 0) taken_.push_back(now);
      most_live_ = std::max(most_live_, ++live_);
      break;
    case Answer::kRefuses: ++refusals_; break;
    case Answer::kSilent: ++unanswered_; break;
  }
  return answer;
}

Carrier::Answer Carrier::judge(Time now, double luck) {
  for (const auto& outage : plan_.outages) {
    if (now < outage.from || now >= outage.to) continue;
    return outage.is_silent ? Answer::kSilent : Answer::kRefuses;
  }
  const bool is_too_fast = plan_.calls_per_second > 0 && taken_lately(now) >= limit_of_window();
  const bool is_full = plan_.channels > 0 && live_ >= plan_.channels;
  return is_too_fast || is_full || luck < plan_.refused ? Answer::kRefuses : Answer::kTakes;
}

// Carriers count in windows of about a second: of 5 calls/s it takes 5 in each second, of 2.5 calls/s 3 in each 1.2 s.
int Carrier::limit_of_window() const { return static_cast<int>(std::ceil(plan_.calls_per_second)); }

Duration Carrier::window() const { return Duration(std::llround(1000 * limit_of_window() / plan_.calls_per_second)); }

int Carrier::taken_lately(Time now) {
  while (!taken_.empty() && taken_.front() <= now - window()) taken_.pop_front();
  return static_cast<int>(taken_.size());
}

double Carrier::delay_factor(Time now) {
  double load = 0;
  if (plan_.calls_per_second > 0) load = taken_lately(now) / static_cast<double>(limit_of_window());
  if (plan_.channels > 0) load = std::max(load, live_ / static_cast<double>(plan_.channels));
  const double felt = std::clamp((load - kFeltFrom) / (1 - kFeltFrom), 0.0, 1.0);
  return 1 + (plan_.delay_when_full - 1) * felt;
}

}  // namespace carillon::simulated
