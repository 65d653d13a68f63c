#include "prompt/store.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "prompt/durable.h"
#include "prompt/store_files.h"

namespace carillon {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& file) {
  std::error_code code;
  return fs::is_regular_file(file, code);
}

std::string last_part(std::string_view name) {
  const auto slash = name.find_last_of("/\\");
  return printable(slash == std::string_view::npos ? name : name.substr(slash + 1), 255);
}

Result<StoredPrompt> store(Audio audio, std::string_view name, const fs::path& folder, Time created,
                           const LoudnessBounds& bounds, const PromptOrigin& origin) {
  const auto prepared = prepare_prompt(std::move(audio), name, created, bounds, origin);
  if (!prepared) return std::unexpected(prepared.error());
  return write_prompt(*prepared, folder);
}

// What is stored in its own right, too, must not go when the cache needs the room.
Result<void> take_from_cache(const fs::path& folder, const StoredPrompt& prompt) {
  if (prompt.origin.is_cached) return {};
  auto known = read_prompt(folder, prompt.id);
  if (known && !known->origin.is_cached) return {};
  if (!known) known = prompt;  // damaged
  known->origin.is_cached = false;
  auto done = replace_durably(store_files::file_of(folder, prompt.id, ".json"), to_json(*known));
  if (done) done = flush_folder(folder);
  return done;
}

}  // namespace

Result<PreparedPrompt> prepare_prompt(Audio audio, std::string_view name, Time created, const LoudnessBounds& bounds,
                                      const PromptOrigin& origin) {
  auto warnings = warnings_of(audio);
  audio = normalise(std::move(audio), bounds);
  PreparedPrompt prepared;
  for (std::size_t i = 0; i < store_files::kAudio.size(); ++i) {
    auto bytes = encode_as(store_files::kAudio[i], audio);
    if (!bytes) return std::unexpected(bytes.error());
    prepared.contents[i] = *std::move(bytes);
  }
  prepared.facts = {.id = sha256_hex(prepared.contents[store_files::kLinear]).substr(0, store_files::kIdDigits),
                    .duration = audio.duration(),
                    .source_name = json_safe(last_part(name)),
                    .source_format = audio.source_format,
                    .source_rate = audio.source_rate,
                    .source_channels = audio.source_channels,
                    .clipped_samples = audio.clipped_samples,
                    .peak_dbfs = audio.peak_dbfs,
                    .loudness_lufs = audio.loudness_lufs,
                    .gain_db = audio.gain_db,
                    .created = created,
                    .origin = origin,
                    .warnings = std::move(warnings)};
  return prepared;
}

Result<StoredPrompt> write_prompt(const PreparedPrompt& prepared, const fs::path& folder) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) {
    return fail(ErrorCode::Io, "the prompt folder " + folder.string() + " does not exist or is no folder");
  }
  const FolderLock lock(folder);
  StoredPrompt prompt = prepared.facts;
  const bool was_stored = is_stored(folder, prompt.id);
  bool is_written = false;
  for (std::size_t i = 0; i < prepared.contents.size(); ++i) {
    const auto file = store_files::file_of(folder, prompt.id, store_files::kAudio[i]);
    if (was_stored && is_file(file)) continue;
    if (auto written = replace_durably(file, prepared.contents[i]); !written) {
      return std::unexpected(written.error());
    }
    is_written = true;
  }
  // The metadata's presence says that the rest is there: the rest has to be on disk first.
  Result<void> done;
  if (is_written) done = flush_folder(folder);
  if (done && was_stored) done = take_from_cache(folder, prompt);
  if (!was_stored) {
    if (done) done = replace_durably(store_files::file_of(folder, prompt.id, ".json"), to_json(prompt));
    if (done) done = flush_folder(folder);
  }
  if (!done) return std::unexpected(done.error());
  prompt.is_new = !was_stored;
  return prompt;
}

Result<StoredPrompt> store_prompt(const fs::path& file, const fs::path& folder, Time created,
                                  const LoudnessBounds& bounds, const PromptOrigin& origin) {
  auto audio = decode_audio(file);
  if (!audio) return std::unexpected(audio.error());
  return store(*std::move(audio), file.filename().string(), folder, created, bounds, origin);
}

Result<StoredPrompt> store_prompt(std::span<const std::byte> bytes, std::string_view name, const fs::path& folder,
                                  Time created, const LoudnessBounds& bounds, const PromptOrigin& origin) {
  auto audio = decode_audio(bytes, name);
  if (!audio) return std::unexpected(audio.error());
  return store(*std::move(audio), name, folder, created, bounds, origin);
}

bool is_prompt_id(std::string_view text) {
  return text.size() == store_files::kIdDigits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// A prompt of an older version, without .gsm and .g722, can be played.
bool is_stored(const fs::path& folder, std::string_view id) {
  return is_prompt_id(id) && std::ranges::all_of(store_files::kNeeded, [&](std::string_view extension) {
           return is_file(store_files::file_of(folder, id, extension));
         });
}

}  // namespace carillon
