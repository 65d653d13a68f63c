#include "prompt/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "prompt/speech_text.h"
#include "prompt/store.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxKnown = 10'000;
constexpr std::array kExtensions{".ulaw", ".wav", ".sln", ".alaw", ".mp3", ".flac", ".ogg"};
// Behind calls and people who wait.
constexpr int kContactsNiceness = 10;
constexpr std::size_t kMaxContactsWaiting = 10'000;  // the dialer bounds them, for each campaign

PromptInfo info_of(const StoredPrompt& stored) {
  return {stored.id, stored.duration, stored.loudness_lufs, stored.gain_db, stored.source_name};
}

PromptView view_of(const StoredPrompt& stored) {
  const auto& origin = stored.origin;
  PromptView view{info_of(stored), stored.source_format, origin.text,     origin.voice,   origin.engine,
                  origin.language, origin.licence,       stored.warnings, stored.created, origin.is_cached};
  if (!origin.source.empty()) view.info.source = origin.source;
  return view;
}

bool is_below(const std::filesystem::path& file, const std::filesystem::path& folder) {
  std::error_code error;
  const auto root = std::filesystem::weakly_canonical(folder, error);
  if (error || root.empty()) return false;
  const auto [end, unused] = std::ranges::mismatch(root, file);
  return end == root.end();
}

}  // namespace

PromptLibrary::PromptLibrary(PromptFolders folders, Post post, PromptMakers makers)
    : folders_(std::move(folders)), post_(std::move(post)), makers_(std::move(makers)) {
  std::error_code ignored;
  std::filesystem::create_directories(folders_.store, ignored);  // a failure is told by the first store
  disk_ = std::make_unique<WorkLane>();
  egress_ = std::make_unique<WorkLane>();
  speech_ = std::make_unique<WorkLane>();
  const auto rest = Duration(static_cast<Duration::rep>(1000 / std::max(0.01, makers_.contact_prompts_per_second)));
  contacts_ = std::make_unique<WorkLane>(
      WorkLaneOptions{.max_waiting = kMaxContactsWaiting, .rest = rest, .niceness = kContactsNiceness});
}

PromptLibrary::~PromptLibrary() = default;

template <class T>
void PromptLibrary::submit(WorkLane& lane, Work<T> work, Reply<T> reply) {
  const bool is_taken =
      lane.submit([this, work = std::move(work), reply] { post_([reply, result = work()] { reply(result); }); });
  if (!is_taken) reply(fail(ErrorCode::QueueFull, "too many prompts are being made"));
}

void PromptLibrary::resolve(PromptRequest request, Reply<PromptInfo> reply) {
  const auto source = parse_prompt_source(request.audio);
  if (!source) {
    reply(std::unexpected(source.error()));
    return;
  }
  switch (source->kind) {
    case PromptKind::kHttps:
    case PromptKind::kS3: {
      auto* fetcher = source->kind == PromptKind::kS3 ? makers_.s3.get() : makers_.https.get();
      submit<PromptInfo>(
          *egress_, [this, fetcher, request] { return fetch(fetcher, request.audio, request.must_ask); }, reply);
      return;
    }
    case PromptKind::kSay: {
      const auto names = speech_variables(source->value);
      if (!names) {
        reply(fail(ErrorCode::AudioInvalid, names.error().detail));
      } else if (makers_.speaker == nullptr) {
        reply(fail(ErrorCode::AudioInvalid, "nothing speaks text here: set speech.engine"));
      } else if (!names->empty() && request.is_for_each) {
        const auto checked = makers_.speaker->check(source->value);
        reply(checked ? Result<PromptInfo>(PromptInfo{.source = request.audio}) : std::unexpected(checked.error()));
      } else {
        submit<PromptInfo>(
            *speech_, [this, text = source->value, request] { return speak(text, request.variables); }, reply);
      }
      return;
    }
    case PromptKind::kBuiltIn:
    case PromptKind::kStored:
    case PromptKind::kFile: break;
  }
  const auto look = [this, source = *source, request, reply] {
    auto here = find_here(source, request.audio);
    if (here || !may_be_in_bucket(source)) {
      post_([reply, here] { reply(here); });
      return;
    }
    const auto url = "s3://" + makers_.s3_bucket + "/" + source.value;
    const auto answer = [this, reply](const Result<PromptInfo>& info) { post_([reply, info] { reply(info); }); };
    const bool is_taken =
        egress_->submit([this, url, request, answer] { answer(fetch(makers_.s3.get(), url, request.must_ask)); });
    if (!is_taken) answer(fail(ErrorCode::QueueFull, "too many prompts are being made"));
  };
  if (!disk_->submit(look)) reply(fail(ErrorCode::QueueFull, "too many prompts are being made"));
}

void PromptLibrary::speak_for_contact(std::string audio, std::string variables, Reply<PromptInfo> reply) {
  const auto source = parse_prompt_source(audio);
  if (!source || source->kind != PromptKind::kSay || makers_.speaker == nullptr) {
    reply(
        fail(ErrorCode::AudioInvalid, source ? "nothing speaks text here: set speech.engine" : source.error().detail));
    return;
  }
  submit<PromptInfo>(
      *contacts_, [this, text = source->value, variables = std::move(variables)] { return speak(text, variables); },
      std::move(reply));
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
  submit<PromptInfo>(*disk_, std::move(work), std::move(reply));
}

