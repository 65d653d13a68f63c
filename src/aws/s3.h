// Amazon S3: reads objects. Blocking; any thread that may use the client. A bucket in another region than the
// configured one is found by what S3 answers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"

namespace carillon::aws {

struct S3Range {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last = {};  // inclusive; nothing: to the end
};

struct S3Get {
  std::string bucket;
  std::string key;                 // 1 to 1024 bytes of UTF-8
  std::string if_none_match = {};  // an ETag that we have, with its quotes; the object is fetched only if it differs
  std::optional<S3Range> range = {};
  std::size_t max_bytes = 64 * 1024 * 1024;  // beyond: TooLarge
  Duration timeout = std::chrono::seconds(60);
};

struct S3Object {
  std::string key;
  std::string etag;         // with its quotes
  std::uint64_t bytes = 0;  // of the object, or of the range that came
  std::string content_type = {};
  std::optional<Time> last_modified = {};
  bool is_unchanged = false;  // if_none_match holds: nothing was fetched
};

struct S3List {
  std::string bucket;
  std::string prefix = {};
  std::string continuation = {};  // S3Page::next of the page before
  int max_keys = 1000;            // 1 to 1000
};

struct S3Page {
  std::vector<S3Object> objects;
  std::string next = {};  // empty: this was the last page
};

class S3 {
 public:
  explicit S3(Client& client) : client_(client) {}

  // Into a file that appears whole or not at all, and stays as it is if nothing has changed. NotFound, Forbidden (S3
  // says that, too, for a missing key without the right to list).
  Result<S3Object> get_to_file(const S3Get& get, const std::filesystem::path& file);
  Result<S3Object> head(const std::string& bucket, const std::string& key);
  Result<S3Page> list(const S3List& list);

 private:
  Result<net::WebResponse> call(const std::string& bucket, Call call);

  Client& client_;
  std::mutex mutex_;
  std::map<std::string, std::string> region_of_bucket_;  // where it is not the configured one; at most kMaxBuckets
};

// "s3://bucket/folder/key.wav". Invalid for anything else.
Result<std::pair<std::string, std::string>> parse_s3_url(std::string_view url);

}  // namespace carillon::aws
