// `carillon prompt list|show|delete`: requests to the API and tables. Each returns the process's exit code and prints
// its errors.
#pragma once

#include <string>
#include <vector>

#include "cli/campaign_commands.h"
#include "cli/client.h"

namespace carillon::cli {

int list_prompts(Client& client, const Output& output);
int show_prompt(Client& client, const std::string& id, const Output& output);
int delete_prompts(Client& client, const std::vector<std::string>& ids);

}  // namespace carillon::cli
