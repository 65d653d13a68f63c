// Campaigns, contacts, verdicts, suppressions and trunks as JSON.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>

#include "core/ports/campaign_store.h"
#include "engine/campaigns.h"

namespace carillon::api {

boost::json::object counts(const std::map<std::string, std::int64_t>& by_name);

boost::json::object to_json(const Campaign& campaign);
boost::json::object to_json(const CampaignView& view);
boost::json::object to_json(const CampaignReport& report);
boost::json::object to_json(const ContactView& contact);
boost::json::object to_json(const Verdict& verdict);
boost::json::object to_json(const Suppression& entry);
boost::json::object to_json(const AuditEntry& entry);
boost::json::object to_json(const std::string& name, const TrunkView& view);

// A trunk that calls can be placed on.
bool is_usable(const TrunkView& view);

// "kind,name,count" lines for spreadsheets.
std::string to_csv(const CampaignReport& report);

}  // namespace carillon::api
