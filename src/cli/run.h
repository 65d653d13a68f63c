// `carillon run`: a minimal campaign. Reads contacts, feeds them to the API within caps, shows progress, and can be
// broken off and run again at any point: a contact is the same attempt each time.
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
  double calls_per_second = 5;
  int max_live = 50;
  bool is_json = false;
  bool is_quiet = false;
};

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 3 };

// on_interrupt: runs at the first Ctrl-C, to stop new calls at once; says what happens to the others.
int run_campaign(Client& client, const RunOptions& options, const std::function<std::string()>& on_interrupt);

}  // namespace carillon::cli
