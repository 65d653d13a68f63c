#include "core/campaign/import/ndjson_reader.h"

#include <algorithm>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/text.h"
#include "core/campaign/csv.h"

namespace carillon {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxNameBytes = 100;
constexpr std::size_t kMaxDepth = 8;
constexpr std::size_t kMaxNamesKept = 1000;

// A line's members, sorted by what they mean. The first fault stays.
class Members {
 public:
  explicit Members(ContactRow& row, const ColumnRoles& roles, json::storage_ptr memory)
      : row_(row), roles_(roles), variables_(std::move(memory)) {}

  void take(std::string_view name, const ColumnMeaning& meaning, const json::value& value) {
    if (name.size() > kMaxNameBytes) return spoil("a member's name is longer than 100 bytes");
    if (meaning.role == ColumnRole::kVariable && name == "variables" && value.is_object()) {
      for (const auto& [inner, inner_value] : value.get_object()) take_variable(inner, inner_value);
      return;
    }
    if (meaning.role == ColumnRole::kVariable && name == "consent" && roles_.reads_consent())
      return take_consent(value);
    switch (meaning.role) {
      case ColumnRole::kNumber: return take_number(name, value);
      case ColumnRole::kId: return take_text(name, value, row_.id);
      case ColumnRole::kTimeZone: return take_text(name, value, row_.time_zone);
      case ColumnRole::kConsentBasis: return take_text(name, value, row_.consent.basis);
      case ColumnRole::kConsentEvidence: return take_text(name, value, row_.consent.evidence);
      case ColumnRole::kConsentAt: return take_text(name, value, row_.consent.at);
      case ColumnRole::kConsentExpiresAt: return take_text(name, value, row_.consent.expires_at);
      case ColumnRole::kVariable: return take_variable(meaning.variable, value);
      case ColumnRole::kIgnored: return;
    }
  }

  std::string& fault() { return fault_; }
  std::string variables() const { return variables_.empty() ? "" : json::serialize(variables_); }

 private:
  void spoil(std::string reason) {
    if (fault_.empty()) fault_ = std::move(reason);
  }

  void take_number(std::string_view name, const json::value& value) {
    take_text(name, value, row_.number);
    row_.number = std::string(number_in(row_.number));
  }

  // Ids and numbers are often written as JSON numbers; fractions are neither.
  void take_text(std::string_view name, const json::value& value, std::string& text) {
    if (value.is_null()) return;
    if (!text.empty()) return spoil("two members mean the same as '" + excerpt(name, kMaxNameBytes) + "'");
    if (value.is_string()) {
      text = trim_unseen(value.get_string());
    } else if (value.is_int64() || value.is_uint64()) {
      text = json::serialize(value);
    } else {
      spoil("'" + excerpt(name, kMaxNameBytes) + "' must be text");
    }
  }

  void take_variable(std::string_view name, const json::value& value) {
    if (value.is_object() || value.is_array()) {
      spoil("the variable '" + excerpt(name, kMaxNameBytes) + "' is neither text, a number nor a boolean");
      return;
    }
    if (!variables_.emplace(name, value).second)
      spoil("the variable '" + excerpt(name, kMaxNameBytes) + "' is there twice");
  }

  void take_consent(const json::value& value) {
    if (value.is_null()) return;
    if (!value.is_object()) return spoil("'consent' must be an object");
    for (const auto& [name, member] : value.get_object()) {
      if (name == "basis") {
        take_text(name, member, row_.consent.basis);
      } else if (name == "evidence") {
        take_text(name, member, row_.consent.evidence);
      } else if (name == "at") {
        take_text(name, member, row_.consent.at);
      } else if (name == "expires_at" || name == "expiresAt") {
        take_text(name, member, row_.consent.expires_at);
      } else {
        spoil("'consent' has the member '" + excerpt(name, kMaxNameBytes) +
              "'; it may have basis, evidence, at and expires_at");
      }
    }
  }

  ContactRow& row_;
  const ColumnRoles& roles_;
  json::object variables_;
  std::string fault_;
};

}  // namespace

void NdjsonReader::feed(std::string_view chunk) {
  pending_.erase(0, position_);
  position_ = 0;
  pending_ += chunk;
}

std::optional<ContactEntry> NdjsonReader::next() {
  while (take_line()) {
    if (line_ == 1 && text_.starts_with("\xef\xbb\xbf")) text_.erase(0, 3);
    if (text_.size() <= max_line_bytes_ && trim(text_).empty()) continue;
    return entry_of();
  }
  return std::nullopt;
}

// Moves what there is of the present line to text_; true if it is all of it. The rest of a line that is too long is
// dropped.
bool NdjsonReader::take_line() {
  if (is_complete_) {
    text_.clear();
    ++line_;
    is_complete_ = false;
  }
  const auto unread = std::string_view(pending_).substr(position_);
  const auto end = std::min(unread.find('\n'), unread.size());
  const std::size_t room = max_line_bytes_ + 1 - std::min(text_.size(), max_line_bytes_ + 1);
  text_ += unread.substr(0, std::min(end, room));
  position_ += end;
  if (end < unread.size()) {
    ++position_;
    is_complete_ = true;
  } else if (is_finished_ && !text_.empty()) {
    is_complete_ = true;
  }
  return is_complete_;
}

ContactEntry NdjsonReader::entry_of() {
  const auto bad = [this](RowFault fault, std::string reason) {
    return BadRow{line_, fault, std::move(reason), excerpt(text_)};
  };
  if (text_.size() > max_line_bytes_)
    return bad(RowFault::kTooLong, "the line is longer than " + std::to_string(max_line_bytes_) + " bytes");
  ContactRow row;
  row.line = line_;
  if (is_windows_1255_in(encoding_, text_)) {
    auto decoded = windows_1255_to_utf8(text_);
    if (!decoded) return bad(RowFault::kEncoding, "the line is neither UTF-8 nor Windows-1255; save the list as UTF-8");
    text_ = std::move(*decoded);
    row.was_windows_1255 = true;
  } else if (!is_utf8(text_)) {
    return bad(RowFault::kEncoding, "the line is not valid UTF-8; save the list as UTF-8");
  }
  if (text_.find('\0') != std::string::npos) return bad(RowFault::kNulByte, "the line has a NUL byte");

  unsigned char memory[16 * 1024];
  json::monotonic_resource arena(memory, sizeof memory);
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::error_code error;
  const json::value value = json::parse(trim(text_), error, &arena, options);
  if (error) return bad(RowFault::kNotUnderstood, "the line is not JSON: " + error.message());
  if (!value.is_object()) return bad(RowFault::kNotUnderstood, "the line is not a JSON object");
  Members members(row, roles_, &arena);
  for (const auto& [name, member] : value.get_object()) members.take(name, meaning_of(name), member);
  if (!members.fault().empty()) return bad(RowFault::kNotUnderstood, std::move(members.fault()));
  if (row.number.empty()) return bad(RowFault::kNoNumber, "the line has no number");
  row.json_variables = members.variables();
  row.text = excerpt(text_);
  return row;
}

const ColumnMeaning& NdjsonReader::meaning_of(std::string_view name) {
  if (const auto known = meanings_.find(name); known != meanings_.end()) return known->second;
  if (meanings_.size() >= kMaxNamesKept) meanings_.clear();
  return meanings_.emplace(name, roles_.meaning_of(name)).first->second;
}

}  // namespace carillon
