// `carillon prompt convert` and `carillon prompt say`: audio as the telephone wants it, from a file or from text. Both
// work on this machine alone, without a daemon.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace carillon {

// The format follows the output's extension: .ulaw, .alaw, .sln, .gsm or .wav (8000 Hz mono), or .g722 (16000 Hz).
// Prints what was done.
Result<void> convert_prompt(const std::filesystem::path& input, const std::filesystem::path& output);

struct SayOptions {
  std::string text;
  std::filesystem::path output;
  std::string language = "en";
  std::string voice;              // empty: the engine's own for the language
  std::string engine = "espeak";  // or a command line
  double rate = 1;
  std::vector<std::string> variables;  // "name=value"
};

// Speaks a template. Formats as above.
Result<void> say_prompt(const SayOptions& options);

// Sets `chosen` to what is to be run when it was given; its result is the exit code.
void add_say_command(CLI::App& prompt, std::function<int()>& chosen);

}  // namespace carillon
