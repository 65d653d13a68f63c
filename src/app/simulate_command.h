// `carillon campaign simulate`: a forecast, without a daemon, a ledger file or Asterisk.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "app/embedded.h"

namespace carillon {

// As add_campaign_commands().
void add_simulate_command(CLI::App& campaign, const Common& common, std::function<int()>& chosen);

}  // namespace carillon
