// A contact as its list has it, whatever the list's format: text, freed of what spreadsheets put around it, not judged.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/campaign/import/row_fault.h"

namespace carillon {

struct RawConsent {
  std::string basis;
  std::string evidence;
  std::string at;
  std::string expires_at;

  bool is_empty() const { return basis.empty() && evidence.empty() && at.empty() && expires_at.empty(); }
  bool operator==(const RawConsent&) const = default;
};

struct ContactRow {
  std::size_t line = 0;  // where the record began, from 1
  std::string number;
  std::string id;         // empty if the list has none
  std::string time_zone;  // empty if the list has none
  RawConsent consent;
  std::vector<std::pair<std::string, std::string>> variables;  // every other column, in the list's order
  std::string json_variables;  // in place of them, of a JSON line: the text of an object; may be empty
  std::string text;            // how the record begins, printable, at most 200 bytes
  bool was_windows_1255 = false;

  bool operator==(const ContactRow&) const = default;
};

struct BadRow {
  std::size_t line = 0;
  RowFault fault = RowFault::kNone;
  std::string reason;
  std::string text;  // how the record begins, printable, at most 200 bytes

  bool operator==(const BadRow&) const = default;
};

using ContactEntry = std::variant<ContactRow, BadRow>;

// Without spaces, tabs, line breaks, and what stands unseen around text copied from a web page or written from right to
// left (no-break space, zero-width space, direction marks, byte order mark).
std::string_view trim_unseen(std::string_view text);

// A cell with a number without what spreadsheets and data tools make of it: '+12025550100, ="+12025550100",
// 12025550100.0. Not mended is what has lost digits.
std::string_view number_in(std::string_view cell);

}  // namespace carillon
