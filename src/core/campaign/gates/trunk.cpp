#include "core/campaign/gates/gates.h"

namespace carillon::gates {

Verdict trunk_gate(const Facts& /*facts*/, const GateContext& context) {
  if (context.is_trunk_available) return pass(context.trunk_detail);
  return hold("trunk-unavailable",
              context.trunk_detail.empty() ? "no trunk of the campaign can take a call" : context.trunk_detail,
              context.trunk_until);
}

}  // namespace carillon::gates
