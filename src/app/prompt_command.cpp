#include "app/prompt_command.h"

#include <fmt/format.h>

#include <fstream>

#include "base/time.h"
#include "prompt/audio.h"

namespace carillon {

Result<void> convert_prompt(const std::filesystem::path& input, const std::filesystem::path& output) {
  auto decoded = decode_audio(input);
  if (!decoded) return std::unexpected(decoded.error());
  const Audio audio = normalise(std::move(*decoded));
  const auto samples = pcm16_of(audio.samples);
  const auto extension = output.extension().string();
  std::string bytes;
  if (extension == ".ulaw") {
    bytes = ulaw_bytes(samples);
  } else if (extension == ".alaw") {
    bytes = alaw_bytes(samples);
  } else if (extension == ".sln") {
    bytes = sln_bytes(samples);
  } else {
    return fail(ErrorCode::Invalid,
                fmt::format("{}: the output's name must end in .ulaw, .alaw or .sln", output.string()));
  }
  // Beside the target and renamed: Asterisk may be playing the old one.
  const auto temporary = output.string() + ".new";
  std::ofstream file(temporary, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(temporary, output, error);
  if (!file || error) return fail(ErrorCode::Io, fmt::format("{} cannot be written", output.string()));
  fmt::print("{}: {}, {:.1f} LUFS, gain {:+.1f} dB, from {}\n", output.string(), to_words(audio.duration()),
             audio.loudness_lufs, audio.gain_db, audio.source_format);
  return {};
}

}  // namespace carillon
