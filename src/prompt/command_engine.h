// A speech engine of the operator's: any program that reads text from its standard input and writes audio to its
// standard output, or to a file. Run without a shell. In each argument these are replaced:
//
//   {voice} {language} {rate}   as asked for; the rate as 1.00
//   {output}                    the file to write; without it the audio is taken from standard output
#pragma once

#include <map>

#include "prompt/speech_engine.h"

namespace carillon {

struct CommandEngineSettings {
  std::string name = "command";
  std::vector<std::string> arguments{};         // the program first
  std::map<std::string, std::string> voices{};  // by language: what {voice} becomes if none is asked for
  // What the audio is: .wav for whatever has a header; .sln, .sln16, .ulaw and such for what has none.
  std::string extension = ".wav";
  bool takes_ssml = false;
  Duration deadline = std::chrono::seconds(60);
  std::vector<std::string> environment{};  // names of variables that the program needs
};

class CommandEngine final : public SpeechEngine {
 public:
  // Config if there is no program, or something unknown in braces.
  static Result<CommandEngine> open(CommandEngineSettings settings);

  std::string name() const override { return settings_.name; }
  // With the command: another model is another voice.
  std::string identity() const override;
  bool takes_ssml() const override { return settings_.takes_ssml; }
  Result<std::vector<SpeechVoice>> voices() override;
  std::string voice_for(const std::string& language) const override;
  Result<Audio> synthesize(const SpeechRequest& request) override;

 private:
  explicit CommandEngine(CommandEngineSettings settings);

  CommandEngineSettings settings_;
  bool has_voice_argument_ = false;
  bool has_output_argument_ = false;
};

// One line as arguments: split at spaces, but not within '…' or "…". No other character means anything.
Result<std::vector<std::string>> split_command(std::string_view line);

}  // namespace carillon
