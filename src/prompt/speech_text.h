// Templates for what is spoken to each contact, pure:
//
//   Hello {name}, you pledged {amount|money:ILS} on {date|date}.
//
// {{ and }} are braces. Formats: number (number:m counts masculine Hebrew nouns), ordinal, digits, phone, money:<ISO
// 4217>, date, time; without one the value is spoken as it is. In Hebrew no digit is left to the engine, whose voices
// read them in the wrong gender or in English; in English they stay. Values are hostile: control characters become
// spaces, and in SSML they are escaped.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "prompt/spoken.h"

namespace carillon {

inline constexpr std::size_t kMaxSpokenCharacters = 2000;  // Unicode code points, markup and all

using SpeechVariables = std::map<std::string, std::string, std::less<>>;

enum class SpeechMarkup {
  kNone,  // the template and the values are text
  kSsml,  // the template is SSML; the values are text
};

// Invalid, naming the variable, if one is missing or does not suit its format.
Result<std::string> speech_text(std::string_view speech_template, const SpeechVariables& variables,
                                SpokenLanguage language, SpeechMarkup markup = SpeechMarkup::kNone);

// The names of a template's variables, each once, by the alphabet; or what is wrong with the template.
Result<std::vector<std::string>> speech_variables(std::string_view speech_template);

// Plain text for an engine that takes SSML.
std::string ssml_of(std::string_view text);
std::string xml_escaped(std::string_view text);

}  // namespace carillon
