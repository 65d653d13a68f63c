// The file of a campaign's settings: TOML with the members of POST /v1/campaigns in snake_case
// (examples/campaign.toml; docs/reference/campaigns.md).
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>

#include "cli/client.h"

namespace carillon::cli {

// Reads the file, as JSON for the API, and stores the audio and preamble that are files beside it.
Result<boost::json::object> read_campaign_file(Client& client, const std::filesystem::path& file);

}  // namespace carillon::cli
