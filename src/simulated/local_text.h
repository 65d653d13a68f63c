// Numbers and moments as people read them.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace date {
class time_zone;
}

namespace carillon::simulated {

// "12,345"
std::string grouped(std::int64_t number);

// The clock and the calendar of one place.
class LocalClock {
 public:
  // IANA; a zone that is not known is UTC.
  explicit LocalClock(const std::string& zone);

  std::string name() const;
  std::string moment(Time at) const;  // "Thu 3 Dec 09:00"
  std::string day(Time at) const;     // "Thu 3 Dec"
  int hour(Time at) const;
  // The first moment of that day, and of the next.
  Time midnight(Time at) const;
  Time next_midnight(Time at) const;

 private:
  const date::time_zone* zone_;
};

}  // namespace carillon::simulated
