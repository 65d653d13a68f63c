#include "core/campaign/budget.h"

#include <fmt/format.h>

#include "core/campaign/gates/gates.h"

namespace carillon::gates {
namespace {

// Sums of prices such as 0.1 are not exact: a limit is not missed by that.
constexpr double kRounding = 1e-6;

}  // namespace

Verdict budget_gate(const Facts& facts, const GateContext& context) {
  const auto& budget = context.campaign.settings.budget;
  if (!budget) return pass();
  const double call = worst_cost(*budget, context.max_call);
  const auto detail = fmt::format("{:.2f} spent and {:.2f} reserved of {:.2f}; one call may cost {:.2f}", facts.spent,
                                  facts.reserved, budget->limit, call);
  if (facts.spent + call > budget->limit + kRounding) return hold("budget-spent", detail);
  // What is reserved becomes free again when calls turn out shorter.
  if (facts.spent + facts.reserved + call > budget->limit + kRounding)
    return hold("budget-spent", detail, context.now + kSoon);
  return pass(detail);
}

}  // namespace carillon::gates
