// Contact lists as CSV: finds the columns by the names in the header line, and turns each record into a contact or into
// a bad row with its reason. Pure: the import owns one per list and feeds it the bytes as they come. Phone numbers are
// not judged here, only freed of what spreadsheets put around them.
//
// A list without a header line is understood if it has one column: one number a line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/campaign/csv.h"

namespace carillon {

struct ContactRow {
  std::size_t line = 0;  // where the record began, from 1
  std::string number;
  std::string id;                                              // empty if the list has none
  std::string time_zone;                                       // empty if the list has none
  std::vector<std::pair<std::string, std::string>> variables;  // every other column, in the list's order

  bool operator==(const ContactRow&) const = default;
};

struct BadRow {
  std::size_t line = 0;
  std::string reason;
  std::string text;  // how the record begins, printable, at most 200 bytes

  bool operator==(const BadRow&) const = default;
};

using ContactEntry = std::variant<ContactRow, BadRow>;

class ContactReader {
 public:
  explicit ContactReader(CsvLimits limits = {}) : csv_(limits) {}

  void feed(std::string_view chunk) { csv_.feed(chunk); }
  void finish();
  // The next row, good or bad; nothing while more bytes are needed and at the end. Records whose fields are all empty,
  // which spreadsheets leave behind, are passed over. An error means that the list as a whole cannot be used, and every
  // further call returns it again.
  Result<std::optional<ContactEntry>> next();

 private:
  enum class Role { Number, Id, TimeZone, Variable, Ignored };
  struct Column {
    Role role;
    std::string name;
  };

  Result<void> take_header(const CsvRecord& record);
  Result<void> take_columns(const CsvRecord& record);
  Error no_number_column(const CsvRecord& record) const;
  static Role role_of(std::string_view name);
  ContactEntry entry_of(const CsvRecord& record) const;

  CsvReader csv_;
  bool is_finished_ = false;
  bool is_header_read_ = false;
  std::vector<Column> columns_;
  std::optional<Error> error_;
};

}  // namespace carillon
