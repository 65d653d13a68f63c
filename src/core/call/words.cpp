#include "core/call/words.h"

#include <array>
#include <utility>

namespace carillon {
namespace {

template <class Enum, std::size_t N>
using Words = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Words<CallStatus, 11> kStatuses{{
    {CallStatus::kQueued, "queued"},
    {CallStatus::kInitiated, "initiated"},
    {CallStatus::kRinging, "ringing"},
    {CallStatus::kInProgress, "in-progress"},
    {CallStatus::kCompleted, "completed"},
    {CallStatus::kBusy, "busy"},
    {CallStatus::kNoAnswer, "no-answer"},
    {CallStatus::kFailed, "failed"},
    {CallStatus::kCanceled, "canceled"},
    {CallStatus::kSkipped, "skipped"},
    {CallStatus::kUnknown, "unknown"},
}};

constexpr Words<Outcome, 13> kOutcomes{{
    {Outcome::kNone, ""},
    {Outcome::kHuman, "human"},
    {Outcome::kBusy, "busy"},
    {Outcome::kNoAnswer, "no-answer"},
    {Outcome::kRejected, "rejected"},
    {Outcome::kInvalidNumber, "invalid-number"},
    {Outcome::kUnreachable, "unreachable"},
    {Outcome::kNoResponse, "no-response"},
    {Outcome::kCongestion, "congestion"},
    {Outcome::kTrunkDown, "trunk-down"},
    {Outcome::kCanceled, "canceled"},
    {Outcome::kSkipped, "skipped"},
    {Outcome::kUnknown, "unknown"},
}};

constexpr Words<KeyAction, 6> kActions{{
    {KeyAction::kDonation, "donation"},
    {KeyAction::kMoreInfo, "more-info"},
    {KeyAction::kAgent, "agent"},
    {KeyAction::kOptOut, "opt-out"},
    {KeyAction::kRepeat, "repeat"},
    {KeyAction::kInvalid, "invalid"},
}};

template <class Enum, std::size_t N>
std::string_view word_of(const Words<Enum, N>& words, Enum value) {
  for (const auto& [candidate, word] : words) {
    if (candidate == value) return word;
  }
  return "";
}

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const Words<Enum, N>& words, std::string_view text) {
  for (const auto& [value, word] : words) {
    if (word == text) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(CallStatus status) { return word_of(kStatuses, status); }
std::string_view to_string(Outcome outcome) { return word_of(kOutcomes, outcome); }
std::string_view to_string(KeyAction action) { return word_of(kActions, action); }
std::string_view to_string(Direction direction) { return direction == Direction::kInbound ? "inbound" : "outbound"; }
std::optional<CallStatus> parse_call_status(std::string_view text) { return value_of(kStatuses, text); }
std::optional<Outcome> parse_outcome(std::string_view text) { return value_of(kOutcomes, text); }
std::optional<KeyAction> parse_key_action(std::string_view text) { return value_of(kActions, text); }

ChannelState parse_channel_state(std::string_view text) {
  if (text == "Down") return ChannelState::kDown;
  if (text == "Ringing" || text == "Ring") return ChannelState::kRinging;
  if (text == "Up") return ChannelState::kUp;
  return ChannelState::kOther;
}

bool is_final(CallStatus status) {
  switch (status) {
    case CallStatus::kQueued:
    case CallStatus::kInitiated:
    case CallStatus::kRinging:
    case CallStatus::kInProgress: return false;
    case CallStatus::kCompleted:
    case CallStatus::kBusy:
    case CallStatus::kNoAnswer:
    case CallStatus::kFailed:
    case CallStatus::kCanceled:
    case CallStatus::kSkipped:
    case CallStatus::kUnknown: return true;
  }
  return true;
}

CallStatus status_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNone: return CallStatus::kQueued;
    case Outcome::kHuman: return CallStatus::kCompleted;
    case Outcome::kBusy: return CallStatus::kBusy;
    case Outcome::kNoAnswer: return CallStatus::kNoAnswer;
    case Outcome::kRejected:
    case Outcome::kInvalidNumber:
    case Outcome::kUnreachable:
    case Outcome::kNoResponse:
    case Outcome::kCongestion:
    case Outcome::kTrunkDown: return CallStatus::kFailed;
    case Outcome::kCanceled: return CallStatus::kCanceled;
    case Outcome::kSkipped: return CallStatus::kSkipped;
    case Outcome::kUnknown: return CallStatus::kUnknown;
  }
  return CallStatus::kUnknown;
}

}  // namespace carillon
