// How many calls may start now: a token bucket for calls per second and a cap on live calls. Pure: time is an argument.
#pragma once

#include "base/time.h"

namespace carillon {

struct Pace {
  double calls_per_second = 5.0;
  int max_live = 50;  // calls that hold a slot, from the intent to the end
};

class Pacer {
 public:
  explicit Pacer(Pace pace) : pace_(pace) {}

  // Takes a token if one is there and `live` leaves room.
  bool try_start(Time now, int live);
  // When try_start may succeed again for want of a token; `now` if a token is there.
  Time next_token(Time now);

  const Pace& pace() const { return pace_; }

 private:
  void refill(Time now);

  Pace pace_;
  double tokens_ = 1.0;
  Time last_{};
};

}  // namespace carillon
