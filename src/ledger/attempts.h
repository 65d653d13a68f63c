// SQL about attempts, their notes and suppressions. Runs inside a transaction of the store thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ports/store.h"
#include "ledger/database.h"

namespace carillon::ledger {

// A reason why the number must not be called (global level), if there is one.
std::optional<std::string> suppression_of(Database& db, const std::string& number, Time now);

std::optional<Attempt> find_by_call_id(Database& db, const std::string& call_id);
std::optional<StoredAttempt> find_attempt(Database& db, const std::string& id);
std::vector<StoredAttempt> find_not_final(Database& db);

// Store::accept and Store::intend.
Result<Accepted> accept_request(Database& db, const AttemptRequest& request, bool keep_skipped);
Result<void> record_intent(Database& db, const AttemptChange& change);

void insert_attempt(Database& db, const Attempt& attempt);
// Progress, notes, key presses, suppression and events of one step. Repeating it changes nothing.
void apply_change(Database& db, const AttemptChange& change);

Report make_report(Database& db, const std::string& campaign_id);

}  // namespace carillon::ledger
