#include "prompt/polly_engine.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "prompt/speech_text.h"

namespace carillon {
namespace {

// Polly's own rate for telephones; .sln16 keeps what G.722 can carry.
constexpr int kRate = 16'000;

// A voice for each language that it has a neural one for, in the words of its list of voices.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kVoices{{{"en-gb", "Amy"},
                                                                                 {"en-au", "Olivia"},
                                                                                 {"en", "Joanna"},
                                                                                 {"es-us", "Lupe"},
                                                                                 {"es", "Lucia"},
                                                                                 {"fr-ca", "Gabrielle"},
                                                                                 {"fr", "Lea"},
                                                                                 {"de", "Vicki"},
                                                                                 {"it", "Bianca"},
                                                                                 {"pt-br", "Camila"},
                                                                                 {"pt", "Ines"},
                                                                                 {"nl", "Laura"},
                                                                                 {"ar", "Hala"},
                                                                                 {"ja", "Takumi"}}};

bool is_hebrew(const std::string& language) {
  const auto tag = to_lower(language);
  return tag.starts_with("he") || tag.starts_with("iw");
}

// Neural voices take a rate in percent.
std::string with_rate(const SpeechRequest& request) {
  const std::string inside = request.is_ssml ? request.text : xml_escaped(request.text);
  constexpr std::string_view open = "<speak>";
  constexpr std::string_view close = "</speak>";
  const bool is_wrapped = inside.starts_with(open) && inside.ends_with(close);
  const auto text = is_wrapped ? inside.substr(open.size(), inside.size() - open.size() - close.size()) : inside;
  return fmt::format("<speak><prosody rate=\"{:.0f}%\">{}</prosody></speak>", request.rate * 100, text);
}

}  // namespace

std::optional<aws::SpeechEngine> parse_polly_engine(std::string_view word) {
  using Engine = aws::SpeechEngine;
  for (const auto engine : {Engine::kStandard, Engine::kNeural, Engine::kLongForm, Engine::kGenerative}) {
    if (aws::name_of(engine) == word) return engine;
  }
  return std::nullopt;
}

std::string PollyEngine::identity() const { return fmt::format("polly {}", aws::name_of(settings_.engine)); }

Result<std::vector<SpeechVoice>> PollyEngine::voices() {
  std::vector<SpeechVoice> voices;
  for (const auto& [language, voice] : kVoices) voices.push_back({std::string(voice), std::string(language)});
  return voices;
}

std::string PollyEngine::voice_for(const std::string& language) const {
  if (is_hebrew(language)) return "";
  if (!settings_.voice.empty()) return settings_.voice;
  const auto tag = to_lower(language);
  for (const auto& [known, voice] : kVoices) {
    if (tag == known || tag.starts_with(std::string(known) + "-")) return std::string(voice);
  }
  return "";
}

std::string PollyEngine::why_no_voice(const std::string& language) const {
  if (!is_hebrew(language)) return "";
  return "Polly has no Hebrew voice: record the prompt, or set speech.engine to espeak-ng or command";
}

Result<Audio> PollyEngine::synthesize(const SpeechRequest& request) {
  if (auto checked = check_request(*this, request); !checked) return std::unexpected(checked.error());
  const auto polly = open_();
  if (!polly) return fail(ErrorCode::Unavailable, "Polly: " + polly.error().detail);
  const bool has_rate = request.rate != 1;
  const auto spoken =
      (*polly)->synthesize({.text = has_rate ? with_rate(request) : request.text,
                            .is_ssml = request.is_ssml || has_rate,
                            .voice = request.voice.empty() ? voice_for(request.language) : request.voice,
                            .engine = settings_.engine,
                            .sample_rate_hz = kRate});
  if (!spoken) return std::unexpected(spoken.error());
  billed_ += spoken->billed_characters;
  log::info("polly_spoke", {{"characters", std::to_string(spoken->billed_characters)},
                            {"characters_since_start", std::to_string(billed_.load())}});
  return decode_audio(std::as_bytes(std::span(spoken->audio)), "what-polly-spoke.sln16");
}

}  // namespace carillon
