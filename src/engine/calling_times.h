// Calling times of people whom no lane of a campaign describes (/dial, why): computed once per set of zones and rules,
// kept while they hold.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/store.h"

namespace carillon {

class CallingTimes {
 public:
  // zones: IANA; empty = not known, which is closed.
  const CallingTime& of(const std::vector<std::string>& zones, const std::shared_ptr<const GateRules>& rules, Time now);
  // As asked for, else every zone of the number's regions.
  const CallingTime& of_request(const AttemptRequest& request, const std::shared_ptr<const GateRules>& rules, Time now);

 private:
  struct Kept {
    std::shared_ptr<const GateRules> rules;  // keeps the address of its key from being used again
    CallingTime time;
  };
  std::map<std::pair<const GateRules*, std::string>, Kept> kept_;
};

}  // namespace carillon
