// What the API needs to control calls that are under way. Whatever is done here, the call stays in its dialplan: it
// goes on when ARI, the engine or the connection to either is lost, and key 9 works throughout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/ports/store.h"

namespace carillon {

enum class LiveVerb : std::uint8_t {
  kListen,    // an operator's phone hears both sides
  kWhisper,   // the same, and the agent hears the operator; the person does not
  kRecord,    // after a notice, both sides into a file on the node
  kPlay,      // the person hears a prompt; an agent in the call hears it too
  kHold,      // the menu waits, or the agent does
  kUnhold,    // the menu goes on, or the talk does
  kMute,      // what the person says is not heard
  kUnmute,    // it is heard again
  kTransfer,  // as key 3 does, but to a phone of the operator's choice
  kTakeOver,  // the same without an announcement
  kHangUp,
  kRelease,  // ends what listen, whisper, record and play began; the call goes on
};
std::string_view to_string(LiveVerb verb);  // "take-over", as in paths and in the audit
std::optional<LiveVerb> parse_live_verb(std::string_view text);

// Where an operator's or an agent's phone is: a number over a trunk, or a PJSIP endpoint of its own.
struct LivePhone {
  std::string endpoint;  // the trunk's, or the phone's own
  std::string number;    // E.164; empty = the endpoint itself is the phone
};

struct LiveOrder {
  LiveVerb verb = LiveVerb::kHangUp;
  std::string call_id;  // the attempt's id
  std::string by;       // the actor's name
  LivePhone phone;      // of listen, whisper, transfer, take-over
  std::string prompt;   // stored prompt id, of play; with hold: what is heard meanwhile, empty = silence
};

// What listen, whisper, record and play begin and what has an end of its own.
struct LiveSession {
  std::string id;
  LiveVerb verb = LiveVerb::kListen;
  std::string call_id;
  std::string by;
  std::string state;      // "ringing", "notice", "starting", "active"
  std::string recording;  // the recording's name at the node, of record
  Time since{};
};

// What is known of a call beside its status.
struct LiveMarks {
  bool is_held = false;
  bool is_muted = false;
};

struct AriState {
  std::string state = "off";  // "off" (not configured), "unknown" (before the first try), "up", "down"
  std::string transport;      // "websocket" or "http", when up: how requests travel
  std::string detail;         // why it is down
};

// On the control thread.
class LiveControl {
 public:
  virtual ~LiveControl() = default;
  // The reply comes when the node has taken the order; with a session if the verb begins one. Unavailable without the
  // connection that it needs, Conflict when the call is not in a state for it, NotFound when the call is not there.
  virtual void order(LiveOrder order, Reply<std::optional<LiveSession>> reply) = 0;
  virtual std::vector<LiveSession> sessions() const = 0;
  virtual LiveMarks marks(const std::string& call_id) const = 0;
  virtual AriState ari() const = 0;
};

}  // namespace carillon
