// The folder of prompts that are ready to be played: each is stored under a name made from its content, in every codec
// of the telephone, so that it never changes and caches may keep it for ever. For a worker thread; several processes
// may store into one folder.
//
//   <id>.ulaw <id>.alaw <id>.sln <id>.gsm   8000 Hz mono, headerless
//   <id>.g722                               16000 Hz mono, headerless
//   <id>.json                               where it came from; written last: a prompt without it is not stored
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "prompt/audio.h"
#include "prompt/metadata.h"

namespace carillon {

// Decodes, normalises, encodes and stores. The folder must exist. After success the files survive a power cut; after an
// error or a crash the prompt is not stored, and storing it again repairs what was left. Codecs that an older version
// did not write are added. Of audio that was stored before, the first metadata stays; but what is stored in its own
// right is no longer the speech cache's.
Result<StoredPrompt> store_prompt(const std::filesystem::path& file, const std::filesystem::path& folder, Time created,
                                  const LoudnessBounds& bounds = {}, const PromptOrigin& origin = {});
// `name` tells the format of headerless audio, and is kept in the metadata.
Result<StoredPrompt> store_prompt(std::span<const std::byte> bytes, std::string_view name,
                                  const std::filesystem::path& folder, Time created, const LoudnessBounds& bounds = {},
                                  const PromptOrigin& origin = {});

// The same in two steps, for who must know the id before the first file is written.
struct PreparedPrompt {
  StoredPrompt facts;
  std::array<std::string, 5> contents;  // .ulaw .alaw .sln .gsm .g722
};
Result<PreparedPrompt> prepare_prompt(Audio audio, std::string_view name, Time created,
                                      const LoudnessBounds& bounds = {}, const PromptOrigin& origin = {});
Result<StoredPrompt> write_prompt(const PreparedPrompt& prepared, const std::filesystem::path& folder);

bool is_stored(const std::filesystem::path& folder, std::string_view id);
bool is_prompt_id(std::string_view text);

// NotFound if it is not stored.
Result<StoredPrompt> read_prompt(const std::filesystem::path& folder, std::string_view id);

// The whole of one of its files, by its ending (".ulaw"). NotFound if there is none.
Result<std::string> read_prompt_file(const std::filesystem::path& folder, std::string_view id,
                                     std::string_view extension);

struct PromptPage {
  std::vector<StoredPrompt> prompts;  // by rising id
  std::string next;                   // `after` of the next page; empty if this was the last one
};
// Those after that id (none: from the beginning), at most 1000.
Result<PromptPage> list_prompts(const std::filesystem::path& folder, std::string_view after, std::size_t limit);

// Conflict if it is in `in_use`, NotFound if it is not stored.
Result<void> delete_prompt(const std::filesystem::path& folder, std::string_view id,
                           const std::set<std::string>& in_use);
// Deletes what the speech cache made, and what a crash left of it; leaves prompts that were stored in their own right.
Result<void> delete_if_cached(const std::filesystem::path& folder, std::string_view id);

// What the files of one prompt, or of all, take up.
std::uint64_t bytes_of_prompt(const std::filesystem::path& folder, std::string_view id);
Result<std::uint64_t> bytes_of_store(const std::filesystem::path& folder);

}  // namespace carillon
