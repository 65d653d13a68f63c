#include "prompt/source_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "prompt/durable.h"
#include "prompt/store.h"

namespace carillon {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kMaxIndexBytes = 4096;
constexpr std::size_t kKeyDigits = 64;

bool is_key(std::string_view name) {
  return name.size() == kKeyDigits &&
         std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

struct IndexFile {
  std::string id;
  std::string etag;
  Time asked_at{};
};

// Nothing if the file is anything else than what we write.
std::optional<IndexFile> read_index(const fs::path& file) {
  const auto text = read_bounded(file, kMaxIndexBytes);
  if (!text) return std::nullopt;
  boost::system::error_code code;
  const auto value = json::parse(*text, code);
  const auto* object = code ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  const auto text_of = [&](const char* name) {
    const auto* member = object->if_contains(name);
    return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
  };
  IndexFile index{text_of("id"), text_of("etag"), parse_rfc3339(text_of("asked")).value_or(Time{})};
  return is_prompt_id(index.id) ? std::optional(index) : std::nullopt;
}

// The file that was fetched goes whatever comes.
class FetchedFile {
 public:
  explicit FetchedFile(fs::path file) : file_(std::move(file)) {}
  FetchedFile(const FetchedFile&) = delete;
  FetchedFile& operator=(const FetchedFile&) = delete;
  ~FetchedFile() {
    std::error_code ignored;
    fs::remove(file_, ignored);
  }
  const fs::path& path() const { return file_; }

 private:
  fs::path file_;
};

// For metadata and messages: no query, which may hold a secret.
std::string shown(const std::string& url) { return url.substr(0, url.find('?')); }

}  // namespace

Result<std::unique_ptr<SourceCache>> SourceCache::open(SourceCacheSettings settings) {
  std::unique_ptr<SourceCache> cache(new SourceCache(std::move(settings)));
  if (auto loaded = cache->load(); !loaded) return std::unexpected(loaded.error());
  return cache;
}

Result<void> SourceCache::load() {
  std::error_code code;
  fs::create_directories(settings_.index, code);
  auto file = fs::directory_iterator(settings_.index, code);
  for (; !code && file != fs::directory_iterator(); file.increment(code)) {
    const std::string key = file->path().filename().string();
    const auto index = is_key(key) ? read_index(file->path()) : std::nullopt;
    if (!index || !is_stored(settings_.store, index->id)) {  // a crash left it
      std::error_code ignored;
      fs::remove(file->path(), ignored);
      continue;
    }
    const auto bytes = bytes_of_prompt(settings_.store, index->id);
    entries_[key] = {index->id, index->etag, index->asked_at, bytes};
    bytes_ += bytes;
  }
  if (code) {
    return fail(ErrorCode::Io,
                "the cache of prompts " + settings_.index.string() + " cannot be used: " + code.message());
  }
  return {};
}

Result<SourcedPrompt> SourceCache::get(PromptFetcher& fetcher, const std::string& url, bool must_ask, Time now) {
  const std::string key = sha256_hex(url);
  if (const auto known = entries_.find(key); known != entries_.end() && !is_stored(settings_.store, known->second.id)) {
    forget(key);  // deleted by an operator
  }
  const auto known = entries_.find(key);
  const bool has_copy = known != entries_.end();
  // A clock that was put back is no reason not to ask.
  const Duration age = has_copy ? now - known->second.asked_at : Duration::max();
  if (has_copy && !must_ask && age >= Duration(0) && age < settings_.fresh) return SourcedPrompt{known->second.id};

  const auto fetched = fetcher.fetch(url, has_copy ? known->second.etag : "");
  if (!fetched) {
    const bool may_serve = has_copy && fetched.error().code == ErrorCode::Unavailable && age < settings_.max_stale;
    if (!may_serve) return std::unexpected(fetched.error());
    const auto notice = fmt::format("its source does not answer ({}): the copy of {} is used", fetched.error().detail,
                                    to_rfc3339(known->second.asked_at));
    log::warn("prompt_source_away", {{"detail", notice}});
    return SourcedPrompt{known->second.id, notice};
  }
  if (fetched->not_modified && has_copy) {
    Entry entry = known->second;
    entry.asked_at = now;
    if (auto kept = keep(key, entry); !kept) return std::unexpected(kept.error());
    return SourcedPrompt{entry.id};
  }
  const FetchedFile file(fetched->file);
  auto audio = decode_audio(file.path());
  if (!audio) return fail(ErrorCode::AudioInvalid, printable(shown(url)) + ": " + audio.error().detail);
  const PromptOrigin origin{.source = shown(url), .is_cached = true};
  const auto prepared = prepare_prompt(*std::move(audio), shown(url), now, {}, origin);
  if (!prepared) return std::unexpected(prepared.error());
  make_room(key);
  // The index before the audio: a crash between leaves a name that leads nowhere, and never a prompt that nobody
  // deletes.
  if (auto kept = keep_former(key, prepared->facts.id); !kept) return std::unexpected(kept.error());
  Entry entry{prepared->facts.id, fetched->etag, now, 0};
  if (auto kept = keep(key, entry); !kept) return std::unexpected(kept.error());
  const auto stored = write_prompt(*prepared, settings_.store);
  if (!stored) {
    forget(key);
    return std::unexpected(stored.error());
  }
  entries_[key].bytes = bytes_of_prompt(settings_.store, stored->id);
  bytes_ += entries_[key].bytes;
  return SourcedPrompt{stored->id};
}

Result<void> SourceCache::keep(const std::string& key, Entry entry) {
  const json::object index{{"id", entry.id}, {"etag", entry.etag}, {"asked", to_rfc3339(entry.asked_at)}};
  auto done = replace_durably(file_of(key), json::serialize(index) + "\n");
  if (done) done = flush_folder(settings_.index);
  if (!done) return done;
  bytes_ -= entries_[key].bytes;
  bytes_ += entry.bytes;
  entries_[key] = std::move(entry);
  return {};
}

Result<void> SourceCache::keep_former(const std::string& key, const std::string& id) {
  const auto known = entries_.find(key);
  if (known == entries_.end() || known->second.id == id) return {};
  return keep(sha256_hex(key + known->second.id), known->second);
}

void SourceCache::forget(const std::string& key) {
  std::error_code ignored;
  fs::remove(file_of(key), ignored);
  bytes_ -= entries_[key].bytes;
  entries_.erase(key);
}

// Who was asked for longest ago goes first. Two sources may have the same audio: it stays while one of them does.
void SourceCache::make_room(const std::string& but) {
  if (bytes_ < settings_.max_bytes) return;
  std::vector<std::pair<Time, std::string>> oldest;
  for (const auto& [key, entry] : entries_) {
    if (key != but) oldest.emplace_back(entry.asked_at, key);
  }
  std::ranges::sort(oldest);
  for (const auto& [asked_at, key] : oldest) {
    if (bytes_ < settings_.max_bytes) return;
    const std::string id = entries_.at(key).id;
    if (settings_.is_in_use(id)) continue;
    forget(key);
    const bool is_shared = std::ranges::any_of(entries_, [&](const auto& entry) { return entry.second.id == id; });
    if (!is_shared && !delete_if_cached(settings_.store, id)) log::warn("prompt_not_evicted", {{"prompt", id}});
  }
}

}  // namespace carillon
