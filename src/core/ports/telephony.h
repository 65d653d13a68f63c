// What the engine needs of a telephony server ("node"). Orders are fire and forget; what happens comes as events.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/call/call_event.h"
#include "core/call/words.h"

namespace carillon {

struct Placement {
  std::string attempt_id;
  std::string number;
  std::string trunk;
  std::string caller_id;           // E.164; empty = the trunk's own
  std::string audio;               // stored prompt id; empty = built-in
  std::string preamble;            // stored prompt id, played before the audio; empty = none
  std::map<char, KeyAction> keys;  // over the built-in tree; empty = its own
  Duration timeout{};              // allowance for post-dial delay plus ring timeout
};

// One look at the node: its live channels first, then its journal.
struct NodeSnapshot {
  std::map<std::string, ChannelState> live;        // by channel id, see channel_of()
  std::map<std::string, std::vector<Note>> notes;  // by attempt id; the placed record has seq 0
};

struct NodeState {
  bool is_up = false;
  std::string boot;  // identity of the node's present run
  std::string detail;
};

// The node's channel of an attempt. Ours is named after the attempt; a call from outside ("in-…") or from Asterisk's
// own prompt ("cli-…") is named after its channel.
inline std::string channel_of(const std::string& attempt_id) {
  for (const std::string_view prefix : {"in-", "cli-"}) {
    if (attempt_id.starts_with(prefix)) return attempt_id.substr(prefix.size());
  }
  return attempt_id;
}

class Telephony {
 public:
  virtual ~Telephony() = default;

  // Orders a call. CallAccepted or CallRefused follows; if the connection breaks first, nothing does. False if there is
  // no connection: nothing was sent.
  virtual bool place(const Placement& placement) = 0;
  // Tells the dialplan that the note is durable.
  virtual void acknowledge(const std::string& attempt_id, std::uint32_t seq) = 0;
  virtual void hang_up(const std::string& attempt_id) = 0;
  // Lets the prompt that plays end, then hangs up. An unanswered call is not touched.
  virtual void finish(const std::string& attempt_id) = 0;
  // Deletes these records of the journal; they must be in the ledger.
  virtual void forget(const std::string& attempt_id, const std::vector<std::uint32_t>& seqs) = 0;
  virtual void look(std::function<void(Result<NodeSnapshot>)> reply) = 0;
  virtual NodeState state() const = 0;

  // Set by the engine before start.
  struct Listener {
    std::function<void(const std::string& attempt_id, CallEvent event)> on_event;
    // Connected; events since then are held back until the listener calls look() and release_events().
    std::function<void(NodeState)> on_up;
    std::function<void()> on_down;
  };
  virtual void set_listener(Listener listener) = 0;
  virtual void release_events() = 0;
};

}  // namespace carillon
