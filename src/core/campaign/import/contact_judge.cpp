#include "core/campaign/import/contact_judge.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>

#include "base/text.h"
#include "core/campaign/csv.h"
#include "core/campaign/places.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxIdBytes = 128;  // as in POST /dial
constexpr std::size_t kMaxZoneBytes = 64;
constexpr std::size_t kMaxZonesKept = 1000;
constexpr std::size_t kMaxEvidenceBytes = 1000;
constexpr std::array<std::string_view, 4> kConsentBases{"written", "recorded-call", "customer", "one-off"};

// Takes exactly so many digits off the text.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Time> parse_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const auto date = std::chrono::year(*year) / *month / *day;
  return date.ok() ? std::optional<Time>(std::chrono::sys_days(date)) : std::nullopt;
}

// Since midnight: "14:06", "14:06:00", "14:06:00.123".
std::optional<Duration> parse_time_of_day(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  Duration time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (!take(text, ":")) return time;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  time += std::chrono::seconds(*second);
  if (take(text, ".")) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);  // finer than consents are given
  }
  return time;
}

// East of Greenwich: "Z", "+02:00".
std::optional<Duration> parse_offset(std::string_view& text) {
  if (take(text, "Zz")) return Duration(0);
  const bool is_west = !text.empty() && text[0] == '-';
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const Duration offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return is_west ? -offset : offset;
}

std::optional<Time> parse_moment(std::string_view text) {
  const auto date = parse_date(text);
  if (!date || text.empty()) return date;
  if (!take(text, "Tt ")) return std::nullopt;
  const auto time = parse_time_of_day(text);
  if (!time) return std::nullopt;
  const auto offset = parse_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return *date + *time - *offset;
}

// libphonenumber passes over single letters: 050123456O, with a letter at its end, would be somebody else's number.
bool has_letters_among_digits(std::string_view number) {
  const auto first = std::min(number.find_first_of("0123456789"), number.size());
  return std::ranges::any_of(number.substr(first),
                             [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

std::string variables_of(const ContactRow& row) {
  if (!row.json_variables.empty()) return row.json_variables;
  if (row.variables.empty()) return {};
  std::string json = "{";
  for (const auto& [name, value] : row.variables) {
    if (json.size() > 1) json += ',';
    json += boost::json::serialize(boost::json::string_view(name));
    json += ':';
    json += boost::json::serialize(boost::json::string_view(value));
  }
  return json + "}";
}

Error unclear_time(std::string_view what, std::string_view text) {
  return Error(ErrorCode::Invalid, std::string(what) + " '" + excerpt(text, 40) +
                                       "' is not understood; write 2026-11-22 or 2026-11-22T14:06:00+02:00");
}

}  // namespace

Result<Consent> parse_consent(const RawConsent& raw) {
  Consent consent;
  consent.basis = to_lower(raw.basis);
  std::ranges::replace_if(consent.basis, [](char c) { return c == ' ' || c == '_'; }, '-');
  if (std::ranges::find(kConsentBases, consent.basis) == kConsentBases.end()) {
    return fail(ErrorCode::Invalid,
                (raw.basis.empty() ? "the consent has no basis"
                                   : "the consent's basis '" + excerpt(raw.basis, 40) + "' is not known") +
                    std::string("; it is written, recorded-call, customer or one-off"));
  }
  if (raw.evidence.size() > kMaxEvidenceBytes)
    return fail(ErrorCode::Invalid, "the consent's evidence is longer than 1000 bytes; say where it is kept");
  consent.evidence = raw.evidence;
  if (raw.at.empty()) return fail(ErrorCode::Invalid, "the consent does not say when it was given (consent_at)");
  const auto given_at = parse_moment(raw.at);
  if (!given_at) return std::unexpected(unclear_time("the consent's time", raw.at));
  consent.given_at = *given_at;
  if (raw.expires_at.empty()) return consent;
  consent.expires_at = parse_moment(raw.expires_at);
  if (!consent.expires_at) return std::unexpected(unclear_time("the consent's expiry", raw.expires_at));
  return consent;
}

JudgedRow ContactJudge::judge(ContactRow row) {
  const auto reject = [&row](RowFault fault, std::string detail) {
    return RejectedRow{row.line, fault, std::move(detail), std::move(row.text)};
  };
  auto number = numbers_.parse(row.number);
  if (number && has_letters_among_digits(row.number))
    number = fail(ErrorCode::NumberInvalid, "it has letters among its digits");
  if (!number) {
    return reject(RowFault::kNumberInvalid, "the number '" + excerpt(row.number, 40) + "': " + number.error().detail);
  }
  if (!row.time_zone.empty() && !is_zone(row.time_zone)) {
    return reject(RowFault::kTimeZoneUnknown,
                  "the time zone '" + excerpt(row.time_zone, 40) + "' is not known; write it as Asia/Jerusalem");
  }
  if (row.id.size() > kMaxIdBytes) return reject(RowFault::kTooLong, "the id is longer than 128 bytes");
  if (row.id.find('\0') != std::string::npos) return reject(RowFault::kNulByte, "the id has a NUL character");

  ParsedContact contact{.line = row.line,
                        .number = std::move(number->e164),
                        .regions = std::move(number->regions),
                        .time_zone = std::move(row.time_zone),
                        .id = std::move(row.id),
                        .variables = variables_of(row),
                        .consent = {},
                        .warnings = {}};
  if (contact.variables.size() > max_variable_bytes_) {
    return reject(RowFault::kTooLong,
                  "its variables are longer than " + std::to_string(max_variable_bytes_) + " bytes in all");
  }
  if (!row.consent.is_empty()) {
    auto consent = parse_consent(row.consent);
    if (!consent) return reject(RowFault::kConsentInvalid, std::move(consent.error().detail));
    contact.consent = std::move(*consent);
  }
  if (!number->is_known_range) contact.warnings.push_back(RowWarning::kRangeUnknown);
  if (row.was_windows_1255) contact.warnings.push_back(RowWarning::kReadAsWindows1255);
  return contact;
}

bool ContactJudge::is_zone(const std::string& name) {
  if (name.size() > kMaxZoneBytes) return false;
  if (const auto known = zones_.find(name); known != zones_.end()) return known->second;
  if (zones_.size() >= kMaxZonesKept) zones_.clear();
  return zones_.emplace(name, is_known_zone(name)).first->second;
}

std::string_view to_string(RowWarning warning) {
  switch (warning) {
    case RowWarning::kRangeUnknown: return "range-unknown";
    case RowWarning::kReadAsWindows1255: return "read-as-windows-1255";
  }
  return "";
}

}  // namespace carillon
