// Debian's espeak-ng, as a program of its own: it is under the GPL, so it is run and never linked. Small, quick, in a
// hundred languages; its Hebrew lacks the vowels that nobody writes, so campaigns in Hebrew want another engine.
#pragma once

#include "prompt/speech_engine.h"

namespace carillon {

class EspeakEngine final : public SpeechEngine {
 public:
  explicit EspeakEngine(std::string program = "espeak-ng", Duration deadline = std::chrono::seconds(30));

  std::string name() const override { return "espeak"; }
  bool takes_ssml() const override { return true; }
  Result<std::vector<SpeechVoice>> voices() override;
  std::string voice_for(const std::string& language) const override;
  Result<Audio> synthesize(const SpeechRequest& request) override;

 private:
  std::string program_;
  Duration deadline_;
};

}  // namespace carillon
