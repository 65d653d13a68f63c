// What the columns of a contact list (or the members of its JSON lines) mean: by the names that people give them, or as
// the operator says ("--map column=role"). Pure, a value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace carillon {

enum class ColumnRole : std::uint8_t {
  kNumber,
  kId,
  kTimeZone,
  kConsentBasis,
  kConsentEvidence,
  kConsentAt,
  kConsentExpiresAt,
  kVariable,
  kIgnored,
};
// "number", "id", "time_zone", "consent_basis", …
std::string_view to_string(ColumnRole role);

struct ColumnMeaning {
  ColumnRole role = ColumnRole::kVariable;
  std::string variable;  // its name, if it is one

  bool operator==(const ColumnMeaning&) const = default;
};

class ColumnRoles {
 public:
  // By names alone, and without consents.
  ColumnRoles() = default;
  // By names alone, those of consents too.
  static ColumnRoles with_consents();
  // The same, and a mapping. Each "column=role": a word of ColumnRole, "ignore", "variable", or "variable:NAME" for
  // another name. A role that is given to a column is not taken by others for their names.
  static Result<ColumnRoles> parse(const std::vector<std::string>& mapping);

  ColumnMeaning meaning_of(std::string_view name) const;
  // Columns that the mapping names, as they were written.
  const std::vector<std::string>& mapped() const { return mapped_; }
  bool reads_consent() const { return reads_consent_; }

 private:
  Result<void> add(const std::string& rule);

  bool reads_consent_ = false;
  std::map<std::string, ColumnMeaning, std::less<>> by_name_;  // lower case
  std::vector<std::string> mapped_;
};

// The names that are understood without a mapping, for advice: "phone, phone_number, …".
std::vector<std::string_view> names_of(ColumnRole role);

}  // namespace carillon
