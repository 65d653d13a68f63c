#include "core/campaign/contact_csv.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"

namespace carillon {
namespace {

constexpr std::array<std::string_view, 8> kNumberNames = {"phone",  "phone_number", "phonenumber", "number",
                                                          "mobile", "tel",          "telephone",   "msisdn"};
constexpr std::array<std::string_view, 3> kIdNames = {"id", "contact_id", "contactid"};
constexpr std::array<std::string_view, 3> kTimeZoneNames = {"time_zone", "timezone", "tz"};
constexpr std::size_t kNamesShown = 20;
constexpr std::size_t kNameBytes = 100;

// Spaces, and what stands unseen around numbers copied from a web page or from right-to-left text: no-break space,
// zero-width space, direction marks (U+200E, U+200F, U+202A..U+202E, U+2066..U+2069), byte order mark.
constexpr std::array<std::string_view, 18> kUnseen = {" ",      "\t",     "\r",     "\n",     "\u00a0", "\u200b",
                                                      "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
                                                      "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\ufeff"};

std::string_view trim_unseen(std::string_view text) {
  const auto leads = [&text](std::string_view mark) { return text.starts_with(mark); };
  const auto trails = [&text](std::string_view mark) { return text.ends_with(mark); };
  for (auto mark = std::ranges::find_if(kUnseen, leads); mark != kUnseen.end();
       mark = std::ranges::find_if(kUnseen, leads)) {
    text.remove_prefix(mark->size());
  }
  for (auto mark = std::ranges::find_if(kUnseen, trails); mark != kUnseen.end();
       mark = std::ranges::find_if(kUnseen, trails)) {
    text.remove_suffix(mark->size());
  }
  return text;
}

// Excel keeps a number's zeros and plus if the cell is written '+12025550100 or ="+12025550100".
std::string_view number_in(std::string_view cell) {
  cell = trim_unseen(cell);
  if (cell.starts_with('\'')) cell.remove_prefix(1);
  if (cell.size() >= 3 && cell.starts_with("=\"") && cell.ends_with('"')) cell = cell.substr(2, cell.size() - 3);
  return trim_unseen(cell);
}

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

bool is_one_of(std::string_view name, const auto& names) { return std::ranges::find(names, name) != names.end(); }

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
    if (columns_.size() == 1 && columns_[0].name.empty()) return entry_of(*record);
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
    columns_.push_back({Role::Number, ""});  // no header: one number a line
    return {};
  }
  return take_columns(record);
}

Result<void> ContactReader::take_columns(const CsvRecord& record) {
  std::set<std::string> seen;
  std::set<Role> roles;
  for (std::size_t i = 0; i < record.fields.size(); ++i) {
    const std::string name(trim_unseen(record.fields[i]));
    if (name.empty()) {
      columns_.push_back({Role::Ignored, ""});
      continue;
    }
    const std::string shown = excerpt(name, kNameBytes);
    if (name.size() > kNameBytes) {
      return fail(ErrorCode::Invalid, "the contact list's column name '" + shown + "' is longer than " +
                                          std::to_string(kNameBytes) + " bytes");
    }
    const Role role = role_of(name);
    if (!seen.insert(to_lower(name)).second) {
      return fail(ErrorCode::Invalid,
                  "the contact list has the column '" + shown + "' twice; rename or remove one of them");
    }
    if (role != Role::Variable && !roles.insert(role).second) {
      const auto rival = std::ranges::find(columns_, role, &Column::role);
      return fail(ErrorCode::Invalid, "the contact list's columns '" + excerpt(rival->name) + "' and '" + shown +
                                          "' mean the same; rename the one that is not to be used, for example to '" +
                                          shown + "_2'");
    }
    columns_.push_back({role, name});
  }
  while (!columns_.empty() && columns_.back().role == Role::Ignored) columns_.pop_back();
  if (!roles.contains(Role::Number)) return std::unexpected(no_number_column(record));
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
  return Error(ErrorCode::Invalid, detail + "as one of " + listed(kNumberNames));
}

// "Phone Number" and "phone-number" are phone_number.
ContactReader::Role ContactReader::role_of(std::string_view name) {
  std::string key = to_lower(name);
  std::ranges::replace_if(key, [](char c) { return c == ' ' || c == '-'; }, '_');
  if (is_one_of(key, kNumberNames)) return Role::Number;
  if (is_one_of(key, kIdNames)) return Role::Id;
  if (is_one_of(key, kTimeZoneNames)) return Role::TimeZone;
  return Role::Variable;
}

ContactEntry ContactReader::entry_of(const CsvRecord& record) const {
  const auto bad = [&record](std::string reason) { return BadRow{record.line, std::move(reason), record.text}; };
  if (record.is_bad()) return bad(record.bad);
  ContactRow row{.line = record.line, .number = {}, .id = {}, .time_zone = {}, .variables = {}};
  for (std::size_t i = 0; i < std::max(columns_.size(), record.fields.size()); ++i) {
    const std::string_view field = i < record.fields.size() ? std::string_view(record.fields[i]) : "";
    const Role role = i < columns_.size() ? columns_[i].role : Role::Ignored;
    switch (role) {
      case Role::Number: row.number = number_in(field); break;
      case Role::Id: row.id = trim_unseen(field); break;
      case Role::TimeZone: row.time_zone = trim_unseen(field); break;
      case Role::Variable: row.variables.emplace_back(columns_[i].name, trim(field)); break;
      case Role::Ignored:
        // A column without a name among the others is a row index or the like. Text beyond the last name means that
        // the fields may have slipped, and the number may be another's.
        if (i < columns_.size() || trim_unseen(field).empty()) break;
        return bad("there is text in column " + std::to_string(i + 1) +
                   ", beyond the last one that the header names; is a text with a separator in it not quoted?");
    }
  }
  if (row.number.empty()) return bad("the number is empty");
  return row;
}

}  // namespace carillon
