// Text to stored prompts: fills in values, chooses language and voice, and speaks once what it is asked for again and
// again. Any threads; a request takes as long as its engine does.
#pragma once

#include <memory>
#include <string>

#include "prompt/speech_cache.h"
#include "prompt/speech_text.h"

namespace carillon {

struct SpeakerSettings {
  std::string language = "en";  // of texts without Hebrew letters; those are Hebrew
  std::string voice{};          // of that language; empty: the engine's own
  double rate = 1;
};

class Speaker {
 public:
  Speaker(std::unique_ptr<SpeechEngine> engine, std::unique_ptr<SpeechCache> cache, SpeakerSettings settings);

  // `text` may have names in braces, and be SSML from "<speak" on; `variables` is a JSON object, or empty. Invalid if a
  // value is missing or wrong, or the engine cannot speak it; Unavailable if it may work later.
  Result<Spoken> speak(const std::string& text, const std::string& variables, Time now);
  // Whether the engine could speak such a text, whatever its values are. At once. AudioInvalid.
  Result<void> check(const std::string& text) const;
  std::int64_t billed_characters() const { return engine_->billed_characters(); }

 private:
  SpeechRequest request_for(const std::string& text) const;

  std::unique_ptr<SpeechEngine> engine_;
  std::unique_ptr<SpeechCache> cache_;
  SpeakerSettings settings_;
};

// The values of a contact: texts as they are, numbers and truths as JSON writes them.
Result<SpeechVariables> speech_variables_of(const std::string& json);

}  // namespace carillon
