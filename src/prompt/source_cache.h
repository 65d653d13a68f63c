// Prompts from elsewhere (https:, s3:), fetched once and kept as stored prompts: their source is asked whether they
// have changed, and if it is away, a copy that it confirmed not long ago serves. Its index, a small file for each
// source in a folder of its own, outlives restarts. Bounded: what was not used for longest goes first, and what is in
// use never. For one worker thread; one process at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "prompt/metadata.h"
#include "prompt/prompt_source.h"

namespace carillon {

struct SourceCacheSettings {
  std::filesystem::path store;  // of prompts; must exist
  std::filesystem::path index;  // made if it is not there
  std::uint64_t max_bytes = std::uint64_t{2} * 1024 * 1024 * 1024;
  Duration fresh = std::chrono::seconds(60);    // so long after it was asked, a source is not asked again
  Duration max_stale = std::chrono::hours(24);  // so old may a copy be whose source is away
  std::function<bool(const std::string& id)> is_in_use = [](const std::string&) { return false; };
};

struct SourcedPrompt {
  std::string id;
  std::string notice{};  // "its source does not answer (…): the copy of 2026-11-24T09:00:00Z is used"
};

class SourceCache {
 public:
  static Result<std::unique_ptr<SourceCache>> open(SourceCacheSettings settings);

  // must_ask: whatever was answered last. The fetcher's errors, and AudioInvalid if what came is no audio; a missing or
  // denied source is an error whatever copy is here.
  Result<SourcedPrompt> get(PromptFetcher& fetcher, const std::string& url, bool must_ask, Time now);

  std::uint64_t bytes() const { return bytes_; }
  std::size_t sources() const { return entries_.size(); }

 private:
  struct Entry {
    std::string id;
    std::string etag;
    Time asked_at{};  // when the source last said that this is it
    std::uint64_t bytes = 0;
  };

  explicit SourceCache(SourceCacheSettings settings) : settings_(std::move(settings)) {}
  Result<void> load();
  Result<void> keep(const std::string& key, Entry entry);
  // What a source had before stays for whom it is in use, and goes in its turn.
  Result<void> keep_former(const std::string& key, const std::string& id);
  void forget(const std::string& key);
  void make_room(const std::string& but);
  std::filesystem::path file_of(const std::string& key) const { return settings_.index / key; }

  SourceCacheSettings settings_;
  std::map<std::string, Entry> entries_;  // by the hash of the URL, which may hold a secret
  std::uint64_t bytes_ = 0;
};

}  // namespace carillon
