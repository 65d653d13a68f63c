// The words of a call, as the API, the tables and the events use them (docs/reference/words.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon {

// Where an attempt is. The last six are final.
enum class CallStatus : std::uint8_t {
  kQueued,
  kInitiated,
  kRinging,
  kInProgress,
  kCompleted,
  kBusy,
  kNoAnswer,
  kFailed,
  kCanceled,
  kSkipped,
  kUnknown,
};

// The finer truth beside a final status.
enum class Outcome : std::uint8_t {
  kNone,
  kHuman,
  kBusy,
  kNoAnswer,       // it rang, nobody took it
  kRejected,       // the callee declined
  kInvalidNumber,  // the network knows no such number
  kUnreachable,    // known, but not to be reached now (phone off)
  kNoResponse,     // no sign of ringing from the carrier
  kCongestion,     // the carrier has no room, or asks to slow down
  kTrunkDown,      // the trunk cannot place calls at all
  kCanceled,       // we ended it before an answer
  kSkipped,        // a gate held it; the reason names the gate
  kUnknown,        // cannot be settled from any evidence; never redialled by itself
};

// What a key press means in the menu.
enum class KeyAction : std::uint8_t { kDonation, kMoreInfo, kAgent, kOptOut, kRepeat, kInvalid };

// Asterisk's channel state as far as it matters for outcomes.
enum class ChannelState : std::uint8_t { kDown, kRinging, kUp, kOther };

enum class Direction : std::uint8_t { kOutbound, kInbound };

std::string_view to_string(CallStatus status);
std::string_view to_string(Outcome outcome);
std::string_view to_string(KeyAction action);
std::string_view to_string(Direction direction);
std::optional<CallStatus> parse_call_status(std::string_view text);
std::optional<Outcome> parse_outcome(std::string_view text);
std::optional<KeyAction> parse_key_action(std::string_view text);
ChannelState parse_channel_state(std::string_view text);

bool is_final(CallStatus status);
// The status that goes with an outcome.
CallStatus status_of(Outcome outcome);

}  // namespace carillon
