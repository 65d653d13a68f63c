#include <algorithm>
#include <cmath>

#include "prompt/audio.h"
#include "prompt/g711.h"

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

}  // namespace carillon
