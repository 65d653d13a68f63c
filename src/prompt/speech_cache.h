// What was spoken once is not spoken again: the same text by the same voice is one stored prompt. Its own index, a
// small file for each key in a folder of its own, outlives restarts; the audio lies in the store. Bounded: what was not
// used for longest goes first, and what is in use never. Any threads; a request takes as long as the engine does, and
// two for the same key render once. One process at a time: pins of another one would not be seen.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "prompt/metadata.h"
#include "prompt/speech_engine.h"
#include "prompt/store.h"

namespace carillon {

struct SpeechCacheSettings {
  std::filesystem::path store;  // of prompts; must exist
  std::filesystem::path index;  // made if it is not there
  std::uint64_t max_bytes = std::uint64_t{2} * 1024 * 1024 * 1024;
  // Whether a prompt is named by a campaign or a call: asked before it is evicted, under the cache's lock.
  std::function<bool(const std::string& id)> is_in_use = [](const std::string&) { return false; };
};

// A prompt that stays as long as somebody holds this.
struct Spoken {
  std::string id;
  bool was_cached = false;
  std::shared_ptr<const void> pin;
};

class SpeechCache {
 public:
  static Result<std::unique_ptr<SpeechCache>> open(SpeechCacheSettings settings);
  ~SpeechCache();
  SpeechCache(const SpeechCache&) = delete;
  SpeechCache& operator=(const SpeechCache&) = delete;

  // Io if the cache is full of what is in use; else the engine's and the store's errors, which are not kept: the next
  // request tries again.
  Result<Spoken> speak(SpeechEngine& engine, SpeechRequest request, Time now);

  std::uint64_t bytes() const;
  std::size_t keys() const;

 private:
  // One stored prompt, which several keys may lead to.
  struct Entry {
    std::set<std::string> keys;
    std::uint64_t bytes = 0;
    std::uint64_t used = 0;  // higher is later
    std::weak_ptr<const void> pin;
  };
  struct Rendering {
    std::string writes{};  // the id whose files are being written: not to be evicted
    bool is_done = false;
    Result<Spoken> spoken = Spoken{};
  };

  explicit SpeechCache(SpeechCacheSettings settings) : settings_(std::move(settings)) {}
  Result<void> load();
  std::string find(const std::string& key);
  Result<std::string> render(SpeechEngine& engine, const SpeechRequest& request, const std::string& key, Time now,
                             Rendering& rendering);
  void insert(const std::string& key, const std::string& id);
  void forget(const std::string& key, const std::string& id);
  void touch(const std::string& key, Entry& entry);
  Spoken pinned(const std::string& id, bool was_cached);
  bool make_room();
  bool is_evictable(const std::string& id, const Entry& entry) const;
  void evict(const std::string& id);
  std::filesystem::path file_of(const std::string& key) const { return settings_.index / key; }

  SpeechCacheSettings settings_;
  mutable std::mutex mutex_;
  std::condition_variable rendered_;
  std::map<std::string, std::string> ids_;  // by key
  std::map<std::string, Entry> entries_;    // by id
  std::map<std::string, std::shared_ptr<Rendering>> renderings_;
  std::uint64_t bytes_ = 0;
  std::uint64_t clock_ = 0;
};

// 64 hexadecimal digits, of everything that the audio depends on.
std::string speech_key(const SpeechEngine& engine, const SpeechRequest& request);

}  // namespace carillon
