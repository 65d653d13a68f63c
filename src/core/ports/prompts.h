// What the engine and the API need of the prompts: a name, a source elsewhere or a text becomes stored audio.
// Everything that takes time happens on threads of the adapter's own; replies come on the control thread.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/ports/store.h"

namespace carillon {

struct PromptRequest {
  std::string audio;         // a prompt's name or id, a file below an allowed folder, https:, s3: or say:
  std::string variables{};   // a JSON object: the values for the names in braces of say:
  bool is_for_each = false;  // names in braces stay open: the text is spoken anew for each contact
  bool must_ask = false;     // a source elsewhere is asked even if it was a moment ago
};

struct PromptInfo {
  std::string id{};  // what Placement::audio takes; empty for what is spoken anew for each contact
  Duration duration{};
  double loudness_lufs = 0;
  double gain_db = 0;
  std::string source{};
  std::string notice{};               // what an operator should know: its source is away and a copy is used
  std::shared_ptr<const void> pin{};  // what may be evicted from a cache stays as long as somebody holds this
};

// A stored prompt as people see it.
struct PromptView {
  PromptInfo info;
  std::string source_format;
  std::string text;  // what is spoken
  std::string voice;
  std::string engine;
  std::string language;
  std::string licence;
  std::vector<std::string> warnings;
  Time created{};
  bool is_cached = false;  // goes by itself when its cache needs the room
};

struct PromptViewPage {
  std::vector<PromptView> prompts;  // by rising id
  std::string next;                 // cursor; empty = the end
};

class Prompts {
 public:
  virtual ~Prompts() = default;
  // AudioInvalid with the reason, and for a source elsewhere with what it answered; Unavailable if it may work later.
  virtual void resolve(PromptRequest request, Reply<PromptInfo> reply) = 0;
  // One contact's own prompt, from a text with names in braces. Slower than resolve() and behind it, so that the
  // dialer's machine has its rest. Invalid or AudioInvalid: another try changes nothing.
  virtual void speak_for_contact(std::string audio, std::string variables, Reply<PromptInfo> reply) = 0;
  // Whether this is the id of a stored prompt. At once: it only looks.
  virtual bool is_stored(const std::string& id) const = 0;
  // Stores uploaded bytes; name is for messages and tells the format of headerless files (.ulaw, .sln).
  virtual void store(std::string bytes, std::string name, Reply<PromptInfo> reply) = 0;

  virtual void list(std::string after, int limit, Reply<PromptViewPage> reply) = 0;
  virtual void show(std::string id, Reply<PromptView> reply) = 0;
  // The bytes of its file with that ending (".ulaw"). NotFound if there is none.
  virtual void read(std::string id, std::string extension, Reply<std::string> reply) = 0;
  // Conflict if it is among `in_use`.
  virtual void remove(std::string id, std::set<std::string> in_use, Reply<void> reply) = 0;
  // Characters that were billed by a speech service since the start.
  virtual std::int64_t billed_characters() const = 0;
};

}  // namespace carillon
