// Gathers what gates look at, by number and within one transaction: a verdict is about one moment.
#pragma once

#include <optional>
#include <string>

#include "core/ports/campaign_store.h"
#include "ledger/database.h"

namespace carillon::ledger {

// Of a call without a contact: its zone as asked, else by the number's region.
Facts facts_of_request(Database& db, const AttemptRequest& request);
// Of a contact; except_attempt is not counted as an open one.
Facts facts_of_contact(Database& db, std::int64_t campaign_key, const std::string& number, int lane,
                       const std::string& except_attempt);

// Calls of the campaign under way: each may still cost the worst case.
std::int64_t count_open_attempts(Database& db, std::int64_t campaign_key);

ContactFactsPage facts_page(Database& db, std::int64_t campaign_key, std::int64_t after, int limit);
std::vector<ContactFacts> facts_of_number(Database& db, const std::string& number);

}  // namespace carillon::ledger
