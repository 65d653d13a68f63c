// What gates are made of. A gate is a pure function of the facts and the context; gate.cpp writes its name into the
// verdict. In gates, context.calling_time is always there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/campaign/gate.h"

namespace carillon::gates {

#define CARILLON_GATE(name, function) Verdict function(const Facts& facts, const GateContext& context);
#include "core/campaign/gates/gates.def"
#undef CARILLON_GATE

inline Verdict pass(std::string detail = "") { return {"", Decision::kPass, "", std::move(detail), std::nullopt}; }
inline Verdict hold(std::string reason, std::string detail, std::optional<Time> until = std::nullopt) {
  return {"", Decision::kHold, std::move(reason), std::move(detail), until};
}
inline Verdict skip(std::string reason, std::string detail) {
  return {"", Decision::kSkip, std::move(reason), std::move(detail), std::nullopt};
}

// When to ask again what changes as soon as some call ends.
constexpr Duration kSoon{30'000};

// "2026-04-02": for sentences.
std::string date_text(Time time);

// Whether the consent was given to the campaign's advertiser, on a basis that the class takes, and not in the future.
bool is_consent_to(const Consent& consent, const ClassRules& rules, const GateContext& context);
// Its own end, else the class's age for it; nothing = no end.
std::optional<Time> end_of_consent(const Consent& consent, const ClassRules& rules);
// A consent that allows the call though the registry lists the number; nullptr if there is none.
const Consent* overriding_consent(const RegistryRule& registry, const Facts& facts, const GateContext& context);

inline const ClassRules& rules_of(const GateContext& context) {
  return context.policy.rules_of(context.campaign.settings.kind);
}

}  // namespace carillon::gates
