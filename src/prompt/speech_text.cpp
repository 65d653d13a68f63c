#include "prompt/speech_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <utility>

#include "base/text.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxTemplateBytes = kMaxSpokenCharacters * 4;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxValueBytes = kMaxSpokenCharacters * 4;

std::unexpected<Error> invalid(std::string detail) { return fail(ErrorCode::Invalid, std::move(detail)); }

// How many code points; nothing if it is not UTF-8 (RFC 3629: no overlong forms, no surrogates).
std::optional<std::size_t> characters_of(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || length > text.size() - i) return std::nullopt;
    std::uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      point = point << 6 | (next & 0x3fU);
    }
    const bool is_overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (is_overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return std::nullopt;
    i += length;
  }
  return count;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// XML 1.0 section 2.2 forbids most control characters, U+FFFE and U+FFFF, and no engine speaks them.
std::string cleaned(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(clean, is_control, ' ');
  for (const std::string_view none : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (auto at = clean.find(none); at != std::string::npos; at = clean.find(none, at)) clean.erase(at, none.size());
  }
  return clean;
}

struct Piece {
  std::string text;  // as it is, if there is no name
  std::string name;
  std::string format;
  std::string argument;
};

Result<Piece> parse_variable(std::string_view inside) {
  const auto bar = inside.find('|');
  Piece piece;
  piece.name = trim(inside.substr(0, bar));
  const bool has_bad_name =
      piece.name.empty() || piece.name.size() > kMaxNameBytes || std::ranges::any_of(piece.name, is_control);
  if (has_bad_name) return invalid("{" + printable(inside, 60) + "} has no name of a variable");
  if (bar == std::string_view::npos) return piece;
  const std::string_view format = trim(inside.substr(bar + 1));
  const auto colon = format.find(':');
  piece.format = trim(format.substr(0, colon));
  if (colon != std::string_view::npos) piece.argument = trim(format.substr(colon + 1));

  constexpr std::array<std::string_view, 7> formats = {"number", "ordinal", "digits", "phone", "money", "date", "time"};
  if (std::ranges::find(formats, piece.format) == formats.end()) {
    return invalid("the format " + printable(piece.format, 40) + " of {" + piece.name +
                   "} is unknown; there are number, ordinal, digits, phone, money:ILS, date and time");
  }
  if (piece.format == "money") {
    if (is_spoken_currency(piece.argument)) return piece;
    return invalid("{" + piece.name + "|money:…} needs a currency: " + spoken_currencies());
  }
  const bool is_count = piece.format == "number" && (piece.argument == "m" || piece.argument == "f");
  if (colon != std::string_view::npos && !is_count) {
    return invalid("the format " + piece.format + " of {" + piece.name + "} takes no \"" +
                   printable(piece.argument, 40) + "\"");
  }
  return piece;
}

Result<std::vector<Piece>> parse_template(std::string_view text) {
  if (text.size() > kMaxTemplateBytes) return invalid("the text is longer than 2,000 characters");
  if (!characters_of(text)) return invalid("the text is not UTF-8");
  std::vector<Piece> pieces;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && text.substr(i + 1).starts_with(c)) {
      plain += c;
      ++i;
    } else if (c == '}') {
      return invalid("a } without a { at byte " + std::to_string(i + 1) + "; a brace that is text is written twice");
    } else if (c == '{') {
      const auto end = text.find_first_of("{}", i + 1);
      if (end == std::string_view::npos || text[end] == '{') {
        return invalid("a { without its } at byte " + std::to_string(i + 1) +
                       "; a brace that is text is written twice");
      }
      auto piece = parse_variable(text.substr(i + 1, end - i - 1));
      if (!piece) return std::unexpected(piece.error());
      pieces.push_back({std::exchange(plain, ""), "", "", ""});
      pieces.push_back(*std::move(piece));
      i = end;
    } else {
      plain += c;
    }
  }
  pieces.push_back({plain, "", "", ""});
  return pieces;
}

