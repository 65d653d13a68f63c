// Settings of a campaign as people write them: TOML with the members of POST /v1/campaigns in snake_case
// (examples/campaign.toml; docs/reference/campaigns.md). Pure: the caller reads the file. Mistakes are told with file,
// line and column.
#pragma once

#include <toml++/toml.h>

#include <boost/json/object.hpp>
#include <string_view>

#include "base/result.h"
#include "core/campaign/campaign.h"

namespace carillon {

Result<toml::table> parse_toml(std::string_view text, std::string_view file_name);

// Names in camelCase, times as RFC 3339.
boost::json::object to_json(const toml::table& table);

// "file:line:column: text".
Error error_at(std::string_view file_name, const toml::source_region& where, std::string_view text);

// The settings of one table of a file that has more in it than a campaign.
Result<CampaignSettings> read_campaign_table(const toml::table& table, std::string_view file_name);

}  // namespace carillon
