// The options of `carillon call …` and `carillon audit`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "app/embedded.h"

namespace carillon {

void add_live_commands(CLI::App& app, const Common& common, std::function<int()>& chosen);

}  // namespace carillon
