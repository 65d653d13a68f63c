// Contact lists as JSON lines (one object a line) from bytes that come in pieces of any size. Members are read by the
// same names as the columns of a CSV list: phoneNumber is phone_number; every other member is a variable, and so are
// the members of a member `variables`. `consent` is an object {basis, evidence, at, expires_at}. Pure; one reader per
// list, on one thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/campaign/contact_row.h"
#include "core/campaign/import/column_roles.h"
#include "core/campaign/import/text_decoder.h"

namespace carillon {

class NdjsonReader {
 public:
  NdjsonReader(std::size_t max_line_bytes, LineEncoding encoding, ColumnRoles roles)
      : max_line_bytes_(max_line_bytes), encoding_(encoding), roles_(std::move(roles)) {}

  // Memory is what was fed and not yet read by next(), plus at most one line.
  void feed(std::string_view chunk);
  void finish() { is_finished_ = true; }
  // The next row, good or bad; nothing while more bytes are needed and at the end. Blank lines are passed over.
  std::optional<ContactEntry> next();
  std::size_t line() const { return line_; }

 private:
  bool take_line();
  ContactEntry entry_of();
  const ColumnMeaning& meaning_of(std::string_view name);

  std::size_t max_line_bytes_;
  LineEncoding encoding_;
  ColumnRoles roles_;
  std::map<std::string, ColumnMeaning, std::less<>> meanings_;

  std::string pending_;  // fed; read up to position_
  std::size_t position_ = 0;
  bool is_finished_ = false;
  std::size_t line_ = 1;
  std::string text_;          // the line under way, at most one byte beyond the limit
  bool is_complete_ = false;  // text_ was taken by next(): the next byte begins a new line
};

}  // namespace carillon
