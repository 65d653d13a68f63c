// The file in which rejected rows go back to whoever made the list: CSV with the columns line, reason, detail, text.
// Pure: returns text, the caller writes it.
//
// The text comes from strangers and will be opened in a spreadsheet. A cell that a spreadsheet would take for a formula
// (it begins with = + - @ TAB or CR) gets an apostrophe before it, as OWASP advises against CSV injection. Phone
// numbers and other cells of a plus or minus and nothing but digits after it are left: they can do nothing but be
// numbers.
#pragma once

#include <string>
#include <string_view>

#include "core/campaign/import/import_row.h"

namespace carillon {

// With a byte order mark: spreadsheets take the file for UTF-8 by it.
std::string_view rejects_header();
std::string rejects_line(const RejectedRow& row);

// A field of a CSV file that no spreadsheet runs. Always quoted.
std::string safe_csv_cell(std::string_view text);

}  // namespace carillon
