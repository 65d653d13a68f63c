// For the tests of this room: tones, files of them, and a folder that goes away with the test.
#pragma once

#include <gtest/gtest.h>
#include <sndfile.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::prompt_testing {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "carillon-prompt-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Interleaved, the same on every channel.
inline std::vector<float> tone(double hertz, double amplitude, double seconds, int rate, int channels = 1) {
  std::vector<float> samples;
  const auto frames = static_cast<std::size_t>(seconds * rate);
  for (std::size_t i = 0; i < frames; ++i) {
    const double phase = 2 * std::numbers::pi * hertz * static_cast<double>(i) / rate;
    samples.insert(samples.end(), static_cast<std::size_t>(channels), static_cast<float>(amplitude * std::sin(phase)));
  }
  return samples;
}

// Returns false if this libsndfile cannot write the format.
inline bool write_sound(const std::filesystem::path& file, int format, int rate, int channels,
                        const std::vector<float>& samples) {
  SF_INFO info{};
  info.format = format;
  info.samplerate = rate;
  info.channels = channels;
  SNDFILE* sound = sf_open(file.c_str(), SFM_WRITE, &info);
  if (sound == nullptr) return false;
  const auto written = sf_write_float(sound, samples.data(), static_cast<sf_count_t>(samples.size()));
  sf_close(sound);
  return written == static_cast<sf_count_t>(samples.size());
}

inline std::string contents_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_bytes(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// The amplitude of one frequency in samples at 8000 Hz.
inline double amplitude_at(double hertz, std::span<const float> samples) {
  double in_phase = 0;
  double quadrature = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double phase = 2 * std::numbers::pi * hertz * static_cast<double>(i) / 8000;
    in_phase += samples[i] * std::cos(phase);
    quadrature += samples[i] * std::sin(phase);
  }
  return 2 * std::hypot(in_phase, quadrature) / static_cast<double>(samples.size());
}

inline std::string little_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}

// A 16-bit PCM WAV file whose header says what the test wants.
inline std::string wav_bytes(std::uint32_t riff_size, std::uint32_t data_size, std::uint32_t rate,
                             std::uint32_t channels, std::string_view data) {
  return "RIFF" + little_endian(riff_size, 4) + "WAVEfmt " + little_endian(16, 4) + little_endian(1, 2) +
         little_endian(channels, 2) + little_endian(rate, 4) + little_endian(rate * channels * 2, 4) +
         little_endian(channels * 2, 2) + little_endian(16, 2) + "data" + little_endian(data_size, 4) +
         std::string(data);
}

// One second of 500 Hz at 8000 Hz as 16-bit little-endian bytes.
inline std::string second_of_pcm() {
  std::string data;
  for (const float sample : tone(500, 0.25, 1, 8000)) {
    data += little_endian(static_cast<std::uint32_t>(static_cast<int>(sample * 32767)), 2);
  }
  return data;
}

}  // namespace carillon::prompt_testing
