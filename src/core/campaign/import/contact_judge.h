// Judges the rows of a contact list: number to E.164, time zone known, consent complete, sizes. Pure; one per list, on
// one thread. Remembers what it asked libphonenumber and the time zone database, within bounds.
#pragma once

#include <map>
#include <string>
#include <variant>

#include "core/campaign/contact_row.h"
#include "core/campaign/import/import_row.h"
#include "core/campaign/phone_blocks.h"

namespace carillon {

using JudgedRow = std::variant<ParsedContact, RejectedRow>;

class ContactJudge {
 public:
  // max_variable_bytes: of all variables of a contact, as JSON.
  ContactJudge(std::string default_region, std::size_t max_variable_bytes)
      : numbers_(std::move(default_region)), max_variable_bytes_(max_variable_bytes) {}

  JudgedRow judge(ContactRow row);

 private:
  bool is_zone(const std::string& name);

  PhoneBlocks numbers_;
  std::size_t max_variable_bytes_;
  std::map<std::string, bool, std::less<>> zones_;
};

// Of a row that says anything about a consent. basis is one of gate.h's words; times are "2026-11-22" (midnight UTC) or
// RFC 3339.
Result<Consent> parse_consent(const RawConsent& raw);

}  // namespace carillon
