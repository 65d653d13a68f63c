// [live] of the configuration: who may listen, and where audio may go.
#pragma once

#include "app/config.h"
#include "core/call/live_rules.h"

namespace carillon {

// Whether its keys go together; the detail names the key within [live].
Result<void> check_live(const Config& config);
// Of a configuration that was checked.
LiveRules live_rules(const Config& config);

}  // namespace carillon
