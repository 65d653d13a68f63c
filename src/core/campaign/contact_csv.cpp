#include "core/campaign/contact_csv.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"

namespace carillon {
namespace {

constexpr std::size_t kNamesShown = 20;
constexpr std::size_t kNameBytes = 100;

bool looks_like_number(std::string_view cell) {
  std::string_view text = number_in(cell);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto digits = std::ranges::count_if(text, is_digit);
  const auto is_expected = [&](char c) { return is_digit(c) || std::string_view(" -.()/").find(c) != text.npos; };
  return digits >= 7 && digits <= 15 && std::ranges::all_of(text, is_expected);
}

bool is_empty(const CsvRecord& record) {
  return std::ranges::all_of(record.fields, [](const auto& field) { return trim_unseen(field).empty(); });
}

std::string listed(const auto& names) {
  std::string text;
  std::size_t count = 0;
  for (const auto& name : names) {
    if (name.empty()) continue;
    if (count++ == kNamesShown) return text + " and " + std::to_string(names.size() - kNamesShown) + " more";
    text.append(text.empty() ? "" : ", ").append(excerpt(name, kNameBytes));
  }
  return text;
}

}  // namespace

void ContactReader::finish() {
  csv_.finish();
  is_finished_ = true;
}

Result<std::optional<ContactEntry>> ContactReader::next() {
  if (error_) return std::unexpected(*error_);
  while (auto record = csv_.next()) {
    if (!record->is_bad() && is_empty(*record)) continue;
    if (is_header_read_) return entry_of(*record);
    is_header_read_ = true;
    if (auto header = take_header(*record); !header) {
      error_ = header.error();
      return std::unexpected(*error_);
    }
    const bool has_header = columns_.size() != 1 || !columns_[0].name.empty();
    if (!has_header) return entry_of(*record);
  }
  if (is_finished_ && !is_header_read_) {
    error_ = Error(ErrorCode::Invalid, "the contact list is empty");
    return std::unexpected(*error_);
  }
  return std::nullopt;
}

Result<void> ContactReader::take_header(const CsvRecord& record) {
  if (record.is_bad()) {
    return fail(ErrorCode::Invalid,
                "the contact list's header (line " + std::to_string(record.line) + ") cannot be read: " + record.bad);
  }
  if (record.fields.size() == 1 && looks_like_number(record.fields[0])) {
    columns_.push_back({{ColumnRole::kNumber, {}}, ""});  // no header: one number a line
    return {};
  }
  return take_columns(record);
}

Result<void> ContactReader::take_columns(const CsvRecord& record) {
  for (const auto& field : record.fields) {
    const std::string name(trim_unseen(field));
    if (name.size() > kNameBytes) {
      return fail(ErrorCode::Invalid, "the contact list's column name '" + excerpt(name, kNameBytes) +
                                          "' is longer than " + std::to_string(kNameBytes) + " bytes");
    }
    columns_.push_back({name.empty() ? ColumnMeaning{ColumnRole::kIgnored, {}} : roles_.meaning_of(name), name});
  }
  while (!columns_.empty() && columns_.back().name.empty()) columns_.pop_back();
  return check_columns(record);
}

Result<void> ContactReader::check_columns(const CsvRecord& record) const {
  std::set<std::string> names;
  std::set<std::string> variables;
  for (const auto& [meaning, name] : columns_) {
    if (name.empty()) continue;
    const std::string shown = excerpt(name, kNameBytes);
    if (!names.insert(to_lower(name)).second) {
      return fail(ErrorCode::Invalid,
                  "the contact list has the column '" + shown + "' twice; rename or remove one of them");
    }
    if (meaning.role == ColumnRole::kVariable) {
      if (variables.insert(meaning.variable).second) continue;
      return fail(ErrorCode::Invalid, "two columns become the variable '" + excerpt(meaning.variable, kNameBytes) +
                                          "'; map one to another");
    }
    const auto same = std::ranges::find(columns_, meaning.role, [](const Column& c) { return c.meaning.role; });
    if (meaning.role != ColumnRole::kIgnored && same->name != name) {
      return fail(ErrorCode::Invalid, "the contact list's columns '" + excerpt(same->name) + "' and '" + shown +
                                          "' mean the same; rename the one that is not to be used, for example to '" +
                                          shown + "_2'");
    }
  }
  for (const auto& mapped : roles_.mapped()) {
    if (names.contains(to_lower(mapped))) continue;
    return fail(ErrorCode::Invalid, "the mapping names the column '" + excerpt(mapped, kNameBytes) +
                                        "', which the contact list does not have; its columns are " +
                                        listed(record.fields));
  }
  const auto is_number = [](const Column& c) { return c.meaning.role == ColumnRole::kNumber; };
  if (std::ranges::none_of(columns_, is_number)) return std::unexpected(no_number_column(record));
  return {};
}

Error ContactReader::no_number_column(const CsvRecord& record) const {
  std::string detail = "the contact list has no column with phone numbers: ";
  if (std::ranges::any_of(record.fields, looks_like_number)) {
    detail += "its first line (line " + std::to_string(record.line) +
              ") looks like a contact; put a line with the columns' names above it, one of them ";
  } else {
    detail += "its columns are " + listed(record.fields) + "; name the one with the numbers ";
  }
  return Error(ErrorCode::Invalid, detail + "as one of " + listed(names_of(ColumnRole::kNumber)));
}

ContactEntry ContactReader::entry_of(CsvRecord& record) const {
  if (record.is_bad()) return BadRow{record.line, record.fault, std::move(record.bad), std::move(record.text)};
  ContactRow row;
  row.line = record.line;
  row.was_windows_1255 = record.was_windows_1255;
  row.variables.reserve(columns_.size());
  for (std::size_t i = 0; i < std::max(columns_.size(), record.fields.size()); ++i) {
    const std::string_view field = i < record.fields.size() ? std::string_view(record.fields[i]) : "";
    if (i >= columns_.size()) {
      // A column without a name among the others is a row index or the like. Text beyond the last name means that the
      // fields may have slipped, and the number may be another's.
      if (trim_unseen(field).empty()) continue;
      return BadRow{record.line, RowFault::kStrayText,
                    "there is text in column " + std::to_string(i + 1) +
                        ", beyond the last one that the header names; is a text with a separator in it not quoted?",
                    std::move(record.text)};
    }
    switch (columns_[i].meaning.role) {
      case ColumnRole::kNumber: row.number = number_in(field); break;
      case ColumnRole::kId: row.id = trim_unseen(field); break;
      case ColumnRole::kTimeZone: row.time_zone = trim_unseen(field); break;
      case ColumnRole::kConsentBasis: row.consent.basis = trim_unseen(field); break;
      case ColumnRole::kConsentEvidence: row.consent.evidence = trim_unseen(field); break;
      case ColumnRole::kConsentAt: row.consent.at = trim_unseen(field); break;
      case ColumnRole::kConsentExpiresAt: row.consent.expires_at = trim_unseen(field); break;
      case ColumnRole::kVariable: row.variables.emplace_back(columns_[i].meaning.variable, trim(field)); break;
      case ColumnRole::kIgnored: break;
    }
  }
  row.text = std::move(record.text);
  if (row.number.empty()) return BadRow{row.line, RowFault::kNoNumber, "the number is empty", std::move(row.text)};
  return row;
}

}  // namespace carillon
