#include "prompt/metadata.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

namespace carillon {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxWarnings = 16;

using Texts = std::array<std::pair<const char*, std::string PromptOrigin::*>, 6>;
constexpr Texts kTexts = {{{"source", &PromptOrigin::source},
                           {"text", &PromptOrigin::text},
                           {"voice", &PromptOrigin::voice},
                           {"engine", &PromptOrigin::engine},
                           {"language", &PromptOrigin::language},
                           {"licence", &PromptOrigin::licence}}};

double rounded(double value) { return std::round(value * 100) / 100; }

std::string text_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

double number_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  const double number = value->to_number<double>();
  return std::isfinite(number) ? number : 0;
}

// Of hostile metadata, only what fits.
template <class Number>
Number whole_of(const json::object& object, const char* name) {
  constexpr double limit = 1'000'000'000;
  return static_cast<Number>(std::clamp(number_of(object, name), 0.0, limit));
}

}  // namespace

std::string json_safe(std::string text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    text.resize(max_bytes);
    // Not in the middle of a character.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.pop_back();
  }
  // A file's name may be any bytes; JSON wants UTF-8, which its parser judges.
  boost::system::error_code code;
  json::parse(json::serialize(json::string(text)), code);
  if (code) std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return text;
}

std::string to_json(const StoredPrompt& prompt) {
  json::object metadata = {{"id", prompt.id},
                           {"source_name", json_safe(prompt.source_name)},
                           {"source_format", prompt.source_format},
                           {"source_rate_hz", prompt.source_rate},
                           {"source_channels", prompt.source_channels},
                           {"duration_ms", prompt.duration.count()},
                           {"loudness_lufs", rounded(prompt.loudness_lufs)},
                           {"peak_dbfs", rounded(prompt.peak_dbfs)},
                           {"gain_db", rounded(prompt.gain_db)},
                           {"clipped_samples", prompt.clipped_samples},
                           {"created", to_rfc3339(prompt.created)}};
  for (const auto& [name, member] : kTexts) {
    if (!(prompt.origin.*member).empty()) metadata[name] = json_safe(prompt.origin.*member);
  }
  if (prompt.origin.is_cached) metadata["cached"] = true;
  if (!prompt.warnings.empty()) metadata["warnings"] = json::array(prompt.warnings.begin(), prompt.warnings.end());
  return json::serialize(metadata) + "\n";
}

Result<StoredPrompt> parse_metadata(std::string_view text, std::string_view id) {
  boost::system::error_code code;
  json::parse_options options;
  options.max_depth = 4;
  const json::value value = json::parse(text, code, {}, options);
  if (code || !value.is_object()) {
    return fail(ErrorCode::Io, "the metadata of the prompt " + std::string(id) + " is damaged");
  }
  const auto& object = value.get_object();
  StoredPrompt prompt;
  prompt.id = id;
  prompt.source_name = text_of(object, "source_name");
  prompt.source_format = text_of(object, "source_format");
  prompt.source_rate = whole_of<int>(object, "source_rate_hz");
  prompt.source_channels = whole_of<int>(object, "source_channels");
  prompt.duration = Duration(whole_of<Duration::rep>(object, "duration_ms"));
  prompt.clipped_samples = whole_of<std::size_t>(object, "clipped_samples");
  prompt.loudness_lufs = number_of(object, "loudness_lufs");
  prompt.peak_dbfs = number_of(object, "peak_dbfs");
  prompt.gain_db = number_of(object, "gain_db");
  prompt.created = parse_rfc3339(text_of(object, "created")).value_or(Time{});
  for (const auto& [name, member] : kTexts) prompt.origin.*member = text_of(object, name);
  const auto* cached = object.if_contains("cached");
  prompt.origin.is_cached = cached != nullptr && cached->is_bool() && cached->get_bool();
  const auto* warnings = object.if_contains("warnings");
  if (warnings != nullptr && warnings->is_array()) {
    for (const auto& warning : warnings->get_array()) {
      if (warning.is_string() && prompt.warnings.size() < kMaxWarnings) {
        prompt.warnings.emplace_back(warning.get_string());
      }
    }
  }
  return prompt;
}

}  // namespace carillon
