// The subcommands `campaign`, `suppress` and `trunks` on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "app/embedded.h"

namespace carillon {

// Sets `chosen` to what is to be run when one of them was given; its result is the exit code.
void add_campaign_commands(CLI::App& app, const Common& common, std::function<int()>& chosen);

}  // namespace carillon
