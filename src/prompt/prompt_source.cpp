#include "prompt/prompt_source.h"

#include <algorithm>

#include "base/text.h"
#include "prompt/speech_text.h"
#include "prompt/store.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;
constexpr std::size_t kMaxPathBytes = 1024;
constexpr std::size_t kMaxKeyBytes = 1024;  // of S3
constexpr std::size_t kMaxHostBytes = 253;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::unexpected<Error> invalid(std::string_view audio, std::string_view what) {
  return fail(ErrorCode::AudioInvalid, "\"" + printable(audio, 100) + "\" " + std::string(what));
}

// It stands in JSON, in messages and in requests.
bool is_plain(std::string_view text) { return printable(text, text.size()) == text; }

// "https:" of "https://…"; empty if there is none. A single letter is a drive of somebody's PC.
std::string scheme_of(std::string_view audio) {
  const auto colon = audio.find(':');
  if (colon == std::string_view::npos || colon < 2 || colon > 20) return "";
  const auto name = to_lower(audio.substr(0, colon));
  const bool is_name = is_lower(name[0]) && std::ranges::all_of(name, [](char c) {
                         return is_lower(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
                       });
  return is_name ? name : "";
}

// example.org, example.org:8443, [2001:db8::1]. No user and password: they would end up in logs.
bool is_authority(std::string_view authority) {
  const bool is_bracketed = authority.starts_with('[');
  const auto colon = is_bracketed ? authority.find(':', authority.find(']')) : authority.find(':');
  const auto host = authority.substr(0, colon);
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  if (colon != std::string_view::npos) {
    const auto port = authority.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_digit)) return false;
  }
  if (is_bracketed) {
    return host.ends_with(']') && host.size() > 2 && std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
             return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
           });
  }
  return std::ranges::all_of(
      host, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; });
}

Result<PromptSource> parse_https(std::string_view audio) {
  if (audio.size() > kMaxUrlBytes) return invalid(audio, "is longer than 2,048 bytes");
  const auto rest = audio.substr(std::string_view("https:").size());
  // RFC 3986 allows no spaces, and none of these.
  if (!rest.starts_with("//") || rest.find_first_of(" \"<>\\^`{|}#") != std::string_view::npos) {
    return invalid(audio, "is no URL such as https://example.org/message.mp3");
  }
  const auto authority = rest.substr(2, rest.find_first_of("/?", 2) - 2);
  if (!is_authority(authority)) return invalid(audio, "has no host, or a user and password, which do not belong there");
  return PromptSource{PromptKind::kHttps, "https:" + std::string(rest), ""};
}

// The rules for names of buckets of S3.
bool is_bucket(std::string_view name) {
  const auto is_end = [](char c) { return is_lower(c) || is_digit(c); };
  return name.size() >= 3 && name.size() <= 63 && is_end(name.front()) && is_end(name.back()) &&
         name.find("..") == std::string_view::npos &&
         std::ranges::all_of(name, [&](char c) { return is_end(c) || c == '-' || c == '.'; });
}

Result<PromptSource> parse_s3(std::string_view audio) {
  const auto rest = audio.substr(std::string_view("s3:").size());
  const auto slash = rest.find('/', 2);
  if (!rest.starts_with("//") || slash == std::string_view::npos) {
    return invalid(audio, "is no source such as s3://bucket/message.mp3");
  }
  const auto bucket = rest.substr(2, slash - 2);
  const auto key = rest.substr(slash + 1);
  if (!is_bucket(bucket)) return invalid(audio, "has no bucket of S3 before its key");
  if (key.empty() || key.size() > kMaxKeyBytes || key.ends_with('/')) return invalid(audio, "has no key of S3");
  return PromptSource{PromptKind::kS3, std::string(key), std::string(bucket)};
}

Result<PromptSource> parse_file(std::string_view audio, std::string_view path) {
  // file://host/… means another machine; file:///… and file:/… mean this one.
  if (path.starts_with("//")) {
    if (!path.starts_with("///")) return invalid(audio, "names a host; a file is file:/folder/name");
    path.remove_prefix(2);
  }
  if (path.empty() || path.size() > kMaxPathBytes) return invalid(audio, "is no path of a file");
  return PromptSource{PromptKind::kFile, std::string(path), ""};
}

}  // namespace

Result<PromptSource> parse_prompt_source(std::string_view audio) {
  if (audio.empty()) return fail(ErrorCode::AudioInvalid, "no audio is named");
  const std::string scheme = scheme_of(audio);
  if (scheme == "say") {
    const auto text = audio.substr(std::string_view("say:").size());
    // The names of its variables are of no interest here: only that it is a template.
    if (const auto names = speech_variables(text); !names) return invalid(audio, "is wrong: " + names.error().detail);
    if (trim(text).empty()) return invalid(audio, "has nothing to be spoken");
    return PromptSource{PromptKind::kSay, std::string(text), ""};
  }
  if (!is_plain(audio)) return invalid(audio, "has control characters in it, or is not UTF-8");
  if (scheme == "https") return parse_https(audio);
  if (scheme == "s3") return parse_s3(audio);
  if (scheme == "file") return parse_file(audio, audio.substr(std::string_view("file:").size()));
  if (scheme == "http") return invalid(audio, "is not encrypted; use https:");
  if (!scheme.empty()) return invalid(audio, "is of a kind that is not known; there are https: s3: file: and say:");
  if (is_prompt_id(audio)) return PromptSource{PromptKind::kStored, std::string(audio), ""};
  if (is_safe_id(audio) && audio.find("..") == std::string_view::npos) {
    return PromptSource{PromptKind::kBuiltIn, std::string(audio), ""};
  }
  return parse_file(audio, audio.starts_with("//") ? audio.substr(1) : audio);
}

}  // namespace carillon
