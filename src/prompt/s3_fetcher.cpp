#include "prompt/s3_fetcher.h"

#include <fmt/format.h>

#include <system_error>

#include "base/text.h"

namespace carillon {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(30);

// Of the key, for headerless formats.
std::string extension_of(const std::string& key) {
  const auto extension = std::filesystem::path(key).extension().string();
  return extension.size() <= 8 && is_safe_id(extension) ? extension : "";
}

Error failed(const std::string& url, const Error& error) {
  const bool may_pass = error.code == ErrorCode::Io || error.code == ErrorCode::Timeout;
  return Error(may_pass ? ErrorCode::Unavailable : ErrorCode::AudioInvalid,
               fmt::format("{}: {}", printable(url), error.detail));
}

}  // namespace

Result<Fetched> S3Fetcher::fetch(const std::string& url, const std::string& etag) {
  const auto place = aws::parse_s3_url(url);
  if (!place) return std::unexpected(failed(url, place.error()));
  const auto s3 = open_();
  if (!s3) return std::unexpected(failed(url, s3.error()));
  Fetched fetched;
  fetched.file = folder_ / ("s3-" + random_hex(8) + extension_of(place->second));
  const aws::S3Get get{.bucket = place->first,
                       .key = place->second,
                       .if_none_match = etag,
                       .max_bytes = kMaxAudioBytes,
                       .timeout = kTimeout};
  const auto object = (*s3)->get_to_file(get, fetched.file);
  if (!object || object->is_unchanged) {
    std::error_code ignored;
    std::filesystem::remove(fetched.file, ignored);
  }
  if (!object) return std::unexpected(failed(url, object.error()));
  if (object->is_unchanged) return Fetched{.etag = etag, .not_modified = true};
  fetched.etag = object->etag;
  return fetched;
}

}  // namespace carillon
