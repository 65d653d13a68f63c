#include "core/campaign/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace carillon {

// config/policies/*.toml, embedded by src/CMakeLists.txt.
extern const std::string_view kPolicyNone;
extern const std::string_view kPolicyIl;
extern const std::string_view kPolicyUs;
extern const std::string_view kPolicyUk;
extern const std::string_view kPolicyEu;

namespace {

constexpr char kRemovalKey = '9';

bool is_any_open(const WeeklyHours& hours) {
  return std::ranges::any_of(hours.days, [](const auto& spans) { return !spans.empty(); });
}

// The built-in keys have removal; keys of the campaign's own must keep it where it is.
bool keeps_removal_key(const std::map<char, KeyAction>& keys) {
  if (keys.empty()) return true;
  const auto key = keys.find(kRemovalKey);
  return key != keys.end() && key->second == KeyAction::kOptOut;
}

}  // namespace

const ClassRules& PolicyPack::rules_of(CampaignClass kind) const {
  const auto found = classes.find(kind);
  CARILLON_CHECK(found != classes.end());
  return found->second;
}

std::vector<std::string> check_settings(const CampaignSettings& settings, const PolicyPack& policy, bool is_admin) {
  const auto& rules = policy.rules_of(settings.kind);
  const auto messages = fmt::format("messages of class {} (policy {})", to_string(settings.kind), policy.id);
  std::vector<std::string> problems;
  if (rules.needs_preamble && settings.preamble.empty())
    problems.push_back(
        fmt::format("{} need a preamble, which says who calls and how to be removed: set preamble", messages));
  if (rules.needs_removal_key && !keeps_removal_key(settings.keys))
    problems.push_back(fmt::format("{} need key 9 for removal: let keys say \"9\": \"opt-out\"", messages));
  if (rules.needs_advertiser && settings.advertiser.empty())
    problems.push_back(fmt::format("{} need to say in whose name they are: set advertiser", messages));
  if (rules.needs_admin && !is_admin) problems.push_back(fmt::format("only an admin may start {}", messages));
  if (settings.hours && !is_any_open(intersection(rules.hours, *settings.hours)))
    problems.push_back(fmt::format("the campaign's hours and those of {} have no minute in common", messages));
  return problems;
}

std::span<const BuiltinPolicy> builtin_policies() {
  static const std::array<BuiltinPolicy, 5> kPolicies{{{"none.toml", kPolicyNone},
                                                       {"il.toml", kPolicyIl},
                                                       {"us.toml", kPolicyUs},
                                                       {"uk.toml", kPolicyUk},
                                                       {"eu.toml", kPolicyEu}}};
  return kPolicies;
}

PolicyPack default_policy_pack() {
  auto pack = parse_policy_pack(kPolicyNone, "none.toml");
  CARILLON_CHECK(pack.has_value());
  return *std::move(pack);
}

}  // namespace carillon
