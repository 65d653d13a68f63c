// `carillon call`: calls under way, and what operators do to them; `carillon audit`.
#pragma once

#include <string>

#include "cli/campaign_commands.h"
#include "cli/client.h"

namespace carillon::cli {

struct LiveOptions {
  std::string call;      // the attempt's id
  std::string to;        // a phone's name or number
  std::string trunk;     // over which a number is called; empty = the first
  std::string prompt;    // of play
  std::string campaign;  // of list
};

int list_live_calls(Client& client, const LiveOptions& options, const Output& output);
// verb: as in POST /v1/calls/{id}:verb.
int control_call(Client& client, const std::string& verb, const LiveOptions& options, const Output& output);
// call empty: everything.
int list_audit(Client& client, const std::string& call, int limit, const Output& output);

}  // namespace carillon::cli
