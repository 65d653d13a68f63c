// The dialplan, rendered from its one source (extensions.conf.in) and the configuration: contexts from-trunk, ivr-main,
// ivr-wait-input, process-dtmf, ivr-timeout, outbound-campaign, hangup-handler.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace carillon::asterisk {

struct DialplanOptions {
  std::string prompts_folder;  // built-in prompts, absolute
  std::string store_folder;    // stored prompts of campaigns, absolute
  std::string agent;           // E.164 that key 3 dials; empty = no agents
  std::string agent_trunk;
  std::chrono::seconds digit_timeout{5};
  std::chrono::seconds response_timeout{10};
  std::chrono::seconds max_call{600};
  std::chrono::seconds agent_ring{20};
  int max_tries = 3;  // invalid keys until the call says goodbye
  // Base URL of the engine for HTTP callbacks ("http://127.0.0.1:3000"); empty = by UserEvent and journal alone.
  std::string callback_url;
  std::string callback_token;
};

// Invalid if a value could change the meaning of the dialplan (control characters, separators).
Result<std::string> render_dialplan(const DialplanOptions& options);

// The dialplan's variable for the action of a key ('0'-'9', '*', '#') in the main menu; empty for what is no key. Its
// value is a word of KeyAction; with one of them set, keys without one are invalid. 9 means opt-out whatever is set.
std::string key_variable(char key);

// features.conf of the same: key 9 while talking to an agent.
std::string render_features();

}  // namespace carillon::asterisk
