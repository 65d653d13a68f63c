// What is known about a stored prompt, and its form on disk: <id>.json. Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace carillon {

inline constexpr std::size_t kMaxMetadataBytes = 64 * 1024;

// Where a prompt came from. All of it is optional.
struct PromptOrigin {
  std::string source{};  // the URL or the name that it was fetched by
  std::string text{};    // what is spoken
  std::string voice{};
  std::string engine{};
  std::string language{};
  std::string licence{};
  bool is_cached = false;  // made by the speech cache, which deletes it when it needs the room
};

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
  Time created{};
  PromptOrigin origin;
  std::vector<std::string> warnings;  // words of warnings_of(); `damaged` for metadata that cannot be read
  bool is_new = false;                // false: the folder had it already
};

// One line of JSON. Bytes that are not UTF-8 become '?'; long text is cut.
std::string to_json(const StoredPrompt& prompt);
// Members that are missing or of another kind keep their defaults: older versions did not write all of them.
Result<StoredPrompt> parse_metadata(std::string_view json, std::string_view id);

// Text as UTF-8 of at most so many bytes.
std::string json_safe(std::string text, std::size_t max_bytes = 8192);

}  // namespace carillon
