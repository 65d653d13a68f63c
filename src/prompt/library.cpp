#include "prompt/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "prompt/prompt_source.h"
#include "prompt/store.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxKnown = 10'000;
constexpr std::array kExtensions{".ulaw", ".wav", ".sln", ".alaw", ".mp3", ".flac", ".ogg"};

PromptInfo info_of(const StoredPrompt& stored) {
  return {stored.id, stored.duration, stored.loudness_lufs, stored.gain_db, stored.source_name};
}

bool is_below(const std::filesystem::path& file, const std::filesystem::path& folder) {
  std::error_code error;
  const auto root = std::filesystem::weakly_canonical(folder, error);
  if (error || root.empty()) return false;
  const auto [end, unused] = std::ranges::mismatch(root, file);
  return end == root.end();
}

}  // namespace

PromptLibrary::PromptLibrary(PromptFolders folders, Post post) : folders_(std::move(folders)), post_(std::move(post)) {
  std::error_code ignored;
  std::filesystem::create_directories(folders_.store, ignored);  // a failure is told by the first store
  thread_ = std::thread([this] { run(); });
}

PromptLibrary::~PromptLibrary() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void PromptLibrary::resolve(std::string audio, Reply<PromptInfo> reply) {
  submit([this, audio = std::move(audio)] { return resolve_now(audio); }, std::move(reply));
}

bool PromptLibrary::is_stored(const std::string& id) const {
  return is_prompt_id(id) && carillon::is_stored(folders_.store, id);
}

void PromptLibrary::store(std::string bytes, std::string name, Reply<PromptInfo> reply) {
  auto work = [this, bytes = std::move(bytes), name = std::move(name)]() -> Result<PromptInfo> {
    auto stored = store_prompt(std::as_bytes(std::span(bytes)), name, folders_.store, wall_clock_now());
    if (!stored) return std::unexpected(stored.error());
    return info_of(*stored);
  };
  submit(std::move(work), std::move(reply));
}

void PromptLibrary::submit(Work work, Reply<PromptInfo> reply) {
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() < kMaxWaiting) {
      queue_.push_back({std::move(work), std::move(reply)});
      wake_.notify_one();
      return;
    }
  }
  reply(fail(ErrorCode::QueueFull, "too many prompts are being converted"));
}

void PromptLibrary::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return is_stopping_ || !queue_.empty(); });
    if (is_stopping_) return;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    post_([reply = std::move(item.reply), result = item.work()] { reply(result); });
    lock.lock();
  }
}

Result<std::filesystem::path> PromptLibrary::find_file(const std::string& audio) const {
  const auto source = parse_prompt_source(audio);
  if (!source) return std::unexpected(source.error());
  std::error_code error;
  switch (source->kind) {
    case PromptKind::kHttps:
    case PromptKind::kS3:
    case PromptKind::kSay:
      return fail(ErrorCode::AudioInvalid,
                  fmt::format("{} sources are not supported yet: use a prompt's name or a file",
                              audio.substr(0, audio.find(':') + 1)));
    case PromptKind::kBuiltIn:
    case PromptKind::kStored:
      for (const char* extension : kExtensions) {
        const auto file = folders_.built_in / (source->value + extension);
        if (std::filesystem::is_regular_file(file, error)) return file;
      }
      return fail(ErrorCode::AudioInvalid, fmt::format("there is no prompt named {}", source->value));
    case PromptKind::kFile: break;
  }
  const auto file = std::filesystem::weakly_canonical(source->value, error);
  const bool is_allowed =
      !error && std::ranges::any_of(folders_.sources, [&](const auto& root) { return is_below(file, root); });
  // One message for both, or anyone could ask which files exist.
  if (!is_allowed || !std::filesystem::is_regular_file(file, error)) {
    return fail(ErrorCode::AudioInvalid,
                fmt::format("{} is no file below the folders of prompts.sources", printable(audio, 200)));
  }
  return file;
}

Result<PromptInfo> PromptLibrary::resolve_now(const std::string& audio) {
  if (is_stored(audio)) {
    const auto known = read_prompt(folders_.store, audio);
    return known ? info_of(*known) : PromptInfo{audio, Duration(0), 0, 0, audio};
  }
  const auto file = find_file(audio);
  if (!file) return std::unexpected(file.error());
  std::error_code error;
  const auto written = std::filesystem::last_write_time(*file, error);
  const auto size = std::filesystem::file_size(*file, error);
  if (const auto found = known_.find(file->string()); found != known_.end() && found->second.written == written &&
                                                      found->second.size == size && is_stored(found->second.info.id)) {
    return found->second.info;
  }
  const auto stored = store_prompt(*file, folders_.store, wall_clock_now());
  if (!stored) return fail(ErrorCode::AudioInvalid, stored.error().detail);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_[file->string()] = Known{written, size, info_of(*stored)};
  return info_of(*stored);
}

}  // namespace carillon
