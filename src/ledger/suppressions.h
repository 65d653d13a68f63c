// SQL about numbers that must not be called, what registries said, and consents. Inside a transaction.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/ports/campaign_store.h"
#include "ledger/database.h"

namespace carillon::ledger {

std::vector<Suppression> suppressions_of(Database& db, const std::string& number);
// Adds it; one that is there stays as it is unless the new one lasts longer. Ready contacts of a number that is
// suppressed globally and for good are skipped at once. True if it is new.
bool suppress_number(Database& db, const Suppression& entry);
Result<void> unsuppress_number(Database& db, const std::string& number, SuppressionLevel level,
                               const std::string& scope);
// After the cursor, in order of number; all of one number if it is given.
SuppressionPage list_suppressions(Database& db, const std::string& number, const std::string& after, int limit);

// The newest answer of a registry counts.
void add_registry_check(Database& db, const std::string& number, const RegistryCheck& check);
// A later consent on the same basis replaces an earlier one.
void add_consent(Database& db, const std::string& number, const Consent& consent);

}  // namespace carillon::ledger
