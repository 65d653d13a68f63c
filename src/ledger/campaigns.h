// SQL about campaigns, their sums, the audit, and attempts that an operator resolves. Inside a transaction.
#pragma once

#include <string>
#include <vector>

#include "core/ports/campaign_store.h"
#include "ledger/database.h"

namespace carillon::ledger {

std::vector<Campaign> load_campaigns(Database& db);
Result<Campaign> create_campaign(Database& db, Campaign campaign);
Result<void> change_campaign(Database& db, const Campaign& campaign);
bool is_running(Database& db, std::int64_t campaign_key);

CampaignReport make_report(Database& db, const std::string& campaign_id);

void write_audit(Database& db, const AuditEntry& entry);
std::vector<AuditEntry> read_audit(Database& db, const std::string& campaign_id, int limit);
AuditPage list_audit(Database& db, const std::string& call_id, std::int64_t below, int limit);

Result<void> resolve_attempt(Database& db, const std::string& attempt_id, Resolution resolution, Time now);

}  // namespace carillon::ledger
