// What speaks text. Each engine may be used from several threads at a time; synthesize() takes as long as the engine
// does, for a worker thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "prompt/audio.h"

namespace carillon {

inline constexpr double kMinSpeechRate = 0.5;
inline constexpr double kMaxSpeechRate = 2.0;

struct SpeechVoice {
  std::string name;
  std::string language;
};

struct SpeechRequest {
  std::string text{};
  bool is_ssml = false;
  std::string language = "en";
  std::string voice{};  // empty: the engine's own for the language
  double rate = 1.0;    // 0.5 to 2, 1 is the engine's usual
};

class SpeechEngine {
 public:
  virtual ~SpeechEngine() = default;
  // Short and steady; kept with what it spoke.
  virtual std::string name() const = 0;
  // Changes when the same request would sound different: part of the cache's keys.
  virtual std::string identity() const { return name(); }
  virtual bool takes_ssml() const = 0;
  virtual Result<std::vector<SpeechVoice>> voices() = 0;
  // What it speaks for the language if no voice is asked for; empty if it has none.
  virtual std::string voice_for(const std::string& language) const = 0;
  // Why it has no voice for the language, for people; empty if there is nothing better to say than that.
  virtual std::string why_no_voice(const std::string& /*language*/) const { return ""; }
  // Characters that a service has billed since the start.
  virtual std::int64_t billed_characters() const { return 0; }
  virtual Result<Audio> synthesize(const SpeechRequest& request) = 0;
};

// Invalid if the request cannot be spoken by this engine: too long, SSML for one that takes none, an odd voice.
Result<void> check_request(const SpeechEngine& engine, const SpeechRequest& request);
// Letters, digits and . _ + / - in the middle: it may go into an argument, and into a path.
bool is_voice_name(std::string_view voice);

}  // namespace carillon
