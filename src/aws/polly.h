// Amazon Polly: text to speech. Blocking; any thread that may use the client. It has no Hebrew voice: Hebrew prompts
// are recorded, or spoken by the local voice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"

namespace carillon::aws {

enum class SpeechEngine { kStandard, kNeural, kLongForm, kGenerative };
enum class SpeechFormat { kPcm, kMp3, kOgg };  // pcm: 16 bit, little-endian, mono, without a header; ogg: Vorbis

struct Synthesize {
  std::string text;  // UTF-8; 3000 characters that count for the bill, 6000 with SSML's tags
  bool is_ssml = false;
  std::string voice;  // "Joanna"
  SpeechEngine engine = SpeechEngine::kNeural;
  SpeechFormat format = SpeechFormat::kPcm;
  int sample_rate_hz = 8000;               // pcm: 8000 or 16000; mp3 and ogg also 22050, 24000
  std::string language = {};               // "en-US", for voices of two languages
  std::vector<std::string> lexicons = {};  // up to 5
};

struct Speech {
  std::string audio;  // up to 32 MiB
  std::string content_type;
  int billed_characters = 0;  // 0 if it was not said
};

class Polly {
 public:
  explicit Polly(Client& client) : client_(client) {}

  // Invalid for what Polly would refuse and we can tell, Hebrew above all.
  Result<Speech> synthesize(const Synthesize& what);

 private:
  Client& client_;
};

std::string_view name_of(SpeechEngine engine);
// Letters of the Hebrew block, U+0590 to U+05FF, in UTF-8.
bool has_hebrew(std::string_view text);

}  // namespace carillon::aws
