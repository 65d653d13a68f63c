// A note is one fact that the dialplan tells about a call: by UserEvent, by HTTP callback and in the journal, each
// time with the same (attempt, seq), so that it counts once by whatever road it comes. Its text is
// "fact:at:a:b:c:d", at in ms since 1970; a to d depend on the fact (extensions.conf.in writes them).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "core/call/words.h"

namespace carillon {

// The journal's first record, written before the INVITE.
struct PlacedNote {};
struct CallStartedNote {
  std::string number;  // the other side's number, digits and '+' only; empty where it is hidden
};
struct KeyNote {
  char key = 0;  // '0'-'9', '*', '#'; 0 where the dialplan could not tell
  std::string menu;
  KeyAction action = KeyAction::kInvalid;
  std::string number;  // as in CallStartedNote, with an opt-out
};
struct TimeoutNote {
  std::string menu;
};
struct AgentNote {
  std::string dial_status;  // Asterisk's DIALSTATUS: ANSWER BUSY NOANSWER CHANUNAVAIL …
  int talk_seconds = 0;
};
// The hangup handler's record, for answered (call-ended) and other calls (call-failed).
struct EndNote {
  bool has_answered = false;
  int q850 = 0;
  int last_sip = 0;
  ChannelState state = ChannelState::kOther;
  Duration talked{0};
};

using NoteFact = std::variant<PlacedNote, CallStartedNote, KeyNote, TimeoutNote, AgentNote, EndNote>;

struct Note {
  std::uint32_t seq = 0;
  Time at{};
  NoteFact fact;
  std::string text;  // as it came, for the ledger
};

constexpr std::size_t kMaxNoteBytes = 256;
// More than anybody presses in the longest call.
constexpr std::uint32_t kMaxNotesPerCall = 1'000'000;

// Everything in text is hostile: lengths, numbers and words are checked.
Result<Note> parse_note(std::uint32_t seq, std::string_view text);

// Digits with an optional leading '+', at most 16 characters; anything else becomes empty.
std::string clean_number(std::string_view text);

}  // namespace carillon
