// When a person may be called: the window of the policy and of the campaign, holidays and Shabbat together, in the
// person's own time. Fails closed: no known zone, no open time; where a person may be in several zones, all must be
// open.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/campaign/gate.h"

namespace carillon {

// How far ahead is looked.
constexpr std::chrono::hours kCallingHorizon{14 * 24};

struct CallingTime {
  bool is_open = false;
  std::string gate;    // when closed: the name of the gate that closes it: "window", "holiday", "jewish-day"
  std::string reason;  // its fixed word: "window-closed", "holiday", "shabbat", "jewish-holiday", "zone-unknown"
  std::string detail;
  // When closed: the next moment at which a call may begin. Nothing if there is none within the horizon.
  std::optional<Time> opens_at;
  // When open: from then on no call may begin. Nothing if that does not happen within the horizon.
  std::optional<Time> closes_at;
  Time asked_at{};  // the moment for which this is the answer

  // Whether it is the answer at `now`, too. Not before asked_at: a clock that was put back asks anew.
  bool holds(Time now) const;

  bool operator==(const CallingTime&) const = default;
};

// A call may begin at `now` if all of [now, now + expected_call) is open. Pure, and dear (tens of microseconds a zone):
// answers hold until opens_at or closes_at, at most for the horizon, and are to be kept.
CallingTime calling_time(const std::vector<std::string>& zones, const GateContext& context);

}  // namespace carillon
