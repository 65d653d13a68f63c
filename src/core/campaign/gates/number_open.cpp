#include "core/campaign/gates/gates.h"

namespace carillon::gates {

Verdict number_open_gate(const Facts& facts, const GateContext& context) {
  if (!facts.has_open_attempt) return pass();
  return hold("number-open", "another attempt to the number is under way", context.now + kSoon);
}

}  // namespace carillon::gates
