#include "prompt/https_fetcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "base/text.h"

namespace carillon {
namespace {

constexpr int kNotModified = 304;
constexpr int kTooManyRequests = 429;
constexpr int kRequestTimeout = 408;
constexpr std::size_t kMaxEtagBytes = 256;

// Without user, path and query.
std::string host_of(std::string_view url) {
  constexpr std::string_view scheme = "https://";
  if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  return std::string(url.substr(0, url.find_first_of("/?")));
}

// libsndfile looks into the file; only headerless formats are told by the end of a name.
std::string extension_of(std::string_view url) {
  const auto path = url.substr(0, url.find_first_of("?#"));
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos) return "";
  const auto extension = path.substr(dot);
  return extension.size() <= 8 && is_safe_id(extension) ? std::string(extension) : "";
}

// What a server says it is, we say back: only if it may stand in a header.
std::string usable_etag(std::string_view etag) {
  const bool is_plain = std::ranges::all_of(etag, [](char c) { return c >= 0x21 && c <= 0x7e; });
  return is_plain && etag.size() <= kMaxEtagBytes ? std::string(etag) : "";
}

Error refused(const std::string& host, int status) {
  const bool may_pass = status >= 500 || status == kTooManyRequests || status == kRequestTimeout;
  const auto* const hint = status == 404 || status == 410   ? ": there is no such file"
                           : status == 401 || status == 403 ? ": it may not be read from here"
                                                            : "";
  return Error(may_pass ? ErrorCode::Unavailable : ErrorCode::AudioInvalid,
               fmt::format("{} answers with HTTP {}{}", host, status, hint));
}

// The client's details name the host.
Error failed(const Error& error) {
  const bool is_final =
      error.code == ErrorCode::Invalid || error.code == ErrorCode::BadRequest || error.code == ErrorCode::TooLarge;
  return Error(is_final ? ErrorCode::AudioInvalid : ErrorCode::Unavailable, error.detail);
}

}  // namespace

Result<Fetched> HttpsFetcher::fetch(const std::string& url, const std::string& etag) {
  const std::string host = host_of(url);
  net::WebRequest request{
      .url = url,
      .timeout = options_.timeout,
      .max_answer_bytes = options_.max_bytes,
      .addresses = options_.allows_private ? net::AddressPolicy::kAny : net::AddressPolicy::kPublicOnly,
      .https_only = true,
      .max_redirects = options_.max_redirects};
  if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
  Fetched fetched;
  fetched.file = options_.folder / ("https-" + random_hex(8) + extension_of(url));
  std::ofstream file(fetched.file, std::ios::binary);
  const auto sink = [&](std::string_view piece) -> Result<void> {
    if (options_.is_stopping()) return fail(ErrorCode::Unavailable, "carillon is stopping");
    file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!file) return fail(ErrorCode::Io, "the audio cannot be kept: the disk of prompts.store is full or read-only");
    return {};
  };
  const auto response = web_.send(request, sink);
  file.close();
  std::error_code ignored;
  if (response && response->is_success()) {
    fetched.etag = usable_etag(response->header("etag"));
    return fetched;
  }
  std::filesystem::remove(fetched.file, ignored);
  if (!response) return std::unexpected(failed(response.error()));
  if (response->status == kNotModified && !etag.empty()) return Fetched{.etag = etag, .not_modified = true};
  return std::unexpected(refused(host, response->status));
}

}  // namespace carillon
