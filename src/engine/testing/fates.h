// What will become of a call at the carrier: how it rings, which keys the person presses, how it ends, and which
// outcome that truly is. The numbers are those that a real Asterisk 22 was seen to give (outcome_test.cpp).
#pragma once

#include <optional>
#include <vector>

#include "core/call/call_event.h"

namespace carillon::testing {

struct Press {
  char key = '1';
  KeyAction action = KeyAction::kDonation;
  Duration after{2'000};  // the answer, or the press before
};

struct Fate {
  Duration backlog{20};     // from the server's taking the order to the INVITE
  bool has_channel = true;  // there is such a trunk
  std::optional<Duration> rings_after = {};
  bool has_early_media = false;  // 183 instead of 180
  std::optional<Duration> answers_after = {};
  std::vector<Press> presses = {};
  Duration ends_after{1'000};  // the INVITE; of an answered call: the answer or the last press
  int q850 = 0;
  int last_sip = 0;
  int tech_sip = 0;
  int originate_reason = 0;
  bool fails_before_hangup = false;  // OriginateResponse and Hangup come in any order
  Outcome truth = Outcome::kNone;
};

namespace fates {

inline Fate human(std::vector<Press> presses = {}) {
  Fate fate{.rings_after = Duration(300), .answers_after = Duration(2'000), .ends_after = Duration(3'000)};
  fate.presses = std::move(presses);
  fate.q850 = 16;
  fate.last_sip = 200;
  fate.truth = Outcome::kHuman;
  return fate;
}
inline Fate fails(int sip, int q850, Outcome truth, bool rings = true) {
  Fate fate{.ends_after = Duration(1'200)};
  if (rings) fate.rings_after = Duration(200);
  fate.q850 = q850;
  fate.last_sip = sip;
  fate.tech_sip = sip;
  fate.truth = truth;
  return fate;
}
inline Fate busy() { return fails(486, 17, Outcome::kBusy); }
inline Fate rejected() { return fails(603, 21, Outcome::kRejected); }
inline Fate invalid_number() { return fails(404, 1, Outcome::kInvalidNumber); }
inline Fate congestion() { return fails(503, 34, Outcome::kCongestion, false); }
// Rings past the timeout; Asterisk makes up the 480.
inline Fate no_answer() {
  Fate fate = fails(480, 19, Outcome::kNoAnswer);
  fate.last_sip = 180;
  fate.ends_after = Duration(30'000);
  fate.originate_reason = 3;
  return fate;
}
inline Fate early_media() {
  Fate fate = no_answer();
  fate.has_early_media = true;
  fate.last_sip = 183;
  return fate;
}
// No sign of life at all.
inline Fate silent() {
  Fate fate = no_answer();
  fate.rings_after.reset();
  fate.last_sip = 0;
  fate.truth = Outcome::kNoResponse;
  return fate;
}
// The order is taken, but there is no such trunk: no channel, no INVITE, no record.
inline Fate no_trunk() { return Fate{.has_channel = false, .truth = Outcome::kTrunkDown}; }

}  // namespace fates
}  // namespace carillon::testing
