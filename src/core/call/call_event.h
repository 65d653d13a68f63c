// What can happen to a call, seen from the engine. Late, repeated and reordered events are normal.
#pragma once

#include <string>
#include <variant>

#include "base/time.h"
#include "core/call/note.h"
#include "core/call/words.h"

namespace carillon {

// The telephony server took the order to dial.
struct CallAccepted {};
// It refused the order: nothing was dialled.
struct CallRefused {
  std::string detail;
};
// The order could not be carried out (AMI OriginateResponse: Failure); reason as Asterisk counts, 3 = no answer in
// time.
struct OriginateFailed {
  int reason = 0;
};
struct CallRinging {};
// Early media (183): the network plays something, the phone may ring.
struct CallProgress {};
struct CallHangup {
  int q850 = 0;
  int tech_sip = 0;
  ChannelState state = ChannelState::kOther;
};
// A snapshot of the node shows its channel.
struct SeenLive {
  ChannelState state = ChannelState::kOther;
};
// Snapshots far enough apart show no channel, and the journal has no end record.
struct FoundGone {
  bool has_placed_record = false;
  bool has_node_restarted = false;
};
// The order was never written to the telephony server.
struct NeverSent {};
// A stop asks that this call end.
struct StopAsked {};
// The deadline that the last step asked for has come.
struct DeadlinePassed {};

using CallEvent = std::variant<CallAccepted, CallRefused, OriginateFailed, CallRinging, CallProgress, Note, CallHangup,
                               SeenLive, FoundGone, NeverSent, StopAsked, DeadlinePassed>;

}  // namespace carillon
