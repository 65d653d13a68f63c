// What the name of some audio means, and who fetches it from elsewhere. Parsing is pure; whether there is such a thing,
// and whether it may be read, is for who resolves it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace carillon {

enum class PromptKind {
  kBuiltIn,  // "welcome": a file of prompts.folder
  kStored,   // 32 hexadecimal digits: an id of the store
  kFile,     // "file:/srv/a.wav", "audio/a.wav": below a folder of prompts.sources
  kHttps,    // "https://example.org/a.mp3"
  kS3,       // "s3://bucket/key"
  kSay,      // "say:Hello {name}"
};

struct PromptSource {
  PromptKind kind = PromptKind::kBuiltIn;
  std::string value;   // name, id, path, URL, key or text
  std::string bucket;  // of kS3
};

// AudioInvalid with a hint if it is none of these. It may come from anybody.
Result<PromptSource> parse_prompt_source(std::string_view audio);

struct Fetched {
  std::filesystem::path file{};  // the bytes, for the caller to remove; none if not_modified
  std::string etag{};            // empty if the server has none
  bool not_modified = false;
};

// Brings https: and s3: sources here. For worker threads; bounded in time, size and in the addresses it goes to.
class PromptFetcher {
 public:
  virtual ~PromptFetcher() = default;
  // `etag` is that of the last answer, or empty.
  virtual Result<Fetched> fetch(const std::string& url, const std::string& etag) = 0;
};

}  // namespace carillon
