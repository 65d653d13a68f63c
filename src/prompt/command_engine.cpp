#include "prompt/command_engine.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "prompt/child_process.h"

namespace carillon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxArguments = 100;
constexpr std::size_t kMaxArgumentBytes = 4096;
constexpr std::array<std::string_view, 4> kPlaces = {"{voice}", "{language}", "{rate}", "{output}"};
constexpr std::string_view kAnyVoice = "default";

bool has(const std::vector<std::string>& arguments, std::string_view place) {
  return std::ranges::any_of(arguments,
                             [&](const auto& argument) { return argument.find(place) != std::string::npos; });
}

// One pass: what is filled in is not looked at again.
std::string filled(std::string_view argument, const std::array<std::string, kPlaces.size()>& values) {
  std::string text;
  while (!argument.empty()) {
    const auto* const place =
        std::ranges::find_if(kPlaces, [&](std::string_view one) { return argument.starts_with(one); });
    if (place == kPlaces.end()) {
      text += argument.front();
      argument.remove_prefix(1);
    } else {
      text += values[static_cast<std::size_t>(place - kPlaces.begin())];
      argument.remove_prefix(place->size());
    }
  }
  return text;
}

class TempFolder {
 public:
  TempFolder() {
    std::error_code code;
    std::string pattern = (fs::temp_directory_path(code) / "carillon-speech-XXXXXX").string();
    if (!code && ::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

CommandEngine::CommandEngine(CommandEngineSettings settings)
    : settings_(std::move(settings)),
      has_voice_argument_(has(settings_.arguments, "{voice}")),
      has_output_argument_(has(settings_.arguments, "{output}")) {}

Result<CommandEngine> CommandEngine::open(CommandEngineSettings settings) {
  const auto& arguments = settings.arguments;
  if (arguments.empty() || arguments[0].empty()) return fail(ErrorCode::Config, "the speech command names no program");
  const bool is_long = arguments.size() > kMaxArguments || std::ranges::any_of(arguments, [](const auto& argument) {
                         return argument.size() > kMaxArgumentBytes;
                       });
  if (is_long) return fail(ErrorCode::Config, "the speech command is too long");
  for (const auto& argument : arguments) {
    for (auto at = argument.find('{'); at != std::string::npos; at = argument.find('{', at + 1)) {
      const auto rest = std::string_view(argument).substr(at);
      if (std::ranges::none_of(kPlaces, [&](std::string_view place) { return rest.starts_with(place); })) {
        return fail(ErrorCode::Config, "the speech command has " + printable(rest.substr(0, rest.find('}') + 1), 60) +
                                           "; known are {voice} {language} {rate} {output}");
      }
    }
  }
  if (!settings.extension.starts_with('.') || !is_safe_id(settings.extension)) {
    return fail(ErrorCode::Config, "\"" + printable(settings.extension, 20) + "\" is no ending of a file such as .wav");
  }
  for (const auto& [language, voice] : settings.voices) {
    if (!is_voice_name(language) || !is_voice_name(voice)) {
      return fail(ErrorCode::Config, "\"" + printable(voice, 60) + "\" is no name of a voice");
    }
  }
  return CommandEngine(std::move(settings));
}

std::string CommandEngine::identity() const {
  std::string all;
  for (const auto& argument : settings_.arguments) all += fmt::format("{}:{}", argument.size(), argument);
  return settings_.name + " " + sha256_hex(all);
}

Result<std::vector<SpeechVoice>> CommandEngine::voices() {
  std::vector<SpeechVoice> voices;
  voices.reserve(settings_.voices.size());
  for (const auto& [language, voice] : settings_.voices) voices.push_back({voice, language});
  return voices;
}

// "he-IL" falls back to "he". A command without {voice} has one voice, whatever its name is.
std::string CommandEngine::voice_for(const std::string& language) const {
  for (const auto& tag : {language, language.substr(0, language.find_first_of("-_"))}) {
    const auto found = settings_.voices.find(tag);
    if (found != settings_.voices.end()) return found->second;
  }
  return has_voice_argument_ ? "" : std::string(kAnyVoice);
}

Result<Audio> CommandEngine::synthesize(const SpeechRequest& request) {
  if (auto checked = check_request(*this, request); !checked) return std::unexpected(checked.error());
  const TempFolder folder;
  if (has_output_argument_ && folder.path().empty()) {
    return fail(ErrorCode::Io, "no temporary folder can be made for the speech engine");
  }
  const fs::path output = folder.path() / ("speech" + settings_.extension);
  const std::string voice = request.voice.empty() ? voice_for(request.language) : request.voice;
  const std::array<std::string, kPlaces.size()> values = {voice, request.language, fmt::format("{:.2f}", request.rate),
                                                          output.string()};
  ChildRequest child{.input = request.text + "\n",  // some programs speak whole lines alone
                     .deadline = settings_.deadline,
                     .max_output_bytes = kMaxAudioBytes,
                     .environment = settings_.environment};
  for (const auto& argument : settings_.arguments) child.arguments.push_back(filled(argument, values));
  const auto written = run_child(child);
  if (!written && written.error().code == ErrorCode::NotFound) {
    return fail(ErrorCode::Config, "the speech engine " + settings_.name + ": " + written.error().detail);
  }
  if (!written) return std::unexpected(written.error());
  if (!has_output_argument_) return decode_audio(std::as_bytes(std::span(*written)), output.string());
  std::error_code code;
  if (!fs::is_regular_file(fs::symlink_status(output, code))) {
    return fail(ErrorCode::Io, "the speech engine " + settings_.name + " ended well but wrote no audio to {output}");
  }
  return decode_audio(output);
}

Result<std::vector<std::string>> split_command(std::string_view line) {
  std::vector<std::string> arguments;
  bool is_open = false;
  char quote = 0;
  for (const char c : line) {
    if (quote == 0 && (c == ' ' || c == '\t')) {
      is_open = false;
      continue;
    }
    if (!is_open) arguments.emplace_back();
    is_open = true;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      arguments.back() += c;
    }
  }
  if (quote != 0) return fail(ErrorCode::Invalid, std::string("the command has a ") + quote + " without its second");
  if (arguments.empty()) return fail(ErrorCode::Invalid, "the command is empty");
  return arguments;
}

}  // namespace carillon
