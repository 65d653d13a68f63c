// Reads CSV (RFC 4180, and what Excel and people make of it) from bytes that come in pieces of any size. Pure: the
// caller owns the bytes' source and one reader per file, on one thread. Lines count from 1; sizes are bytes.
//
// Taken as they come: quoted fields with separators, line breaks and doubled quotes; CRLF, LF or CR; a UTF-8 byte order
// mark; a missing last line break; `,` `;` or TAB between fields, whichever the first line has most of, or what Excel's
// "sep=;" line says; spaces before an opening quote; text after a closing one. Blank lines are skipped.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/campaign/import/row_fault.h"
#include "core/campaign/import/text_decoder.h"

namespace carillon {

struct CsvLimits {
  std::size_t field_bytes = 64 * 1024;
  std::size_t record_bytes = 1024 * 1024;
  std::size_t columns = 200;
};

struct CsvDialect {
  std::optional<char> separator;  // , ; or TAB; not given = found as above
  LineEncoding encoding = LineEncoding::kUtf8;
};

struct CsvRecord {
  std::size_t line = 0;             // where the record began
  std::vector<std::string> fields;  // UTF-8; empty for a bad record
  RowFault fault = RowFault::kNone;
  std::string bad;   // why the record cannot be used; empty for a good one
  std::string text;  // how the record begins, printable, at most 200 bytes
  bool was_windows_1255 = false;

  bool is_bad() const { return fault != RowFault::kNone; }
  bool operator==(const CsvRecord&) const = default;
};

class CsvReader {
 public:
  explicit CsvReader(CsvLimits limits = {}, CsvDialect dialect = {}) : limits_(limits), dialect_(dialect) {}

  // Memory is what was fed and not yet read by next(), plus at most one record.
  void feed(std::string_view chunk);
  void finish() { finished_ = true; }
  // The next record, good or bad; nothing while more bytes are needed and at the end. A record beyond a limit is bad,
  // its rest is dropped, and reading goes on with the line after the place where the limit was passed.
  std::optional<CsvRecord> next();

  char separator() const { return separator_; }
  // Where reading is: the line of the next byte.
  std::size_t line() const { return line_; }

 private:
  enum class State { FieldStart, Unquoted, Quoted, QuoteSeen, Skipping };
  enum class Prologue { ByteOrderMark, HeaderLine, Done, Unreadable };

  bool prologue_is_done();
  bool byte_order_mark_is_known();
  bool separator_is_known();
  bool take_excel_separator_line(std::string_view line);
  std::optional<CsvRecord> read();
  std::size_t run_length(char first) const;
  void take(std::string_view run);
  void take_in_field(char c, std::string_view run);
  void append(std::string_view run);
  void end_field();
  std::optional<CsvRecord> end_record();
  void decode_record();
  CsvRecord bad_record();
  void spoil(RowFault fault, std::string reason);
  void skip_record(std::string reason);
  void count_line_break(char c);

  CsvLimits limits_;
  CsvDialect dialect_;
  std::string pending_;  // fed; read up to position_
  std::size_t position_ = 0;
  bool finished_ = false;
  Prologue prologue_ = Prologue::ByteOrderMark;
  char separator_ = ',';

  // The search for the separator, which goes on where the last chunk ended.
  std::size_t scanned_ = 0;
  std::array<std::size_t, 3> separators_seen_{};
  bool is_scan_quoted_ = false;

  std::size_t line_ = 1;
  bool after_cr_ = false;  // a LF now belongs to the CR before it

  // The record under way.
  State state_ = State::FieldStart;
  std::size_t record_line_ = 1;
  std::size_t record_bytes_ = 0;
  std::vector<std::string> fields_;
  std::string field_;
  bool is_windows_1255_ = false;
  RowFault fault_ = RowFault::kNone;
  std::string bad_;
  std::string beginning_;  // the record's first raw bytes, for `text`
};

// Whether text is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text);

// Text from outside for screens and reports: line breaks and tabs become spaces, other control characters and what is
// not UTF-8 become '?'. Cut between characters at max_bytes, with "..." as the last three.
std::string excerpt(std::string_view text, std::size_t max_bytes = 200);

}  // namespace carillon
