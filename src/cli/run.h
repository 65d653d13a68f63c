// `carillon run`: a campaign in one command. Creates it, imports the list, starts it, shows it until it is done; can be
// broken off and run again at any point. Also what `campaign start --watch` shows.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "cli/client.h"

namespace carillon::cli {

struct RunOptions {
  std::filesystem::path contacts;
  std::filesystem::path audio;     // empty: the built-in welcome
  std::filesystem::path rejected;  // where bad rows go; empty: <contacts>.rejected.csv
  std::string campaign;            // empty: the name of the contacts' file; a number is called once per campaign
  std::string region;              // ISO 3166, of numbers without a country code
  double calls_per_second = 5;
  int max_live = 50;
  bool is_json = false;
  bool is_quiet = false;
};

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 3 };

int run_campaign(Client& client, const RunOptions& options);

struct WatchResult {
  int code = kDone;
  boost::json::object campaign;  // GET /v1/campaigns/{id}, the last one
};
// Shows the campaign until it has ended or is paused. The first Ctrl-C pauses it and waits for the calls under way, the
// second leaves at once.
WatchResult watch_campaign(Client& client, const std::string& campaign, bool is_quiet);

}  // namespace carillon::cli
