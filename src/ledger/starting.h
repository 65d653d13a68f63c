// The intent of an attempt: all gates, the contact and the attempt in one transaction.
#pragma once

#include "core/ports/store.h"
#include "ledger/database.h"

namespace carillon::ledger {

// Store::intend.
StartResult record_intent(Database& db, const StartRequest& request);

}  // namespace carillon::ledger
