#include "prompt/speaker.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "aws/polly.h"
#include "base/text.h"

namespace carillon {
namespace {

namespace json = boost::json;

}  // namespace

Result<SpeechVariables> speech_variables_of(const std::string& text) {
  SpeechVariables variables;
  if (text.empty()) return variables;
  boost::system::error_code code;
  const auto value = json::parse(text, code);
  const auto* object = code ? nullptr : value.if_object();
  if (object == nullptr) return fail(ErrorCode::Invalid, "the variables are no JSON object");
  for (const auto& [name, member] : *object) {
    if (const auto* word = member.if_string()) {
      variables[std::string(name)] = std::string(*word);
    } else if (member.is_primitive() && !member.is_null()) {
      variables[std::string(name)] = json::serialize(member);
    }
  }
  return variables;
}

Speaker::Speaker(std::unique_ptr<SpeechEngine> engine, std::unique_ptr<SpeechCache> cache, SpeakerSettings settings)
    : engine_(std::move(engine)), cache_(std::move(cache)), settings_(std::move(settings)) {}

// All but the values. By the letters of the template: a Hebrew name in an English sentence is spoken as well as the
// English voice can.
SpeechRequest Speaker::request_for(const std::string& text) const {
  const std::string language = aws::has_hebrew(text) ? "he" : settings_.language;
  const bool is_own_language = parse_spoken_language(settings_.language) == parse_spoken_language(language);
  return {.text = std::string(trim(text)),
          .is_ssml = trim(text).starts_with("<speak"),
          .language = language,
          .voice = is_own_language ? settings_.voice : "",
          .rate = settings_.rate};
}

Result<void> Speaker::check(const std::string& text) const {
  if (auto checked = check_request(*engine_, request_for(text)); !checked) {
    return fail(ErrorCode::AudioInvalid, checked.error().detail);
  }
  return {};
}

Result<Spoken> Speaker::speak(const std::string& text, const std::string& variables, Time now) {
  const auto values = speech_variables_of(variables);
  if (!values) return std::unexpected(values.error());
  SpeechRequest request = request_for(text);
  const auto forms = parse_spoken_language(request.language).value_or(SpokenLanguage::kEnglish);
  auto spoken = speech_text(request.text, *values, forms, request.is_ssml ? SpeechMarkup::kSsml : SpeechMarkup::kNone);
  if (!spoken) return std::unexpected(spoken.error());
  request.text = *std::move(spoken);
  auto prompt = cache_->speak(*engine_, std::move(request), now);
  if (prompt) return prompt;
  // What the text is to blame for stays as it is; all else may pass, or be mended by an operator.
  const auto& error = prompt.error();
  const bool is_final = error.code == ErrorCode::Invalid || error.code == ErrorCode::AudioInvalid;
  return fail(is_final ? ErrorCode::AudioInvalid : ErrorCode::Unavailable, error.detail);
}

}  // namespace carillon
