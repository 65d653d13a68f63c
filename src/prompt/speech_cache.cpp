#include "prompt/speech_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "prompt/durable.h"

namespace carillon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxIndexBytes = 256;
constexpr std::size_t kKeyDigits = 64;

bool is_key(std::string_view name) {
  return name.size() == kKeyDigits &&
         std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The whole of an index file is the id and a line's end. Empty if it is anything else.
std::string read_index(const fs::path& file) {
  const auto text = read_bounded(file, kMaxIndexBytes);
  if (!text || !is_prompt_id(trim(*text))) return "";
  return std::string(trim(*text));
}

}  // namespace

std::string speech_key(const SpeechEngine& engine, const SpeechRequest& request) {
  const std::string voice = request.voice.empty() ? engine.voice_for(request.language) : request.voice;
  const std::array<std::string, 6> parts = {engine.identity(),
                                            voice,
                                            to_lower(request.language),
                                            fmt::format("{:.3f}", request.rate),
                                            request.is_ssml ? "ssml" : "text",
                                            request.text};
  std::string all;
  for (const auto& part : parts) all += fmt::format("{}:{}", part.size(), part);  // no two lists look the same
  return sha256_hex(all);
}

Result<std::unique_ptr<SpeechCache>> SpeechCache::open(SpeechCacheSettings settings) {
  std::unique_ptr<SpeechCache> cache(new SpeechCache(std::move(settings)));
  if (auto loaded = cache->load(); !loaded) return std::unexpected(loaded.error());
  return cache;
}

SpeechCache::~SpeechCache() = default;

Result<void> SpeechCache::load() {
  std::error_code code;
  fs::create_directories(settings_.index, code);
  struct Found {
    fs::file_time_type used;
    std::string key;
    std::string id;
  };
  std::vector<Found> found;
  auto entry = fs::directory_iterator(settings_.index, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    const std::string key = entry->path().filename().string();
    std::error_code ignored;
    if (key.ends_with(".tmp")) fs::remove(entry->path(), ignored);  // a crash left it
    if (!is_key(key)) continue;
    const std::string id = read_index(entry->path());
    if (id.empty()) {
      fs::remove(entry->path(), ignored);
    } else {
      found.push_back({entry->last_write_time(ignored), key, id});
    }
  }
  if (code) {
    return fail(ErrorCode::Io, "the speech cache " + settings_.index.string() + " cannot be used: " + code.message());
  }
  std::ranges::sort(found, {}, &Found::used);
  const std::scoped_lock lock(mutex_);
  for (const auto& one : found) insert(one.key, one.id);
  make_room();
  return {};
}

Result<Spoken> SpeechCache::speak(SpeechEngine& engine, SpeechRequest request, Time now) {
  if (auto checked = check_request(engine, request); !checked) return std::unexpected(checked.error());
  if (request.voice.empty()) request.voice = engine.voice_for(request.language);
  const std::string key = speech_key(engine, request);
  std::unique_lock lock(mutex_);
  if (const auto id = find(key); !id.empty()) return pinned(id, true);
  if (const auto other = renderings_.find(key); other != renderings_.end()) {
    const auto rendering = other->second;  // which holds the pin for all who wait
    rendered_.wait(lock, [&] { return rendering->is_done; });
    if (rendering->spoken) rendering->spoken->was_cached = true;
    return rendering->spoken;
  }
  if (!make_room()) {
    return fail(ErrorCode::Io, "the speech cache is full of prompts that are in use; give it more room");
  }
  const auto rendering = std::make_shared<Rendering>();
  renderings_[key] = rendering;
  lock.unlock();
  const auto id = render(engine, request, key, now, *rendering);
  lock.lock();
  if (id) {
    insert(key, *id);
    rendering->spoken = pinned(*id, false);
  } else {
    rendering->spoken = std::unexpected(id.error());
  }
  rendering->is_done = true;
  renderings_.erase(key);
  make_room();
  rendered_.notify_all();
  return id ? pinned(*id, false) : rendering->spoken;
}

