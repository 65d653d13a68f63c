#include <algorithm>
#include <array>
#include <cmath>

#include "prompt/audio.h"
#include "prompt/g711.h"
#include "prompt/resampler.h"

namespace carillon {

std::vector<std::int16_t> pcm16_of(std::span<const float> samples) {
  std::vector<std::int16_t> pcm;
  pcm.reserve(samples.size());
  for (const float sample : samples) {
    const float scaled = std::clamp(std::round(sample * 32768.0F), -32768.0F, 32767.0F);
    pcm.push_back(static_cast<std::int16_t>(scaled));
  }
  return pcm;
}

std::string ulaw_bytes(std::span<const std::int16_t> samples) {
  std::string bytes(samples.size(), '\0');
  std::ranges::transform(samples, bytes.begin(), [](std::int16_t sample) { return char(encode_ulaw(sample)); });
  return bytes;
}

std::string alaw_bytes(std::span<const std::int16_t> samples) {
  std::string bytes(samples.size(), '\0');
  std::ranges::transform(samples, bytes.begin(), [](std::int16_t sample) { return char(encode_alaw(sample)); });
  return bytes;
}

std::string sln_bytes(std::span<const std::int16_t> samples) {
  std::string bytes;
  bytes.reserve(samples.size() * 2);
  for (const std::int16_t sample : samples) {
    bytes += static_cast<char>(sample & 0xff);
    bytes += static_cast<char>((sample >> 8) & 0xff);
  }
  return bytes;
}

bool can_encode(std::string_view extension) {
  constexpr std::array<std::string_view, 6> known = {".ulaw", ".alaw", ".sln", ".gsm", ".g722", ".wav"};
  return std::ranges::find(known, extension) != known.end();
}

Result<std::string> encode_as(std::string_view extension, const Audio& audio) {
  if (!can_encode(extension)) {
    return fail(ErrorCode::Invalid, "the output's name must end in .ulaw, .alaw, .sln, .gsm, .g722 or .wav");
  }
  if (extension == ".g722") {
    if (!audio.wide.empty()) return g722_bytes(pcm16_of(audio.wide));
    const auto wide = upsampled(audio.samples);
    if (!wide) return std::unexpected(wide.error());
    return g722_bytes(pcm16_of(*wide));
  }
  const auto samples = pcm16_of(audio.samples);
  if (extension == ".ulaw") return ulaw_bytes(samples);
  if (extension == ".alaw") return alaw_bytes(samples);
  if (extension == ".sln") return sln_bytes(samples);
  if (extension == ".gsm") return gsm_bytes(samples);
  return wav_bytes(samples);
}

}  // namespace carillon
