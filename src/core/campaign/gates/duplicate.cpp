#include "core/campaign/gates/gates.h"

namespace carillon::gates {

Verdict duplicate_gate(const Facts& facts, const GateContext& /*context*/) {
  if (!facts.is_duplicate) return pass();
  return skip("duplicate", "the campaign has this number already");
}

}  // namespace carillon::gates
