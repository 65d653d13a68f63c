#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "prompt/audio.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::tone;

Audio audio_of(std::vector<float> samples) {
  Audio audio;
  audio.samples = std::move(samples);
  audio.peak_dbfs = peak_dbfs_of(audio.samples);
  audio.loudness_lufs = loudness_of(audio.samples);
  return audio;
}

float amplitude(double dbfs) { return static_cast<float>(std::pow(10, dbfs / 20)); }

// Bursts of noise with pauses between them: as uneven as speech.
std::vector<float> speech_like(double level, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, 0.1F);
  std::vector<float> samples(8000 * 3);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool is_pause = (i / 1600) % 3 == 2;
    samples[i] = static_cast<float>(level) * noise(random) * (is_pause ? 0.01F : 1.0F);
  }
  return samples;
}

TEST(Loudness, AToneMeasuresAsTheRecommendationSays) {
  // BS.1770-4: a 997 Hz sine at 0 dBFS in one channel is -3.01 LKFS.
  EXPECT_NEAR(loudness_of(tone(997, 1, 2, 8000)), -3.01, 0.2);
  EXPECT_NEAR(loudness_of(tone(997, 0.1, 2, 8000)), -23.01, 0.2);
}

TEST(Loudness, AShortToneMeasuresLikeALongOne) {
  EXPECT_NEAR(loudness_of(tone(997, 0.5, 0.2, 8000)), loudness_of(tone(997, 0.5, 2, 8000)), 0.5);
}

TEST(Loudness, WhatIsBelowTheGateStillHasALoudness) {
  EXPECT_NEAR(loudness_of(tone(997, amplitude(-75), 2, 8000)), -78.7, 1);
  EXPECT_GE(loudness_of(std::vector<float>(8000, 0.0F)), -121);
}

TEST(Normalise, AudioWithinTheBoundsIsLeftAsItIs) {
  const Audio audio = audio_of(tone(997, amplitude(-15), 2, 8000));  // -18 LUFS
  const Audio same = normalise(audio);
  EXPECT_EQ(same.samples, audio.samples);
  EXPECT_EQ(same.gain_db, 0);
}

TEST(Normalise, QuietAndLoudAudioEndWithinTheBounds) {
  for (const double level : {-36.0, -30.0, -24.0, -10.0, -1.0, 6.0, 60.0}) {
    const Audio audio = normalise(audio_of(speech_like(amplitude(level + 20))));
    EXPECT_GE(audio.loudness_lufs, -23) << level;
    EXPECT_LE(audio.loudness_lufs, -16) << level;
    EXPECT_LE(audio.peak_dbfs, -2.99) << level;
  }
}

TEST(Normalise, TheGainIsReportedAndBounded) {
  EXPECT_NEAR(normalise(audio_of(tone(997, amplitude(-30), 2, 8000))).gain_db, 14, 0.3);
  const Audio whisper = normalise(audio_of(tone(997, amplitude(-50), 2, 8000)));
  EXPECT_EQ(whisper.gain_db, 20);
  EXPECT_NEAR(whisper.peak_dbfs, -30, 0.1);
}

TEST(Normalise, AClickDoesNotKeepSpeechQuiet) {
  auto samples = speech_like(0.2);
  samples[12000] = 0.95F;
  const Audio audio = normalise(audio_of(samples));
  EXPECT_GE(audio.loudness_lufs, -23);
  EXPECT_LE(audio.peak_dbfs, -2.99);
}

TEST(Normalise, OvershootOfADecoderIsTurnedDownEvenWithinTheBounds) {
  auto samples = speech_like(1);
  samples[12000] = 1.2F;
  const Audio audio = audio_of(samples);
  ASSERT_GE(audio.loudness_lufs, -23);
  ASSERT_LE(audio.loudness_lufs, -16);
  EXPECT_LE(normalise(audio).peak_dbfs, -2.99);
}

RC_GTEST_PROP(Normalise, NoAudioLeavesItLouderThanTheBoundsOrBeyondTheCeiling, ()) {
  const auto level = *rc::gen::inRange(-55, 40);
  const auto seed = *rc::gen::inRange(0U, 1000U);
  const Audio audio = normalise(audio_of(speech_like(amplitude(level), seed)));
  RC_ASSERT(audio.loudness_lufs <= -15.9);
  RC_ASSERT(audio.peak_dbfs <= 0.01);
  RC_ASSERT(audio.gain_db <= 20);
}

}  // namespace
}  // namespace carillon