Result<std::string> formatted(const Piece& piece, std::string_view value, SpokenLanguage language) {
  if (piece.format == "number") return spoken_number(value, language, piece.argument == "m");
  if (piece.format == "ordinal") return spoken_ordinal(value, language);
  if (piece.format == "digits") return spoken_digits(value, language);
  if (piece.format == "phone") return spoken_phone(value, language);
  if (piece.format == "money") return spoken_money(value, piece.argument, language);
  if (piece.format == "date") return spoken_date(value, language);
  if (piece.format == "time") return spoken_time(value, language);
  return std::string(value);
}

// Numbers between words, as "1,250" or "3": each run of digits is spoken, and the comma inside one is no pause.
std::string without_digits(std::string_view text, SpokenLanguage language) {
  const auto is_digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  std::string words;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(i)) {
      words += text[i++];
      continue;
    }
    std::size_t end = i;
    while (is_digit(end) || ((text[end] == ',' || text[end] == '.') && is_digit(end + 1))) {
      if (++end == text.size()) break;
    }
    std::string_view run = text.substr(i, end - i);
    const bool is_letter_before = i > 0 && text[i - 1] != ' ' && (text[i - 1] & 0x80) == 0 && std::isalpha(text[i - 1]);
    if (is_letter_before) words += ' ';
    const auto number = spoken_number(run, language);
    const bool is_code = run.size() > 1 && run[0] == '0' && run[1] != '.';
    if (number && !is_code) {
      words += *number;
    } else {
      // "03", "12.11.2026", a phone number: what it is, nobody said.
      bool is_first = true;
      while (!run.empty()) {
        const auto length = std::min(run.find_first_of(",."), run.size());
        words.append(is_first ? "" : ", ").append(spoken_bare_digits(run.substr(0, length), language));
        run.remove_prefix(std::min(length + 1, run.size()));
        is_first = false;
      }
    }
    i = end;
    if (i < text.size() && text[i] != ' ' && std::isalnum(static_cast<unsigned char>(text[i])) != 0) words += ' ';
  }
  return words;
}

Result<std::string> value_of(const Piece& piece, const SpeechVariables& variables, SpokenLanguage language) {
  const auto found = variables.find(piece.name);
  if (found == variables.end() || trim(found->second).empty()) {
    return invalid("there is no value for {" + piece.name + "}");
  }
  if (found->second.size() > kMaxValueBytes || !characters_of(found->second)) {
    return invalid("the value of {" + piece.name + "} is too long or not UTF-8");
  }
  auto spoken = formatted(piece, trim(found->second), language);
  if (!spoken) return invalid("{" + piece.name + "}: " + spoken.error().detail);
  return cleaned(*spoken);
}

}  // namespace

Result<std::string> speech_text(std::string_view speech_template, const SpeechVariables& variables,
                                SpokenLanguage language, SpeechMarkup markup) {
  const auto pieces = parse_template(speech_template);
  if (!pieces) return std::unexpected(pieces.error());
  const bool speaks_digits = language == SpokenLanguage::kHebrew;
  const bool is_ssml = markup == SpeechMarkup::kSsml;
  std::string text;
  for (const auto& piece : *pieces) {
    std::string part = cleaned(piece.text);
    if (!piece.name.empty()) {
      auto value = value_of(piece, variables, language);
      if (!value) return value;
      part = *std::move(value);
    }
    const bool is_markup = is_ssml && piece.name.empty();  // its digits may be attributes
    if (speaks_digits && !is_markup) part = without_digits(part, language);
    text += is_ssml && !is_markup ? xml_escaped(part) : part;
    // Each value may be long, and a template may have many: the bound holds while it grows.
    if (characters_of(text).value_or(0) > kMaxSpokenCharacters) {
      return invalid("the text with its values is longer than 2,000 characters");
    }
  }
  if (trim(text).empty()) return invalid("there is nothing to be spoken");
  return text;
}

Result<std::vector<std::string>> speech_variables(std::string_view speech_template) {
  const auto pieces = parse_template(speech_template);
  if (!pieces) return std::unexpected(pieces.error());
  std::set<std::string> names;
  for (const auto& piece : *pieces) {
    if (!piece.name.empty()) names.insert(piece.name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&apos;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string ssml_of(std::string_view text) { return "<speak>" + xml_escaped(cleaned(text)) + "</speak>"; }

}  // namespace carillon
