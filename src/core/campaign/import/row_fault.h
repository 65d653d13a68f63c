// Why a row of a contact list cannot be used: a fixed word for counting. The sentence for people is beside it.
#pragma once

#include <cstdint>
#include <string_view>

namespace carillon {

enum class RowFault : std::uint8_t {
  kNone,
  kNoNumber,
  kNumberInvalid,
  kTimeZoneUnknown,
  kTooLong,         // the row, one of its fields, or its variables
  kTooManyColumns,  // more than are read at all
  kStrayText,       // text beyond the last column that the header names
  kEncoding,        // bytes that are no text in the list's encoding
  kNulByte,
  kOpenQuote,
  kNotUnderstood,  // a line that is no JSON object, or a member of the wrong kind
  kConsentInvalid,
  kFileDamaged,  // not a row's fault: the list ends here, cut or broken
  kDuplicate,    // said by the ledger, which knows all numbers of the campaign
};

// "number-invalid".
std::string_view to_string(RowFault fault);

}  // namespace carillon
