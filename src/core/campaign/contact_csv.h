// Contact lists as CSV: finds the columns by the names in the header line, or by a mapping, and turns each record into
// a contact or into a bad row with its reason. Pure: the import owns one per list and feeds it the bytes as they come.
// Phone numbers are not judged here, only freed of what spreadsheets put around them.
//
// A list without a header line is understood if it has one column: one number a line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/campaign/contact_row.h"
#include "core/campaign/csv.h"
#include "core/campaign/import/column_roles.h"

namespace carillon {

class ContactReader {
 public:
  explicit ContactReader(CsvLimits limits = {}, CsvDialect dialect = {}, ColumnRoles roles = {})
      : csv_(limits, dialect), roles_(std::move(roles)) {}

  void feed(std::string_view chunk) { csv_.feed(chunk); }
  void finish();
  // The next row, good or bad; nothing while more bytes are needed and at the end. Records whose fields are all empty,
  // which spreadsheets leave behind, are passed over. An error means that the list as a whole cannot be used, and every
  // further call returns it again.
  Result<std::optional<ContactEntry>> next();
  // Where reading is.
  std::size_t line() const { return csv_.line(); }

 private:
  struct Column {
    ColumnMeaning meaning;
    std::string name;  // empty if the header has none
  };

  Result<void> take_header(const CsvRecord& record);
  Result<void> take_columns(const CsvRecord& record);
  Error no_number_column(const CsvRecord& record) const;
  Result<void> check_columns(const CsvRecord& record) const;
  ContactEntry entry_of(CsvRecord& record) const;

  CsvReader csv_;
  ColumnRoles roles_;
  bool is_finished_ = false;
  bool is_header_read_ = false;
  std::vector<Column> columns_;
  std::optional<Error> error_;
};

}  // namespace carillon
