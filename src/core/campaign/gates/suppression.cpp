#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/campaign/gates/gates.h"

namespace carillon::gates {
namespace {

// Scopes are compared without regard to letter case, and an entry that should name its scope and does not is meant for
// all: an entry too many costs one call, one too few breaks a promise.
bool is_scope(std::string_view scope, std::string_view name) {
  return scope.empty() || to_lower(scope) == to_lower(name);
}

// A registry that this class is not bound to, but another class is, says nothing here; one that the pack does not know
// at all was brought by the operator, and counts.
bool applies_as_registry(const Suppression& entry, const Facts& facts, const GateContext& context) {
  const auto& rules = rules_of(context).registries;
  const auto is_this = [&](const RegistryRule& rule) { return rule.registry == entry.scope; };
  if (const auto rule = std::ranges::find_if(rules, is_this); rule != rules.end())
    return overriding_consent(*rule, facts, context) == nullptr;
  return std::ranges::none_of(context.policy.classes,
                              [&](const auto& kind) { return std::ranges::any_of(kind.second.registries, is_this); });
}

bool applies(const Suppression& entry, const Facts& facts, const GateContext& context) {
  if (entry.expires_at && *entry.expires_at <= context.now) return false;
  switch (entry.level) {
    case SuppressionLevel::kGlobal: return true;
    case SuppressionLevel::kRegistry: return applies_as_registry(entry, facts, context);
    case SuppressionLevel::kAdvertiser: return is_scope(entry.scope, context.campaign.settings.advertiser);
    case SuppressionLevel::kCampaign: return is_scope(entry.scope, context.campaign.id);
  }
  return true;
}

std::string words_of(const Suppression& entry) {
  const auto scope = entry.scope.empty() ? "" : fmt::format(" of {}", entry.scope);
  const auto reason = entry.reason.empty() ? "" : fmt::format(": {}", entry.reason);
  return fmt::format("on the {} suppression list{} since {}{}", to_string(entry.level), scope,
                     date_text(entry.created_at), reason);
}

}  // namespace

// The widest level that applies is named: levels stand in that order.
Verdict suppression_gate(const Facts& facts, const GateContext& context) {
  const Suppression* widest = nullptr;
  for (const auto& entry : facts.suppressions) {
    if (!applies(entry, facts, context)) continue;
    if (widest == nullptr || entry.level < widest->level) widest = &entry;
  }
  if (widest == nullptr) return pass();
  return skip(fmt::format("suppressed-{}", to_string(widest->level)), words_of(*widest));
}

}  // namespace carillon::gates
