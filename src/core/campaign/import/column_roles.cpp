#include "core/campaign/import/column_roles.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace carillon {
namespace {

constexpr std::size_t kNameBytes = 100;

struct KnownName {
  std::string_view name;
  ColumnRole role;
};
constexpr std::array kKnownNames{
    KnownName{"phone", ColumnRole::kNumber},
    KnownName{"phone_number", ColumnRole::kNumber},
    KnownName{"phonenumber", ColumnRole::kNumber},
    KnownName{"number", ColumnRole::kNumber},
    KnownName{"mobile", ColumnRole::kNumber},
    KnownName{"tel", ColumnRole::kNumber},
    KnownName{"telephone", ColumnRole::kNumber},
    KnownName{"msisdn", ColumnRole::kNumber},
    KnownName{"id", ColumnRole::kId},
    KnownName{"contact_id", ColumnRole::kId},
    KnownName{"contactid", ColumnRole::kId},
    KnownName{"time_zone", ColumnRole::kTimeZone},
    KnownName{"timezone", ColumnRole::kTimeZone},
    KnownName{"tz", ColumnRole::kTimeZone},
    KnownName{"consent_basis", ColumnRole::kConsentBasis},
    KnownName{"consent_evidence", ColumnRole::kConsentEvidence},
    KnownName{"consent_at", ColumnRole::kConsentAt},
    KnownName{"consent_expires_at", ColumnRole::kConsentExpiresAt},
};

constexpr std::array kRoles{
    ColumnRole::kNumber,          ColumnRole::kId,        ColumnRole::kTimeZone,         ColumnRole::kConsentBasis,
    ColumnRole::kConsentEvidence, ColumnRole::kConsentAt, ColumnRole::kConsentExpiresAt, ColumnRole::kVariable,
    ColumnRole::kIgnored};

std::optional<ColumnRole> parse_role(std::string_view word) {
  const auto role = std::ranges::find(kRoles, word, [](ColumnRole r) { return to_string(r); });
  return role == kRoles.end() ? std::nullopt : std::optional(*role);
}

bool is_consent(ColumnRole role) { return role >= ColumnRole::kConsentBasis && role <= ColumnRole::kConsentExpiresAt; }

// "Phone Number" and "phone-number" are phone_number.
std::string key_of(std::string_view name) {
  std::string key = to_lower(name);
  std::ranges::replace_if(key, [](char c) { return c == ' ' || c == '-'; }, '_');
  return key;
}

}  // namespace

std::string_view to_string(ColumnRole role) {
  switch (role) {
    case ColumnRole::kNumber: return "number";
    case ColumnRole::kId: return "id";
    case ColumnRole::kTimeZone: return "time_zone";
    case ColumnRole::kConsentBasis: return "consent_basis";
    case ColumnRole::kConsentEvidence: return "consent_evidence";
    case ColumnRole::kConsentAt: return "consent_at";
    case ColumnRole::kConsentExpiresAt: return "consent_expires_at";
    case ColumnRole::kVariable: return "variable";
    case ColumnRole::kIgnored: return "ignore";
  }
  return "variable";
}

std::vector<std::string_view> names_of(ColumnRole role) {
  std::vector<std::string_view> names;
  for (const auto& known : kKnownNames) {
    if (known.role == role) names.push_back(known.name);
  }
  return names;
}

ColumnRoles ColumnRoles::with_consents() {
  ColumnRoles roles;
  roles.reads_consent_ = true;
  return roles;
}

Result<ColumnRoles> ColumnRoles::parse(const std::vector<std::string>& mapping) {
  auto roles = with_consents();
  for (const auto& rule : mapping) {
    if (auto added = roles.add(rule); !added) return std::unexpected(added.error());
  }
  return roles;
}

Result<void> ColumnRoles::add(const std::string& rule) {
  const auto shown = printable(rule, kNameBytes);
  const auto equals = rule.rfind('=');  // a column's name may have one
  if (equals == std::string::npos) return fail(ErrorCode::Invalid, "write the mapping '" + shown + "' as column=role");
  const std::string name(trim(std::string_view(rule).substr(0, equals)));
  const auto word = trim(std::string_view(rule).substr(equals + 1));
  if (name.empty() || name.size() > kNameBytes)
    return fail(ErrorCode::Invalid, "the mapping '" + shown + "' names no column of 1 to 100 bytes");

  ColumnMeaning meaning;
  constexpr std::string_view renamed = "variable:";
  if (word.starts_with(renamed)) {
    meaning.variable = trim(word.substr(renamed.size()));
    if (meaning.variable.empty()) return fail(ErrorCode::Invalid, "the mapping '" + shown + "' names no variable");
  } else if (const auto role = parse_role(word)) {
    meaning.role = *role;
    if (meaning.role == ColumnRole::kVariable) meaning.variable = name;
  } else {
    return fail(ErrorCode::Invalid, "the mapping '" + shown +
                                        "' has no role that is known: number, id, time_zone, consent_basis, "
                                        "consent_evidence, consent_at, consent_expires_at, variable, variable:NAME, "
                                        "ignore");
  }
  const bool is_of_one_column = meaning.role != ColumnRole::kVariable && meaning.role != ColumnRole::kIgnored;
  const auto has_role = [&](const auto& other) { return other.second.role == meaning.role; };
  if (is_of_one_column && std::ranges::any_of(by_name_, has_role))
    return fail(ErrorCode::Invalid, "the mapping gives the role " + std::string(word) + " to two columns");
  if (!by_name_.emplace(to_lower(name), std::move(meaning)).second)
    return fail(ErrorCode::Invalid, "the mapping names the column '" + printable(name, kNameBytes) + "' twice");
  mapped_.push_back(name);
  return {};
}

ColumnMeaning ColumnRoles::meaning_of(std::string_view name) const {
  if (const auto mapped = by_name_.find(to_lower(name)); mapped != by_name_.end()) return mapped->second;
  const auto known = std::ranges::find(kKnownNames, key_of(name), &KnownName::name);
  if (known == kKnownNames.end() || (is_consent(known->role) && !reads_consent_))
    return {ColumnRole::kVariable, std::string(name)};
  const auto has_role = [&](const auto& other) { return other.second.role == known->role; };
  if (std::ranges::any_of(by_name_, has_role)) return {ColumnRole::kVariable, std::string(name)};
  return {known->role, {}};
}

}  // namespace carillon
