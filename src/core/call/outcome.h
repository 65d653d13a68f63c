// Which outcome the evidence of an ended call proves. Pure; decided by what a real Asterisk 22 was seen to say
// (docs/explanation/outcomes.md has the table).
#pragma once

#include "core/call/words.h"

namespace carillon {

// All that is known at the end of a call. Zero means "not known".
struct EndEvidence {
  int q850 = 0;      // ITU-T Q.850 cause
  int last_sip = 0;  // the last SIP response that really came from the carrier (RFC 3261)
  int tech_sip = 0;  // TechCause of the Hangup event: after a ring timeout Asterisk makes up a 480
  ChannelState state = ChannelState::kOther;
  bool has_answered = false;
  bool has_rung = false;    // RINGING or PROGRESS was seen
  bool is_refused = false;  // the telephony server had no such trunk, or could not make a channel
  // Several calls in a row showed no sign of life from this trunk: silence is then the trunk's, not the callee's.
  bool is_trunk_suspect = false;
  bool is_canceled = false;  // we asked for the hangup before an answer
};

Outcome decide_outcome(const EndEvidence& evidence);

}  // namespace carillon
