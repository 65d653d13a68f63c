#include "aws/s3.h"

#include <charconv>

#include "aws/xml.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

constexpr std::size_t kMaxBuckets = 1000;
constexpr int kNotModified = 304;

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<void> check_key(const std::string& key) {
  if (!key.empty() && key.size() <= 1024 && key.find('\0') == std::string::npos) return {};
  return fail(ErrorCode::Invalid, "a key in S3 has 1 to 1024 bytes");
}

S3Object object_of(const std::string& key, const net::WebResponse& response) {
  return {.key = key,
          .etag = std::string(response.header("etag")),
          .bytes = number_of(response.header("content-length")),
          .content_type = std::string(response.header("content-type")),
          .last_modified = parse_http_date(response.header("last-modified")),
          .is_unchanged = response.status == kNotModified};
}

}  // namespace

// S3 answers for a bucket of another region with an error and the right region. One more call goes there.
Result<net::WebResponse> S3::call(const std::string& bucket, Call call) {
  std::string region = client_.settings().region;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = region_of_bucket_.find(bucket); known != region_of_bucket_.end()) region = known->second;
  }
  const auto other_region = [&](const net::WebResponse& response) {
    const std::string other(response.header("x-amz-bucket-region"));
    const bool is_elsewhere = response.status == 301 || response.status == 307 || response.status == 400;
    return is_elsewhere && is_region(other) && other != region ? other : std::string();
  };
  call.is_fine = [&](const net::WebResponse& response) {
    return response.status == kNotModified || !other_region(response).empty();
  };
  for (bool is_second = false;; is_second = true) {
    auto endpoint = endpoint_of_bucket(bucket, client_.settings(), region);
    if (!endpoint) return std::unexpected(std::move(endpoint).error());
    call.endpoint = *std::move(endpoint);
    auto response = client_.call(call);
    if (!response || response->is_success() || response->status == kNotModified) return response;
    if (is_second) return std::unexpected(to_error("S3 " + call.operation, read_service_error(*response)));
    region = other_region(*response);
    const std::lock_guard lock(mutex_);
    if (region_of_bucket_.size() >= kMaxBuckets) region_of_bucket_.clear();
    region_of_bucket_[bucket] = region;
  }
}

Result<S3Object> S3::get_to_file(const S3Get& get, const std::filesystem::path& file) {
  if (auto fine = check_key(get.key); !fine) return std::unexpected(std::move(fine).error());
  AwsRequest request{.method = "GET", .path = "/" + get.key};
  if (!get.if_none_match.empty()) request.headers.emplace_back("if-none-match", get.if_none_match);
  if (get.range)
    request.headers.emplace_back("range", "bytes=" + std::to_string(get.range->first) + "-" +
                                              (get.range->last ? std::to_string(*get.range->last) : ""));
  const auto response = call(get.bucket, {.service = Service::kS3,
                                          .operation = "GetObject",
                                          .request = std::move(request),
                                          .timeout = get.timeout,
                                          .deadline = 2 * get.timeout,
                                          .max_answer_bytes = get.max_bytes,
                                          .file = file});
  if (!response) return std::unexpected(response.error());
  return object_of(get.key, *response);
}

Result<S3Object> S3::head(const std::string& bucket, const std::string& key) {
  if (auto fine = check_key(key); !fine) return std::unexpected(std::move(fine).error());
  const auto response = call(
      bucket, {.service = Service::kS3, .operation = "HeadObject", .request = {.method = "HEAD", .path = "/" + key}});
  if (!response) return std::unexpected(response.error());
  return object_of(key, *response);
}

Result<S3Page> S3::list(const S3List& list) {
  AwsRequest request{.method = "GET", .path = "", .query = {{"list-type", "2"}}};
  if (!list.prefix.empty()) request.query.emplace_back("prefix", list.prefix);
  if (!list.continuation.empty()) request.query.emplace_back("continuation-token", list.continuation);
  request.query.emplace_back("max-keys", std::to_string(list.max_keys));
  const auto response =
      call(list.bucket, {.service = Service::kS3, .operation = "ListObjectsV2", .request = std::move(request)});
  if (!response) return std::unexpected(response.error());
  const auto root = parse_xml(response->body);
  if (!root) return std::unexpected(root.error());
  S3Page page;
  for (const auto* each : root->all("Contents"))
    page.objects.push_back({.key = each->value("Key"),
                            .etag = each->value("ETag"),
                            .bytes = number_of(each->value("Size")),
                            .last_modified = parse_rfc3339(each->value("LastModified"))});
  if (root->value("IsTruncated") == "true") page.next = root->value("NextContinuationToken");
  return page;
}

Result<std::pair<std::string, std::string>> parse_s3_url(std::string_view url) {
  constexpr std::string_view scheme = "s3://";
  const auto wrong = [&] {
    return fail(ErrorCode::Invalid, "an address in S3 is s3://bucket/key, not " + printable(url, 120));
  };
  if (!url.starts_with(scheme)) return wrong();
  const auto slash = url.find('/', scheme.size());
  if (slash == std::string_view::npos || slash == scheme.size() || slash + 1 == url.size()) return wrong();
  return std::pair(std::string(url.substr(scheme.size(), slash - scheme.size())), std::string(url.substr(slash + 1)));
}

}  // namespace carillon::aws