// Without the lock. The index is written before the audio: a crash between leaves a key without a prompt, which is a
// miss, and never a prompt without a key, which nobody would ever delete.
Result<std::string> SpeechCache::render(SpeechEngine& engine, const SpeechRequest& request, const std::string& key,
                                        Time now, Rendering& rendering) {
  auto audio = engine.synthesize(request);
  if (!audio) return std::unexpected(audio.error());
  const PromptOrigin origin{.text = request.text,
                            .voice = request.voice,
                            .engine = engine.name(),
                            .language = request.language,
                            .is_cached = true};
  const auto prepared = prepare_prompt(*std::move(audio), "speech", now, {}, origin);
  if (!prepared) return std::unexpected(prepared.error());
  {
    // Another text may sound the same, and its prompt be about to go.
    const std::scoped_lock lock(mutex_);
    rendering.writes = prepared->facts.id;
  }
  auto done = replace_durably(file_of(key), prepared->facts.id + "\n");
  if (done) done = flush_folder(settings_.index);
  if (!done) return std::unexpected(done.error());
  const auto stored = write_prompt(*prepared, settings_.store);
  if (!stored) return std::unexpected(stored.error());
  return stored->id;
}

// The id of a key whose prompt is stored; empty if there is none.
std::string SpeechCache::find(const std::string& key) {
  const auto known = ids_.find(key);
  if (known == ids_.end()) return "";
  const std::string id = known->second;
  if (!is_stored(settings_.store, id)) {  // deleted by hand, or a crash came before it was written
    forget(key, id);
    return "";
  }
  touch(key, entries_[id]);
  return id;
}

void SpeechCache::insert(const std::string& key, const std::string& id) {
  if (const auto known = ids_.find(key); known != ids_.end() && known->second != id) forget(key, known->second);
  ids_[key] = id;
  Entry& entry = entries_[id];
  entry.keys.insert(key);
  entry.used = ++clock_;
  bytes_ -= entry.bytes;
  entry.bytes = bytes_of_prompt(settings_.store, id);
  bytes_ += entry.bytes;
}

void SpeechCache::forget(const std::string& key, const std::string& id) {
  ids_.erase(key);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  entry->second.keys.erase(key);
  if (!entry->second.keys.empty()) return;
  bytes_ -= entry->second.bytes;
  entries_.erase(entry);
}

// The time of use outlives a restart as the index file's; losing it in a power cut costs nothing.
void SpeechCache::touch(const std::string& key, Entry& entry) {
  entry.used = ++clock_;
  ::utimensat(AT_FDCWD, file_of(key).c_str(), nullptr, 0);
}

Spoken SpeechCache::pinned(const std::string& id, bool was_cached) {
  Entry& entry = entries_.at(id);
  auto pin = entry.pin.lock();
  if (pin == nullptr) pin = std::make_shared<const char>();
  entry.pin = pin;
  return {id, was_cached, std::move(pin)};
}

bool SpeechCache::is_evictable(const std::string& id, const Entry& entry) const {
  const auto writes_it = [&](const auto& rendering) { return rendering.second->writes == id; };
  return entry.pin.expired() && std::ranges::none_of(renderings_, writes_it) && !settings_.is_in_use(id);
}

// False if all that is left is in use.
bool SpeechCache::make_room() {
  if (bytes_ < settings_.max_bytes) return true;
  std::vector<std::pair<std::uint64_t, std::string>> oldest;
  oldest.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) oldest.emplace_back(entry.used, id);
  std::ranges::sort(oldest);
  // A little more than needed, so that not every request has to look for the oldest.
  const std::uint64_t enough = settings_.max_bytes - settings_.max_bytes / 20;
  for (const auto& [used, id] : oldest) {
    if (bytes_ < enough) break;
    if (is_evictable(id, entries_.at(id))) evict(id);
  }
  return bytes_ < settings_.max_bytes;
}

// The audio first: a crash leaves keys that lead nowhere, which are misses.
void SpeechCache::evict(const std::string& id) {
  if (!delete_if_cached(settings_.store, id)) return;
  const auto keys = entries_.at(id).keys;
  for (const auto& key : keys) {
    std::error_code ignored;
    fs::remove(file_of(key), ignored);
    forget(key, id);
  }
}

std::uint64_t SpeechCache::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

std::size_t SpeechCache::keys() const {
  const std::scoped_lock lock(mutex_);
  return ids_.size();
}

}  // namespace carillon
