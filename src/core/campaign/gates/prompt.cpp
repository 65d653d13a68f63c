#include "core/campaign/gates/gates.h"

namespace carillon::gates {
namespace {

// A speech engine that failed has its time to recover.
constexpr Duration kSpeakAgain{60'000};

}  // namespace

// Of campaigns whose message is spoken anew for each contact. Whoever waits for it to be spoken waits in the dialer;
// here are those for whom that failed.
Verdict prompt_gate(const Facts& /*facts*/, const GateContext& context) {
  const auto* prompt = context.prompt;
  if (prompt == nullptr || prompt->problem.empty()) return pass();
  if (prompt->is_final) return skip("prompt-impossible", prompt->problem);
  return hold("prompt-not-ready", prompt->problem, context.now + kSpeakAgain);
}

}  // namespace carillon::gates
