#include "core/campaign/gates/gates.h"

namespace carillon::gates {

Verdict number_gate(const Facts& facts, const GateContext& /*context*/) {
  if (!facts.number.empty()) return pass();
  return skip("number-invalid", facts.number_problem.empty() ? "the number is not valid" : facts.number_problem);
}

}  // namespace carillon::gates
