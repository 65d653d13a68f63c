// The folder of prompts that are ready to be played: each is stored under a name made from its content, in every codec
// of the telephone, so that it never changes and caches may keep it for ever. For a worker thread; several processes
// may store into one folder.
//
//   <id>.ulaw <id>.alaw <id>.sln   8000 Hz mono, headerless
//   <id>.json                      where it came from; written last: a prompt without it is not stored
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "prompt/audio.h"

namespace carillon {

struct StoredPrompt {
  std::string id;  // the first 32 hexadecimal digits of the SHA-256 of the .sln bytes
  Duration duration{};
  std::string source_name;  // without its path
  std::string source_format;
  int source_rate = 0;
  int source_channels = 0;
  std::size_t clipped_samples = 0;
  double peak_dbfs = 0;
  double loudness_lufs = 0;
  double gain_db = 0;
  bool is_new = false;  // false: the folder had it already, and nothing was written
};

// Decodes, normalises, encodes and stores. The folder must exist. After success the files survive a power cut; after an
// error or a crash the prompt is not stored, and storing it again repairs what was left.
Result<StoredPrompt> store_prompt(const std::filesystem::path& file, const std::filesystem::path& folder, Time created,
                                  const LoudnessBounds& bounds = {});
// `name` tells the format of headerless audio, and is kept in the metadata.
Result<StoredPrompt> store_prompt(std::span<const std::byte> bytes, std::string_view name,
                                  const std::filesystem::path& folder, Time created, const LoudnessBounds& bounds = {});

bool is_stored(const std::filesystem::path& folder, std::string_view id);
bool is_prompt_id(std::string_view text);

}  // namespace carillon
