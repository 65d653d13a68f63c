// What an import makes of the rows of a contact list: contacts that can be called, and rows that cannot, with reasons.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/campaign/gate.h"
#include "core/campaign/import/row_fault.h"

namespace carillon {

// Something about a contact that was taken that its owner may want to know.
enum class RowWarning : std::uint8_t {
  kRangeUnknown,       // the number's length is right; its range was not in use when libphonenumber's data was made
  kReadAsWindows1255,  // the row was no UTF-8; its Hebrew is right only if it really was Windows-1255
};
// "range-unknown".
std::string_view to_string(RowWarning warning);

struct ParsedContact {
  std::size_t line = 0;              // of the list, from 1: where its record began
  std::string number;                // E.164
  std::vector<std::string> regions;  // ISO 3166, in which the number may be
  std::string time_zone;             // IANA, as the list says and known; empty if it says none
  std::string id;                    // the list's own; empty if it has none
  std::string variables;             // a JSON object's text; empty = none
  std::optional<Consent> consent;    // without advertiser: whose list it is, the campaign knows
  std::vector<RowWarning> warnings;

  bool operator==(const ParsedContact&) const = default;
};

struct RejectedRow {
  std::size_t line = 0;
  RowFault fault = RowFault::kNone;
  std::string detail;  // a sentence for people
  std::string text;    // how the row begins, printable, at most 200 bytes

  bool operator==(const RejectedRow&) const = default;
};

}  // namespace carillon
