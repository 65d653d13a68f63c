#include "prompt/speech_engine.h"

#include <algorithm>

#include "base/text.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxSpeechBytes = 16'384;  // 2,000 characters, SSML around them
constexpr std::size_t kMaxVoiceBytes = 100;

}  // namespace

bool is_voice_name(std::string_view voice) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !voice.empty() && voice.size() <= kMaxVoiceBytes && is_letter(voice.front()) &&
         voice.find("..") == std::string_view::npos && std::ranges::all_of(voice, [&](char c) {
           return is_letter(c) || std::string_view("._+/-").find(c) != std::string_view::npos;
         });
}

Result<void> check_request(const SpeechEngine& engine, const SpeechRequest& request) {
  if (trim(request.text).empty()) return fail(ErrorCode::Invalid, "there is nothing to be spoken");
  if (request.text.size() > kMaxSpeechBytes || request.text.find('\0') != std::string::npos) {
    return fail(ErrorCode::Invalid, "the text is too long to be spoken, or has a zero byte");
  }
  if (request.is_ssml && !engine.takes_ssml()) {
    return fail(ErrorCode::Invalid, "the speech engine " + engine.name() + " takes plain text, no SSML");
  }
  // Written so that NaN fails it.
  if (!(request.rate >= kMinSpeechRate && request.rate <= kMaxSpeechRate)) {
    return fail(ErrorCode::Invalid, "the rate of speech must be between 0.5 and 2");
  }
  if (!is_voice_name(request.language)) {
    return fail(ErrorCode::Invalid, "\"" + printable(request.language, 40) + "\" is no language such as en or he");
  }
  if (!request.voice.empty() && !is_voice_name(request.voice)) {
    return fail(ErrorCode::Invalid, "\"" + printable(request.voice, 60) + "\" is no name of a voice");
  }
  if (auto why = engine.why_no_voice(request.language); !why.empty()) return fail(ErrorCode::Invalid, std::move(why));
  if (request.voice.empty() && engine.voice_for(request.language).empty()) {
    return fail(ErrorCode::Invalid,
                "the speech engine " + engine.name() + " has no voice for " + request.language + "; name one");
  }
  return {};
}

}  // namespace carillon
