// Commands work through the API: of the daemon that holds the ledger, or of an engine of their own if none does.
#pragma once

#include <functional>
#include <string>

#include "app/config.h"
#include "cli/client.h"

namespace carillon {

// What all commands take.
struct Common {
  std::string config_file;
  std::string api_key;
};

// --config, CARILLON_CONFIG or /etc/carillon/carillon.toml, and the environment. Sets up the log.
Result<Config> configure(const Common& common);

// Prints the error; the exit code of a failure.
int fail_with(const Error& error);

struct EngineUse {
  bool needs_daemon = false;   // it would have to outlive this command
  bool needs_placing = false;  // waits until calls can be placed
};
int with_engine(const Config& config, const Common& common, const EngineUse& use,
                const std::function<int(cli::Client&)>& command);

}  // namespace carillon
