// What `carillon events …` does, over a daemon's API. Each gives the exit code.
#pragma once

#include <string>

#include "cli/campaign_commands.h"
#include "cli/client.h"

namespace carillon::cli {

int list_events(Client& client, std::int64_t after, int limit, const Output& output);
int list_sinks(Client& client, const Output& output);
int list_dead_letters(Client& client, const std::string& sink, const Output& output);
// from: a position, or a time in RFC 3339.
int replay_events(Client& client, const std::string& sink, const std::string& from, const Output& output);
int retry_dead_letters(Client& client, const std::string& sink, const Output& output);

}  // namespace carillon::cli
