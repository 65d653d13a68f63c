// What calls cost a campaign. Pure arithmetic, in the operator's own currency.
#pragma once

#include <algorithm>

#include "core/campaign/campaign.h"

namespace carillon {

// Of a call that was answered for `talked`; each begun billing step counts, an unanswered call is free.
inline double cost_of(const Budget& budget, Duration talked) {
  if (talked <= Duration(0)) return 0;
  const auto step = std::max(budget.billing_step, Duration(1));
  const auto steps = (talked + step - Duration(1)) / step;
  return static_cast<double>(steps) * static_cast<double>(step.count()) / 60'000.0 * budget.price_per_minute;
}

// Reserved before each call: it may last as long as calls are allowed to.
inline double worst_cost(const Budget& budget, Duration max_call) { return cost_of(budget, max_call); }

}  // namespace carillon
