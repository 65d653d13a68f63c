#include <fmt/format.h>

#include "core/campaign/gates/gates.h"

namespace carillon::gates {

// It may have been answered: only a person can say that the number may be called again.
Verdict unknown_gate(const Facts& facts, const GateContext& /*context*/) {
  if (!facts.unknown_at) return pass();
  return hold("unknown-attempt", fmt::format("nothing proves what became of the attempt of {}; an operator decides",
                                             to_rfc3339(*facts.unknown_at)));
}

}  // namespace carillon::gates
