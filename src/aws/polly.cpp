#include "aws/polly.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "base/text.h"

namespace carillon::aws {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxCharacters = 6000;
constexpr std::size_t kMaxLexicons = 5;

std::string_view name_of(SpeechFormat format) {
  switch (format) {
    case SpeechFormat::kPcm: return "pcm";
    case SpeechFormat::kMp3: return "mp3";
    case SpeechFormat::kOgg: return "ogg_vorbis";
  }
  return "";
}

std::size_t characters_of(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 60 && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<void> check(const Synthesize& what) {
  const auto language = to_lower(what.language);
  if (language.starts_with("he") || language.starts_with("iw") || has_hebrew(what.text))
    return fail(ErrorCode::Invalid,
                "Polly has no Hebrew voice: record the prompt, or use the local voice (espeak-ng) for Hebrew");
  if (trim(what.text).empty()) return fail(ErrorCode::Invalid, "there is no text to speak");
  if (characters_of(what.text) > kMaxCharacters)
    return fail(ErrorCode::TooLarge, "Polly speaks up to 6000 characters at a time");
  if (!is_word(what.voice))
    return fail(ErrorCode::Invalid, "not the name of a Polly voice: " + printable(what.voice, 60));
  const auto rate = what.sample_rate_hz;
  const bool is_rate =
      rate == 8000 || rate == 16000 || (what.format != SpeechFormat::kPcm && (rate == 22050 || rate == 24000));
  if (!is_rate)
    return fail(ErrorCode::Invalid, "Polly does not speak at " + std::to_string(rate) + " Hz in this format");
  if (what.lexicons.size() > kMaxLexicons) return fail(ErrorCode::Invalid, "Polly takes up to 5 lexicons");
  return {};
}

}  // namespace

std::string_view name_of(SpeechEngine engine) {
  switch (engine) {
    case SpeechEngine::kStandard: return "standard";
    case SpeechEngine::kNeural: return "neural";
    case SpeechEngine::kLongForm: return "long-form";
    case SpeechEngine::kGenerative: return "generative";
  }
  return "";
}

bool has_hebrew(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xd6 && next >= 0x90) || lead == 0xd7) return true;
  }
  return false;
}

Result<Speech> Polly::synthesize(const Synthesize& what) {
  if (auto fine = check(what); !fine) return std::unexpected(std::move(fine).error());
  json::object body{{"Text", what.text},
                    {"TextType", what.is_ssml ? "ssml" : "text"},
                    {"VoiceId", what.voice},
                    {"Engine", name_of(what.engine)},
                    {"OutputFormat", name_of(what.format)},
                    {"SampleRate", std::to_string(what.sample_rate_hz)}};
  if (!what.language.empty()) body["LanguageCode"] = what.language;
  if (!what.lexicons.empty()) body["LexiconNames"] = json::array(what.lexicons.begin(), what.lexicons.end());
  auto response = client_.call({.service = Service::kPolly,
                                .operation = "SynthesizeSpeech",
                                .request = {.path = "/v1/speech",
                                            .headers = {{"content-type", "application/json"}},
                                            .body = json::serialize(body)},
                                .timeout = std::chrono::seconds(60),
                                .deadline = std::chrono::seconds(120),
                                .max_answer_bytes = 32 * 1024 * 1024});
  if (!response) return std::unexpected(std::move(response).error());
  if (response->body.empty()) return fail(ErrorCode::Io, "Polly SynthesizeSpeech: the answer has no audio");
  Speech speech{.audio = std::move(response->body), .content_type = std::string(response->header("content-type"))};
  const auto billed = response->header("x-amzn-requestcharacters");
  std::from_chars(billed.data(), billed.data() + billed.size(), speech.billed_characters);
  return speech;
}

}  // namespace carillon::aws
