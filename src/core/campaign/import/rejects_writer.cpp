#include "core/campaign/import/rejects_writer.h"

namespace carillon {
namespace {

bool is_formula(std::string_view text) {
  constexpr std::string_view kBegins = "=+-@\t\r";
  if (text.empty() || kBegins.find(text[0]) == std::string_view::npos) return false;
  const bool is_signed = text[0] == '+' || text[0] == '-';
  const bool is_number = text.size() > 1 && text.find_first_not_of("0123456789", 1) == std::string_view::npos;
  return !(is_signed && is_number);
}

}  // namespace

std::string_view rejects_header() { return "\xef\xbb\xbfline,reason,detail,text\r\n"; }

std::string rejects_line(const RejectedRow& row) {
  std::string line = std::to_string(row.line);
  for (const std::string_view cell : {to_string(row.fault), std::string_view(row.detail), std::string_view(row.text)}) {
    line += ',' + safe_csv_cell(cell);
  }
  return line + "\r\n";
}

std::string safe_csv_cell(std::string_view text) {
  std::string cell = is_formula(text) ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

}  // namespace carillon
