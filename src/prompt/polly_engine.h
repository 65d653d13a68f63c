// Amazon Polly as a speech engine: neural voices in many languages, billed by the character. It has no Hebrew voice.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>

#include "aws/polly.h"
#include "prompt/speech_engine.h"

namespace carillon {

struct PollyEngineSettings {
  std::string voice{};  // "Joanna"; empty: one of the language
  aws::SpeechEngine engine = aws::SpeechEngine::kNeural;
};

class PollyEngine final : public SpeechEngine {
 public:
  // Asked when the first text is to be spoken: finding keys and region may take its time. It must outlive the engine.
  using Open = std::function<Result<aws::Polly*>()>;
  PollyEngine(Open open, PollyEngineSettings settings) : open_(std::move(open)), settings_(std::move(settings)) {}

  std::string name() const override { return "polly"; }
  std::string identity() const override;
  bool takes_ssml() const override { return true; }
  Result<std::vector<SpeechVoice>> voices() override;
  std::string voice_for(const std::string& language) const override;
  std::string why_no_voice(const std::string& language) const override;
  std::int64_t billed_characters() const override { return billed_; }
  Result<Audio> synthesize(const SpeechRequest& request) override;

 private:
  Open open_;
  PollyEngineSettings settings_;
  std::atomic<std::int64_t> billed_ = 0;
};

std::optional<aws::SpeechEngine> parse_polly_engine(std::string_view word);

}  // namespace carillon
