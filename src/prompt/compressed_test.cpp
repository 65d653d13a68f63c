// GSM and G.722 as Asterisk plays them; and what a listener of each hears.
#include <gtest/gtest.h>
#include <sndfile.h>

#include "prompt/audio.h"
#include "prompt/resampler.h"
#include "prompt/spandsp_g722.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::amplitude_at;
using prompt_testing::bytes_of;
using prompt_testing::TempFolder;
using prompt_testing::tone;
using prompt_testing::write_bytes;
using prompt_testing::write_sound;

std::vector<float> heard_in_g722(const std::string& bytes) {
  auto* decoder = g722_decode_init(nullptr, 64000, 0);
  std::vector<std::int16_t> pcm(bytes.size() * 2);
  const std::vector<std::uint8_t> data(bytes.begin(), bytes.end());
  const int count = g722_decode(decoder, pcm.data(), data.data(), static_cast<int>(data.size()));
  g722_decode_free(decoder);
  EXPECT_EQ(count, static_cast<int>(pcm.size()));
  std::vector<float> samples;
  for (const auto sample : pcm) samples.push_back(static_cast<float>(sample) / 32768.0F);
  return samples;
}

// amplitude_at() counts at 8000 Hz.
double amplitude_in_wide(double hertz, const std::vector<float>& samples) { return amplitude_at(hertz / 2, samples); }

std::vector<float> heard_in_gsm(const std::string& bytes) {
  const TempFolder folder;
  write_bytes(folder / "a.gsm", bytes);
  SF_INFO info{};
  info.samplerate = 8000;
  info.channels = 1;
  info.format = SF_FORMAT_RAW | SF_FORMAT_GSM610;
  SNDFILE* sound = sf_open((folder / "a.gsm").c_str(), SFM_READ, &info);
  std::vector<float> samples(static_cast<std::size_t>(info.frames));
  sf_read_float(sound, samples.data(), info.frames);
  sf_close(sound);
  return samples;
}

std::vector<float> mixed(std::vector<float> a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

TEST(Gsm, CarriesATone) {
  const auto bytes = gsm_bytes(pcm16_of(tone(500, 0.25, 1, 8000)));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 50U * 33U);
  EXPECT_EQ(static_cast<unsigned char>(bytes->front()) >> 4, 0xd) << "the signature of a frame";
  EXPECT_NEAR(amplitude_at(500, heard_in_gsm(*bytes)), 0.25, 0.05);
}

TEST(Gsm, TheLastFrameIsFilledUp) {
  EXPECT_EQ(gsm_bytes(pcm16_of(tone(500, 0.25, 1.001, 8000)))->size(), 51U * 33U);
  EXPECT_EQ(gsm_bytes({})->size(), 0U);
}

TEST(G722, CarriesWhatNarrowbandCannot) {
  const TempFolder folder;
  const auto samples = mixed(tone(1000, 0.2, 1, 48000), tone(5000, 0.1, 1, 48000));
  ASSERT_TRUE(write_sound(folder / "wide.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, samples));
  const auto audio = decode_audio(folder / "wide.wav");
  ASSERT_TRUE(audio) << audio.error().detail;
  EXPECT_EQ(audio->wide.size(), audio->samples.size() * 2);
  const auto heard = heard_in_g722(*encode_as(".g722", *audio));
  EXPECT_NEAR(amplitude_in_wide(1000, heard), 0.2, 0.02);
  EXPECT_NEAR(amplitude_in_wide(5000, heard), 0.1, 0.02);
}

TEST(G722, OfANarrowSourceIsUpsampled) {
  const auto audio = decode_audio(bytes_of(sln_bytes(pcm16_of(tone(1000, 0.2, 1, 8000)))), "a.sln");
  ASSERT_TRUE(audio);
  EXPECT_TRUE(audio->wide.empty());
  const auto bytes = encode_as(".g722", *audio);
  EXPECT_EQ(bytes->size(), 8000U);
  const auto heard = heard_in_g722(*bytes);
  EXPECT_NEAR(amplitude_in_wide(1000, heard), 0.2, 0.02);
  EXPECT_LT(amplitude_in_wide(7000, heard), 0.01) << "the mirror image of the tone";
}

TEST(G722, GetsTheGainOfTheRest) {
  const TempFolder folder;
  ASSERT_TRUE(write_sound(folder / "a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, tone(800, 0.05, 1, 16000)));
  const auto audio = normalise(*decode_audio(folder / "a.wav"));
  EXPECT_GT(audio.gain_db, 8);
  EXPECT_NEAR(peak_dbfs_of(audio.wide), peak_dbfs_of(audio.samples), 0.5);
}

TEST(G722, PeaksThatOnlyWidebandHasAreTurnedDown) {
  Audio audio;
  audio.samples = tone(800, 0.2, 1, 8000);
  audio.wide = tone(6000, 1.6, 1, 16000);
  audio.loudness_lufs = -19;
  audio.peak_dbfs = peak_dbfs_of(audio.samples);
  EXPECT_LE(peak_dbfs_of(normalise(audio).wide), 0.01);
}

TEST(EncodeAs, AWavFileIsReadAgain) {
  const auto audio = decode_audio(bytes_of(sln_bytes(pcm16_of(tone(1000, 0.2, 1, 8000)))), "a.sln");
  const auto wav = encode_as(".wav", *audio);
  ASSERT_TRUE(wav);
  const auto again = decode_audio(bytes_of(*wav), "a.wav");
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->samples, audio->samples);
  EXPECT_EQ(encode_as(".mp3", *audio).error().code, ErrorCode::Invalid);
}

}  // namespace
}  // namespace carillon
