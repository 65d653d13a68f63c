#include "core/campaign/import/row_fault.h"

namespace carillon {

std::string_view to_string(RowFault fault) {
  switch (fault) {
    case RowFault::kNone: return "none";
    case RowFault::kNoNumber: return "no-number";
    case RowFault::kNumberInvalid: return "number-invalid";
    case RowFault::kTimeZoneUnknown: return "time-zone-unknown";
    case RowFault::kTooLong: return "too-long";
    case RowFault::kTooManyColumns: return "too-many-columns";
    case RowFault::kStrayText: return "stray-text";
    case RowFault::kEncoding: return "encoding";
    case RowFault::kNulByte: return "nul-byte";
    case RowFault::kOpenQuote: return "open-quote";
    case RowFault::kNotUnderstood: return "not-understood";
    case RowFault::kConsentInvalid: return "consent-invalid";
    case RowFault::kFileDamaged: return "file-damaged";
    case RowFault::kDuplicate: return "duplicate";
  }
  return "none";
}

}  // namespace carillon
