// Audio on its way to the telephone: any file that people have becomes mono samples at 8000 Hz of a bounded loudness
// (and at 16000 Hz for G.722), and those become the bytes of the telephone's codecs. Functions on values, for a worker
// thread: decoding ten minutes takes seconds. Full scale is 1.0 = 0 dBFS; loudness is ITU-R BS.1770 (LUFS), measured on
// what the telephone plays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace carillon {

inline constexpr int kTelephoneRate = 8000;
inline constexpr int kWideRate = 16000;
inline constexpr std::size_t kMaxAudioBytes = 64 * 1024 * 1024;
inline constexpr Duration kMaxAudioDuration = std::chrono::minutes(10);
inline constexpr Duration kMinAudioDuration = std::chrono::milliseconds(100);

struct Audio {
  std::vector<float> samples;  // mono, 8000 Hz
  std::vector<float> wide;     // the same, 16000 Hz, twice as many; empty if the source has not more than 8000 Hz
  std::string source_format;   // "WAV (Microsoft), Signed 16 bit PCM"
  int source_rate = 0;
  int source_channels = 0;
  std::size_t clipped_samples = 0;  // samples of the source at or beyond full scale, all channels
  double peak_dbfs = 0;
  double loudness_lufs = 0;
  double gain_db = 0;  // what normalise() applied

  Duration duration() const { return Duration(samples.size() * 1000 / kTelephoneRate); }
};

// Reads WAV, FLAC, OGG, MP3 and what else libsndfile has, 4 to 192 kHz, up to 8 channels; and files without a header by
// the end of their names: .ulaw .ul .pcmu, .alaw .al .pcma, .sln .slin (16-bit little-endian, 8 kHz), .sln16 (16 kHz).
// AudioInvalid with a sentence for the operator if this is no audio, damaged, silent, too short, too long or too large.
Result<Audio> decode_audio(const std::filesystem::path& file);
// The same for bytes that were uploaded. Of the name, the part after the last slash is used.
Result<Audio> decode_audio(std::span<const std::byte> bytes, std::string_view name);

struct LoudnessBounds {
  double lowest_lufs = -23;  // between the two, audio is left as it is
  double highest_lufs = -16;
  double target_lufs = -19;
  double ceiling_dbfs = -3;  // peaks of audio that gets a gain
  double max_gain_db = 20;   // more would lift the noise of the room
};

// Brings the loudness within bounds. Peaks that would pass the ceiling are turned down for some milliseconds, not cut.
Audio normalise(Audio audio, const LoudnessBounds& bounds = {});

// Loudness of mono samples at 8000 Hz: integrated; for less than 400 ms, or if all of it is below the gate, ungated.
double loudness_of(std::span<const float> samples);
double peak_dbfs_of(std::span<const float> samples);

// 16-bit samples, rounded, beyond full scale cut.
std::vector<std::int16_t> pcm16_of(std::span<const float> samples);
// The bytes of a headerless file as Asterisk plays them: .ulaw, .alaw, .sln.
std::string ulaw_bytes(std::span<const std::int16_t> samples);
std::string alaw_bytes(std::span<const std::int16_t> samples);
std::string sln_bytes(std::span<const std::int16_t> samples);
// GSM 06.10 full rate: 33 bytes for each 160 samples, the last ones filled up with silence.
Result<std::string> gsm_bytes(std::span<const std::int16_t> samples);
// G.722 at 64 kbit/s: a byte for each two of the samples, which are at 16000 Hz here.
std::string g722_bytes(std::span<const std::int16_t> wide_samples);
// A WAV file, 16 bit, 8000 Hz.
std::string wav_bytes(std::span<const std::int16_t> samples);

// The audio as a file of that kind: .ulaw .alaw .sln .gsm .g722 .wav. Invalid for another extension.
Result<std::string> encode_as(std::string_view extension, const Audio& audio);
bool can_encode(std::string_view extension);

// What a person should know before this is played to thousands, from the words below; before normalise().
//   leading-silence, trailing-silence   more than a second of it
//   clipping                            the source reaches full scale too often: it sounds harsh
//   quiet                               the recording is so quiet that the gain lifts its noise too
std::vector<std::string> warnings_of(const Audio& source);

}  // namespace carillon
