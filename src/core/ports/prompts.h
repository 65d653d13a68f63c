// What the API needs of the prompts: a name becomes stored audio.
#pragma once

#include <string>

#include "core/ports/store.h"

namespace carillon {

struct PromptInfo {
  std::string id;  // what Placement::audio takes
  Duration duration{};
  double loudness_lufs = 0;
  double gain_db = 0;
  std::string source;
};

class Prompts {
 public:
  virtual ~Prompts() = default;
  // audio: a prompt's name or id, or a file below an allowed folder. AudioInvalid with the reason otherwise.
  virtual void resolve(std::string audio, Reply<PromptInfo> reply) = 0;
  // Whether this is the id of a stored prompt. At once: it only looks.
  virtual bool is_stored(const std::string& id) const = 0;
  // Stores uploaded bytes; name is for messages and tells the format of headerless files (.ulaw, .sln).
  virtual void store(std::string bytes, std::string name, Reply<PromptInfo> reply) = 0;
};

}  // namespace carillon
