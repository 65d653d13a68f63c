#include "app/prompt_command.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "app/embedded.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/run.h"
#include "prompt/audio.h"
#include "prompt/command_engine.h"
#include "prompt/espeak_engine.h"
#include "prompt/speech_text.h"

namespace carillon {
namespace {

Result<void> check_output(const std::filesystem::path& output) {
  if (can_encode(output.extension().string())) return {};
  return fail(
      ErrorCode::Invalid,
      fmt::format("{}: the output's name must end in .wav, .ulaw, .alaw, .sln, .gsm or .g722", output.string()));
}

// Beside the target and renamed: Asterisk may be playing the old one.
Result<void> write_output(const std::filesystem::path& output, const Audio& audio) {
  const auto bytes = encode_as(output.extension().string(), audio);
  if (!bytes) return std::unexpected(bytes.error());
  const auto temporary = output.string() + ".new";
  std::ofstream file(temporary, std::ios::binary);
  file.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(temporary, output, error);
  if (!file || error) return fail(ErrorCode::Io, fmt::format("{} cannot be written", output.string()));
  return {};
}

Result<std::unique_ptr<SpeechEngine>> engine_of(const std::string& name) {
  if (name == "espeak") return std::make_unique<EspeakEngine>();
  auto arguments = split_command(name);
  if (!arguments) return std::unexpected(arguments.error());
  auto engine = CommandEngine::open({.arguments = *std::move(arguments)});
  if (!engine) return std::unexpected(engine.error());
  return std::make_unique<CommandEngine>(*std::move(engine));
}

Result<SpeechVariables> variables_of(const std::vector<std::string>& texts) {
  SpeechVariables variables;
  for (const auto& text : texts) {
    const auto sign = text.find('=');
    const auto name = trim(std::string_view(text).substr(0, sign));
    if (sign == std::string::npos || name.empty()) {
      return fail(ErrorCode::Invalid, fmt::format("--var {}: it must be name=value", printable(text, 60)));
    }
    variables[std::string(name)] = text.substr(sign + 1);
  }
  return variables;
}

}  // namespace

Result<void> convert_prompt(const std::filesystem::path& input, const std::filesystem::path& output) {
  if (auto checked = check_output(output); !checked) return checked;
  auto decoded = decode_audio(input);
  if (!decoded) return std::unexpected(decoded.error());
  const Audio audio = normalise(*std::move(decoded));
  if (auto written = write_output(output, audio); !written) return written;
  fmt::print("{}: {}, {:.1f} LUFS, gain {:+.1f} dB, from {}\n", output.string(), to_words(audio.duration()),
             audio.loudness_lufs, audio.gain_db, audio.source_format);
  return {};
}

Result<void> say_prompt(const SayOptions& options) {
  if (auto checked = check_output(options.output); !checked) return checked;
  const auto language = parse_spoken_language(options.language);
  if (!language) return fail(ErrorCode::Invalid, fmt::format("--language {}: there are en and he", options.language));
  const auto variables = variables_of(options.variables);
  if (!variables) return std::unexpected(variables.error());
  const auto text = speech_text(options.text, *variables, *language);
  if (!text) return std::unexpected(text.error());
  const auto engine = engine_of(options.engine);
  if (!engine) return std::unexpected(engine.error());
  auto spoken = (*engine)->synthesize(
      {.text = *text, .language = options.language, .voice = options.voice, .rate = options.rate});
  if (!spoken) return std::unexpected(spoken.error());
  const Audio audio = normalise(*std::move(spoken));
  if (auto written = write_output(options.output, audio); !written) return written;
  fmt::print("{}: {}, {:.1f} LUFS, spoken by {}\n{}\n", options.output.string(), to_words(audio.duration()),
             audio.loudness_lufs, (*engine)->name(), *text);
  return {};
}

void add_say_command(CLI::App& prompt, std::function<int()>& chosen) {
  const auto options = std::make_shared<SayOptions>();
  auto* say = prompt.add_subcommand("say", "speak text, with values filled in, into a file");
  say->add_option("text", options->text, "such as 'Hello {name}, you pledged {amount|money:ILS}'")->required();
  say->add_option("output", options->output, "file ending in .wav, .ulaw, .alaw, .sln, .gsm or .g722")->required();
  say->add_option("--language", options->language, "en or he")->capture_default_str();
  say->add_option("--voice", options->voice, "a voice of the engine; else its own for the language");
  say->add_option("--engine", options->engine, "espeak, or the command of another engine")->capture_default_str();
  say->add_option("--rate", options->rate, "how fast, 0.5 to 2")->capture_default_str();
  say->add_option("--var", options->variables, "name=value; may be repeated")->expected(1)->take_all();
  say->callback([options, &chosen] {
    chosen = [options]() -> int {
      const auto said = say_prompt(*options);
      return said ? static_cast<int>(cli::kDone) : fail_with(said.error());
    };
  });
}

}  // namespace carillon
