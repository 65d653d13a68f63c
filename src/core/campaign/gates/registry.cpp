#include <fmt/format.h>

#include "core/campaign/gates/gates.h"

namespace carillon::gates {
namespace {

constexpr int kHoursPerDay = 24;

// The newest answer; one from the future proves nothing.
const RegistryCheck* newest_check(const RegistryRule& rule, const Facts& facts, Time now) {
  const RegistryCheck* newest = nullptr;
  for (const auto& check : facts.registry_checks) {
    if (check.registry != rule.registry || check.checked_at > now) continue;
    if (newest == nullptr || check.checked_at > newest->checked_at) newest = &check;
  }
  return newest;
}

Verdict ask(const RegistryRule& rule, const Facts& facts, const GateContext& context) {
  const auto* check = newest_check(rule, facts, context.now);
  if (check == nullptr)
    return hold("registry-stale", fmt::format("registry {} has not been asked about the number", rule.registry));
  const auto asked = date_text(check->checked_at);
  if (context.now - check->checked_at > rule.max_age) {
    return hold("registry-stale", fmt::format("registry {} was asked on {}, more than {} days ago", rule.registry,
                                              asked, rule.max_age.count() / kHoursPerDay));
  }
  if (!check->is_listed) return pass(fmt::format("not in registry {} on {}", rule.registry, asked));
  if (const auto* consent = overriding_consent(rule, facts, context)) {
    return pass(fmt::format("in registry {}, but consent of {} ({}) allows it", rule.registry,
                            date_text(consent->given_at), consent->basis));
  }
  return skip("registry-listed", fmt::format("in registry {} on {}", rule.registry, asked));
}

}  // namespace

// All registries of the class; a listing weighs more than an answer that is missing.
Verdict registry_gate(const Facts& facts, const GateContext& context) {
  Verdict verdict = pass();
  for (const auto& rule : rules_of(context).registries) {
    auto answer = ask(rule, facts, context);
    if (answer.decision == Decision::kSkip) return answer;
    if (answer.decision == Decision::kHold || verdict.decision == Decision::kPass) verdict = std::move(answer);
  }
  return verdict;
}

}  // namespace carillon::gates
