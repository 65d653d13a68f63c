// Who may do what to a call that is under way, and where its audio may go. Pure: the configuration's answer to a
// request.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/ports/live_control.h"

namespace carillon {

struct LiveRules {
  bool may_listen = false;  // off by default, all three
  bool may_whisper = false;
  bool may_record = false;
  std::string record_notice;                // a prompt's name: what people hear before they are recorded
  int record_keep_days = 0;                 // 0 = not decided, so nothing is recorded
  std::string hold_prompt;                  // a prompt's name: what people hear while they are held; empty = silence
  std::map<std::string, LivePhone> phones;  // by name: phones that everybody may send audio to
  std::vector<std::string> trunks;          // over which numbers may be called; the first is the default
};

// Whether the verb may be used at all: Forbidden with what would have to change.
Result<void> check_verb(const LiveRules& rules, LiveVerb verb, bool is_admin);

// `to` is the name of a configured phone, or E.164, which only an admin may choose freely: audio could go anywhere.
// `trunk`: over which a number is called; empty = the first.
Result<LivePhone> find_phone(const LiveRules& rules, const std::string& to, const std::string& trunk, bool is_admin);

// "desk=PJSIP-endpoint", "night=+12025550150" or "night=+12025550150@trunk", as the configuration has it. Invalid if it
// is none of these or names no trunk of ours.
Result<std::pair<std::string, LivePhone>> parse_phone(std::string_view text, const std::vector<std::string>& trunks);

}  // namespace carillon
