#include "prompt/espeak_engine.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "base/text.h"
#include "prompt/child_process.h"

namespace carillon {
namespace {

constexpr double kWordsPerMinute = 150;  // its own 175 is hasty on a telephone
constexpr std::size_t kMaxVoicesBytes = 1024 * 1024;
constexpr std::size_t kMaxVoices = 1000;

Error explained(const Error& error) {
  if (error.code != ErrorCode::NotFound) return error;
  return Error(ErrorCode::Config, error.detail + "; on Debian: apt-get install espeak-ng");
}

// In plain text, [[ begins phonemes: a contact's name must not.
std::string without_phonemes(std::string text) {
  for (auto at = text.find("[["); at != std::string::npos; at = text.find("[[", at)) text.insert(at + 1, " ");
  return text;
}

}  // namespace

EspeakEngine::EspeakEngine(std::string program, Duration deadline)
    : program_(std::move(program)), deadline_(deadline) {}

std::string EspeakEngine::voice_for(const std::string& language) const {
  std::string tag = to_lower(language);
  std::ranges::replace(tag, '_', '-');
  if (tag == "en" || tag == "en-us") return "en-us";
  if (tag == "iw" || tag.starts_with("he-")) return "he";
  return tag;  // its voices are named after languages
}

Result<std::vector<SpeechVoice>> EspeakEngine::voices() {
  const auto output =
      run_child({.arguments = {program_, "--voices"}, .deadline = deadline_, .max_output_bytes = kMaxVoicesBytes});
  if (!output) return std::unexpected(explained(output.error()));
  // "Pty Language       Age/Gender VoiceName          File …"
  std::vector<SpeechVoice> voices;
  std::istringstream lines(*output);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && voices.size() < kMaxVoices) {
    std::istringstream columns(line);
    std::string priority;
    std::string language;
    // The language is what -v takes; the name beside it is for people.
    if (columns >> priority >> language && is_voice_name(language)) voices.push_back({language, language});
  }
  return voices;
}

Result<Audio> EspeakEngine::synthesize(const SpeechRequest& request) {
  if (auto checked = check_request(*this, request); !checked) return std::unexpected(checked.error());
  const std::string voice = request.voice.empty() ? voice_for(request.language) : request.voice;
  const long speed = std::lround(kWordsPerMinute * request.rate);
  ChildRequest child{
      .arguments = {program_, "--stdin", "--stdout", "-b", "1", "-v", voice, "-s", std::to_string(speed)},
      .input = request.is_ssml ? request.text : without_phonemes(request.text),
      .deadline = deadline_,
      .max_output_bytes = kMaxAudioBytes};
  if (request.is_ssml) child.arguments.emplace_back("-m");
  const auto output = run_child(child);
  if (!output) return std::unexpected(explained(output.error()));
  return decode_audio(std::as_bytes(std::span(*output)), "what-espeak-ng-spoke.wav");
}

}  // namespace carillon
