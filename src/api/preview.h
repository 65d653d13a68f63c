// What the gates say of a campaign's contacts as of now, before launch and at any time.
#pragma once

#include <boost/json/object.hpp>
#include <memory>

#include "core/ports/campaign_store.h"
#include "engine/calling_times.h"

namespace carillon::api {

// One contact with every gate's verdict and the one that decides.
boost::json::object explain(const ContactFacts& contact, const std::shared_ptr<const GateRules>& rules,
                            CallingTimes& times, Time now);

// Sums over all ready contacts, page by page so that calls go on meanwhile: how many would be called now, how many each
// gate holds or skips and why, and when what is held opens.
void preview(CampaignStore& ledger, std::shared_ptr<const GateRules> rules, Time now, Reply<boost::json::object> reply);

}  // namespace carillon::api
