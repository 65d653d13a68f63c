#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/campaign/gates/gates.h"

namespace carillon::gates {

bool is_consent_to(const Consent& consent, const ClassRules& rules, const GateContext& context) {
  const auto& bases = rules.consent_bases;
  const auto& advertiser = context.campaign.settings.advertiser;
  return !advertiser.empty() && consent.advertiser == advertiser && consent.given_at <= context.now &&
         (bases.empty() || std::ranges::find(bases, consent.basis) != bases.end());
}

std::optional<Time> end_of_consent(const Consent& consent, const ClassRules& rules) {
  if (consent.expires_at) return consent.expires_at;
  if (rules.consent_max_age > std::chrono::hours(0)) return consent.given_at + rules.consent_max_age;
  return std::nullopt;
}

const Consent* overriding_consent(const RegistryRule& registry, const Facts& facts, const GateContext& context) {
  const auto& rules = rules_of(context);
  for (const auto& consent : facts.consents) {
    const auto end = end_of_consent(consent, rules);
    const bool is_young = context.now - consent.given_at < registry.consent_overrides;
    if (is_young && (!end || *end > context.now) && is_consent_to(consent, rules, context)) return &consent;
  }
  return nullptr;
}

Verdict consent_gate(const Facts& facts, const GateContext& context) {
  const auto& rules = rules_of(context);
  if (!rules.needs_consent) return pass();
  const auto& advertiser = context.campaign.settings.advertiser;
  if (advertiser.empty())
    return hold("consent-missing", "the campaign names no advertiser, so nobody can have consented to its calls");

  std::optional<Time> expired;
  for (const auto& consent : facts.consents) {
    if (!is_consent_to(consent, rules, context)) continue;
    const auto end = end_of_consent(consent, rules);
    if (!end || *end > context.now)
      return pass(fmt::format("consent of {} to {} ({})", date_text(consent.given_at), advertiser, consent.basis));
    expired = std::max(expired.value_or(*end), *end);
  }
  if (expired)
    return hold("consent-expired", fmt::format("the consent to {} ended on {}", advertiser, date_text(*expired)));
  const auto bases =
      rules.consent_bases.empty() ? "" : fmt::format(" on a basis of {}", fmt::join(rules.consent_bases, ", "));
  return hold("consent-missing", fmt::format("no consent to calls of {}{} is known", advertiser, bases));
}

}  // namespace carillon::gates
