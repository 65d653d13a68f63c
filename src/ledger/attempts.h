// SQL about attempts, their notes and events. Runs inside a transaction of the store thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ports/campaign_store.h"
#include "ledger/database.h"

namespace carillon::ledger {

std::optional<Attempt> find_by_call_id(Database& db, const std::string& call_id);
std::optional<StoredAttempt> find_attempt(Database& db, const std::string& id);
std::vector<StoredAttempt> find_not_final(Database& db);
AttemptPage list_attempts(Database& db, const std::string& campaign_id, const std::string& after, int limit);
// Newest first.
std::vector<Attempt> attempts_of(Database& db, const std::string& number, int limit);

// Store::accept.
Result<Accepted> accept_request(Database& db, const AttemptRequest& request, const GateRules& rules,
                                const CallingTime& calling_time);

// That an attempt was allowed: the policy, and what each gate said.
struct Evidence {
  std::string policy;
  std::string verdicts;
};

// Progress, notes, key presses, contact, suppression and events of one step. Repeating it changes nothing.
void apply_change(Database& db, const AttemptChange& change, const Evidence& evidence = {});

}  // namespace carillon::ledger
