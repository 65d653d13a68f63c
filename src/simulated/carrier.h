// A carrier as a trunk meets it: it takes so many calls a second and so many at a time and answers 503 to the rest, has
// outages, refuses now and then for no reason, and is slower to ring when it is full. One per trunk; time is an
// argument.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/time.h"

namespace carillon::simulated {

struct Outage {
  Time from{};
  Time to{};
  bool is_silent = false;  // no answer at all instead of 503
};

struct CarrierPlan {
  double calls_per_second = 0;   // 0 = as many as come
  int channels = 0;              // 0 = as many as come
  double refused = 0;            // share of calls that get a 503 for no reason
  double delay_when_full = 1.0;  // post-dial delay at its limits, as a multiple of the usual one
  std::vector<Outage> outages;
};

class Carrier {
 public:
  enum class Answer : std::uint8_t { kTakes, kRefuses, kSilent };

  explicit Carrier(CarrierPlan plan) : plan_(std::move(plan)) {}

  // A call comes. One that is taken holds a channel until end_call(). luck in [0, 1).
  Answer take_call(Time now, double luck);
  void end_call() { --live_; }
  // By how much the post-dial delay is longer than usual.
  double delay_factor(Time now);

  std::int64_t calls() const { return calls_; }
  std::int64_t refusals() const { return refusals_; }
  std::int64_t unanswered() const { return unanswered_; }
  int live() const { return live_; }
  int most_live() const { return most_live_; }

 private:
  Answer judge(Time now, double luck);
  int limit_of_window() const;
  Duration window() const;
  // Calls that were taken within the window.
  int taken_lately(Time now);

  CarrierPlan plan_;
  std::deque<Time> taken_;
  int live_ = 0;
  int most_live_ = 0;
  std::int64_t calls_ = 0;
  std::int64_t refusals_ = 0;
  std::int64_t unanswered_ = 0;
};

}  // namespace carillon::simulated