void PromptLibrary::list(std::string after, int limit, Reply<PromptViewPage> reply) {
  auto work = [this, after = std::move(after), limit]() -> Result<PromptViewPage> {
    const auto page = list_prompts(folders_.store, after, static_cast<std::size_t>(limit));
    if (!page) return std::unexpected(page.error());
    PromptViewPage views;
    views.next = page->next;
    for (const auto& prompt : page->prompts) views.prompts.push_back(view_of(prompt));
    return views;
  };
  submit<PromptViewPage>(*disk_, std::move(work), std::move(reply));
}

void PromptLibrary::show(std::string id, Reply<PromptView> reply) {
  auto work = [this, id = std::move(id)]() -> Result<PromptView> {
    const auto prompt = read_prompt(folders_.store, id);
    if (!prompt) return std::unexpected(prompt.error());
    return view_of(*prompt);
  };
  submit<PromptView>(*disk_, std::move(work), std::move(reply));
}

void PromptLibrary::read(std::string id, std::string extension, Reply<std::string> reply) {
  submit<std::string>(
      *disk_,
      [this, id = std::move(id), extension = std::move(extension)] {
        return read_prompt_file(folders_.store, id, extension);
      },
      std::move(reply));
}

void PromptLibrary::remove(std::string id, std::set<std::string> in_use, Reply<void> reply) {
  submit<void>(
      *disk_,
      [this, id = std::move(id), in_use = std::move(in_use)] { return delete_prompt(folders_.store, id, in_use); },
      std::move(reply));
}

std::int64_t PromptLibrary::billed_characters() const {
  return makers_.speaker == nullptr ? 0 : makers_.speaker->billed_characters();
}

// ---------------------------------------------------------------- on the threads

Result<PromptInfo> PromptLibrary::info_of_id(const std::string& id) const {
  const auto known = read_prompt(folders_.store, id);
  return known ? info_of(*known) : PromptInfo{.id = id, .source = id};
}

Result<PromptInfo> PromptLibrary::fetch(PromptFetcher* fetcher, const std::string& url, bool must_ask) {
  if (fetcher == nullptr || makers_.sources == nullptr) {
    return fail(ErrorCode::AudioInvalid, fmt::format("{} sources cannot be fetched here: use a prompt's name or a file",
                                                     url.substr(0, url.find(':') + 1)));
  }
  const auto fetched = makers_.sources->get(*fetcher, url, must_ask, wall_clock_now());
  if (!fetched) return std::unexpected(fetched.error());
  auto info = info_of_id(fetched->id);
  info->notice = fetched->notice;
  return info;
}

Result<PromptInfo> PromptLibrary::speak(const std::string& text, const std::string& variables) {
  const auto spoken = makers_.speaker->speak(text, variables, wall_clock_now());
  if (!spoken) return std::unexpected(spoken.error());
  auto info = info_of_id(spoken->id);
  info->pin = spoken->pin;
  return info;
}

// Relative names: a path that begins with a slash is of this machine.
bool PromptLibrary::may_be_in_bucket(const PromptSource& source) const {
  return source.kind != PromptKind::kStored && !makers_.s3_bucket.empty() && !source.value.starts_with('/');
}

Result<std::filesystem::path> PromptLibrary::find_file(const PromptSource& source, const std::string& audio) const {
  std::error_code error;
  if (source.kind != PromptKind::kFile) {
    for (const char* extension : kExtensions) {
      const auto file = folders_.built_in / (source.value + extension);
      if (std::filesystem::is_regular_file(file, error)) return file;
    }
    return fail(ErrorCode::AudioInvalid, fmt::format("there is no prompt named {}", source.value));
  }
  const auto file = std::filesystem::weakly_canonical(source.value, error);
  const bool is_allowed =
      !error && std::ranges::any_of(folders_.sources, [&](const auto& root) { return is_below(file, root); });
  // One message for both, or anyone could ask which files exist.
  if (!is_allowed || !std::filesystem::is_regular_file(file, error)) {
    return fail(ErrorCode::AudioInvalid,
                fmt::format("{} is no file below the folders of prompts.sources", printable(audio, 200)));
  }
  return file;
}

Result<PromptInfo> PromptLibrary::find_here(const PromptSource& source, const std::string& audio) {
  if (is_stored(audio)) return info_of_id(audio);
  const auto file = find_file(source, audio);
  return file ? convert(*file) : std::unexpected(file.error());
}

Result<PromptInfo> PromptLibrary::convert(const std::filesystem::path& file) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  const auto size = std::filesystem::file_size(file, error);
  if (const auto found = known_.find(file.string()); found != known_.end() && found->second.written == written &&
                                                     found->second.size == size && is_stored(found->second.info.id)) {
    return found->second.info;
  }
  const auto stored = store_prompt(file, folders_.store, wall_clock_now());
  if (!stored) return fail(ErrorCode::AudioInvalid, stored.error().detail);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_[file.string()] = Known{written, size, info_of(*stored)};
  return info_of(*stored);
}

}  // namespace carillon
