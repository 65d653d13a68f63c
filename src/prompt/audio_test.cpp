#include "prompt/audio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "prompt/g711.h"
#include "prompt/testing.h"

// libsndfile 1.2.0 does not free what libvorbis holds when an OGG header is damaged: some kilobytes, not ours to mend.
extern "C" const char* __lsan_default_suppressions() { return "leak:libvorbis.so\nleak:libsndfile.so\n"; }

namespace carillon {
namespace {

using prompt_testing::amplitude_at;
using prompt_testing::bytes_of;
using prompt_testing::second_of_pcm;
using prompt_testing::TempFolder;
using prompt_testing::tone;
using prompt_testing::wav_bytes;
using prompt_testing::write_bytes;
using prompt_testing::write_sound;
using ::testing::HasSubstr;

struct Kind {
  const char* file;
  int format;
  int rate;
  int channels;
  double tolerance;  // of the amplitude: compressed formats change it a little
};

class DecodesEveryKind : public ::testing::TestWithParam<Kind> {};

TEST_P(DecodesEveryKind, AndKeepsToneLevelAndLength) {
  const Kind& kind = GetParam();
  const TempFolder folder;
  const auto file = folder / kind.file;
  if (!write_sound(file, kind.format, kind.rate, kind.channels, tone(1000, 0.5, 1.5, kind.rate, kind.channels))) {
    GTEST_SKIP() << "this libsndfile does not write " << kind.file;
  }
  const auto audio = decode_audio(file);
  ASSERT_TRUE(audio) << audio.error().detail;
  EXPECT_EQ(audio->source_rate, kind.rate);
  EXPECT_EQ(audio->source_channels, kind.channels);
  EXPECT_NEAR(static_cast<double>(audio->duration().count()), 1500, 60);
  EXPECT_NEAR(amplitude_at(1000, audio->samples), 0.5, 0.5 * kind.tolerance);
  EXPECT_LT(amplitude_at(1300, audio->samples), 0.01);
  if (kind.tolerance < 0.05) {
    EXPECT_NEAR(audio->peak_dbfs, -6.02, 0.5);
  }
  EXPECT_NEAR(audio->loudness_lufs, -9.0, 1);  // a full-scale sine of 1 kHz is -3.0 LUFS
  EXPECT_EQ(audio->clipped_samples, 0U);
}

INSTANTIATE_TEST_SUITE_P(Audio, DecodesEveryKind,
                         ::testing::Values(Kind{"wav.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 2, 0.01},
                                           Kind{"telephone.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 0.01},
                                           Kind{"ulaw.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1, 0.02},
                                           Kind{"float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 1, 0.01},
                                           Kind{"studio.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 192000, 2, 0.01},
                                           Kind{"old.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 11025, 1, 0.02},
                                           Kind{"slow.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 4000, 1, 0.01},
                                           Kind{"surround.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 6, 0.01},
                                           Kind{"flac.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2, 0.01},
                                           Kind{"vorbis.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, 0.05},
                                           Kind{"opus.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 1, 0.05},
                                           Kind{"mp3.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 2, 0.05},
                                           Kind{"aiff.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 22050, 1, 0.01}),
                         [](const auto& info) {
                           const std::string name = info.param.file;
                           return name.substr(0, name.find('.'));
                         });

TEST(Audio, WhatTheTelephoneCannotCarryDoesNotComeBackAsAnotherTone) {
  const TempFolder folder;
  auto samples = tone(440, 0.3, 1, 44100);
  const auto high = tone(6000, 0.3, 1, 44100);  // would fold to 2000 Hz
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] += high[i];
  ASSERT_TRUE(write_sound(folder / "two.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, 1, samples));
  const auto audio = decode_audio(folder / "two.wav");
  ASSERT_TRUE(audio);
  EXPECT_NEAR(amplitude_at(440, audio->samples), 0.3, 0.003);
  EXPECT_LT(amplitude_at(2000, audio->samples), 0.0003);
}

TEST(Audio, HeaderlessFilesAreToldByTheirNames) {
  const auto pcm = pcm16_of(tone(1000, 0.5, 1, 8000));
  for (const auto& [name, bytes] : {std::pair<std::string, std::string>{"A.ULAW", ulaw_bytes(pcm)},
                                    {"a.ul", ulaw_bytes(pcm)},
                                    {"a.pcmu", ulaw_bytes(pcm)},
                                    {"a.alaw", alaw_bytes(pcm)},
                                    {"a.al", alaw_bytes(pcm)},
                                    {"a.pcma", alaw_bytes(pcm)},
                                    {"a.sln", sln_bytes(pcm)},
                                    {"a.slin", sln_bytes(pcm) + "x"},  // half a sample is dropped
                                    {"a.sln16", sln_bytes(pcm16_of(tone(1000, 0.5, 1, 16000)))}}) {
    const auto audio = decode_audio(bytes_of(bytes), name);
    ASSERT_TRUE(audio) << name << audio.error().detail;
    EXPECT_NEAR(static_cast<double>(audio->duration().count()), 1000, 2) << name;
    EXPECT_NEAR(amplitude_at(1000, audio->samples), 0.5, 0.01) << name;
    EXPECT_THAT(audio->source_format, HasSubstr("headerless"));
  }
}

TEST(Audio, AWavFileWithATelephoneNameStaysAWavFile) {
  const std::string data = second_of_pcm();
  const auto size = static_cast<std::uint32_t>(data.size());
  const auto audio = decode_audio(bytes_of(wav_bytes(size + 36, size, 8000, 1, data)), "renamed.ulaw");
  ASSERT_TRUE(audio);
  EXPECT_EQ(audio->duration(), Duration(1000));
  EXPECT_THAT(audio->source_format, HasSubstr("WAV"));
}

TEST(Audio, ClippedSamplesAreCounted) {
  const TempFolder folder;
  ASSERT_TRUE(write_sound(folder / "hot.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 1, tone(100, 1.5, 1, 8000)));
  const auto audio = decode_audio(folder / "hot.wav");
  ASSERT_TRUE(audio);
  EXPECT_NEAR(static_cast<double>(audio->clipped_samples), 8000 * 0.535, 100);  // 1 - asin(1/1.5) / 90 degrees
  EXPECT_NEAR(audio->peak_dbfs, 3.52, 0.1);
}

// --- What is refused ---

std::string refusal_of(std::string_view bytes, std::string_view name = "upload.wav") {
  const auto audio = decode_audio(bytes_of(bytes), name);
  if (audio) return "accepted";
  EXPECT_EQ(audio.error().code, ErrorCode::AudioInvalid);
  return audio.error().detail;
}

TEST(Audio, TextIsRefusedByNameAndTold) {
  const TempFolder folder;
  write_bytes(folder / "notes.wav", "These are the notes of the meeting, not its recording.\n");
  const auto audio = decode_audio(folder / "notes.wav");
  ASSERT_FALSE(audio);
  EXPECT_EQ(audio.error().code, ErrorCode::AudioInvalid);
  EXPECT_THAT(audio.error().detail, HasSubstr("notes.wav is not audio"));
  EXPECT_THAT(audio.error().detail, HasSubstr("accepted are WAV, FLAC, OGG"));
  // UTF-16 text begins with the bits of an MP3 frame.
  EXPECT_THAT(refusal_of(std::string("\xff\xfeH\0e\0l\0l\0o\0", 12), "hello.txt"), HasSubstr("hello.txt"));
  EXPECT_THAT(refusal_of(std::string("\0\0\0\x20"
                                     "ftypM4A ",
                                     12),
                         "voice.m4a"),
              HasSubstr("M4A"));
}

TEST(Audio, MissingFilesAndFoldersAreTold) {
  const TempFolder folder;
  EXPECT_EQ(decode_audio(folder / "none.wav").error().code, ErrorCode::NotFound);
  EXPECT_EQ(decode_audio(folder.path()).error().code, ErrorCode::AudioInvalid);
}

TEST(Audio, EmptyShortSilentAndLongAreRefused) {
  EXPECT_THAT(refusal_of(""), HasSubstr("is empty"));
  EXPECT_THAT(refusal_of(wav_bytes(36, 0, 8000, 1, "")), HasSubstr("has no audio in it"));
  EXPECT_THAT(refusal_of(ulaw_bytes(pcm16_of(tone(500, 0.5, 0.09, 8000))), "a.ulaw"), HasSubstr("only 90 ms long"));
  EXPECT_EQ(refusal_of(ulaw_bytes(pcm16_of(tone(500, 0.5, 0.11, 8000))), "a.ulaw"), "accepted");
  EXPECT_THAT(refusal_of(std::string(8000, '\xff'), "a.ulaw"), HasSubstr("silent all through"));
  EXPECT_THAT(refusal_of(std::string(8000, '\x55'), "a.alaw"), HasSubstr("silent all through"));
  EXPECT_THAT(refusal_of(std::string(16000, '\x20'), "a.sln"), HasSubstr("silent"));  // a constant offset
  EXPECT_THAT(refusal_of(std::string(8000 * 601, '\x10'), "a.ulaw"), HasSubstr("longer than 10m"));
  EXPECT_THAT(refusal_of(std::string(kMaxAudioBytes + 1, 'x')), HasSubstr("larger than 64 MB"));
}

TEST(Audio, ChannelsThatCancelEachOtherAreToldApartFromSilence) {
  const TempFolder folder;
  auto samples = tone(500, 0.5, 1, 8000, 2);
  for (std::size_t i = 0; i < samples.size(); i += 2) samples[i] = -samples[i];
  ASSERT_TRUE(write_sound(folder / "phase.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 2, samples));
  EXPECT_THAT(decode_audio(folder / "phase.wav").error().detail, HasSubstr("once its channels are mixed"));
}

TEST(Audio, AbsurdRatesAndChannelsAreRefused) {
  const std::string data = second_of_pcm();
  const auto size = static_cast<std::uint32_t>(data.size());
  for (const std::uint32_t rate : {1U, 3999U, 192001U, 400000U, 0x7fffffffU, 0xffffffffU}) {
    EXPECT_NE(refusal_of(wav_bytes(size + 36, size, rate, 1, data)), "accepted") << rate;
  }
  EXPECT_THAT(refusal_of(wav_bytes(size + 36, size, 3999, 1, data)), HasSubstr("sample rate of 3999 Hz"));
  EXPECT_THAT(refusal_of(wav_bytes(size + 36, size, 8000, 9, data)), HasSubstr("9 channels"));
}

TEST(Audio, SamplesThatAreNoNumbersAreRefused) {
  const TempFolder folder;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1e30F}) {
    auto samples = tone(500, 0.5, 1, 8000);
    samples[4000] = bad;
    ASSERT_TRUE(write_sound(folder / "nan.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 1, samples));
    EXPECT_THAT(decode_audio(folder / "nan.wav").error().detail, HasSubstr("no numbers"));
  }
}

TEST(Audio, AWavFileThatClaimsMoreThanItHasIsBoundedByWhatItHas) {
  const std::string data = second_of_pcm();
  // A recorder that never learned the length: what is there is the message.
  const auto streamed = decode_audio(bytes_of(wav_bytes(0xffffffff, 0xffffffdb, 8000, 1, data)), "streamed.wav");
  ASSERT_TRUE(streamed) << streamed.error().detail;
  EXPECT_EQ(streamed->duration(), Duration(1000));
  EXPECT_THAT(refusal_of(wav_bytes(0xffffffff, 0xffffffdb, 8000, 1, "")), HasSubstr("no audio"));
  // An upload that broke off: half a message must not go out.
  EXPECT_THAT(refusal_of(wav_bytes(0x10000024, 0x10000000, 8000, 1, data)), HasSubstr("cut off"));
}

TEST(Audio, FilesCutOffAnywhereAreRefusedOrShorter) {
  const TempFolder folder;
  const auto samples = tone(700, 0.5, 2, 44100, 2);
  ASSERT_TRUE(write_sound(folder / "a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2, samples));
  ASSERT_TRUE(write_sound(folder / "a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 2, samples));
  for (const auto* name : {"a.flac", "a.wav"}) {
    const std::string whole = prompt_testing::contents_of(folder / name);
    for (const std::size_t part : {1UL, 4UL, 11UL, 12UL, 20UL, 43UL, 44UL, whole.size() / 3, whole.size() / 2}) {
      EXPECT_NE(refusal_of(std::string_view(whole).substr(0, part), name), "accepted") << name << " " << part;
    }
  }
}

// Seeded, so that a failure comes back; test/fuzz/audio_fuzz.cpp looks further.
TEST(Audio, DamagedFilesNeverCrash) {
  const TempFolder folder;
  std::mt19937 random(20261122);
  for (const auto& [name, format] : {std::pair<std::string, int>{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                     {"b.wav", SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM},
                                     {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                                     {"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
                                     {"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16},
                                     {"a.caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16}}) {
    ASSERT_TRUE(write_sound(folder / name, format, 22050, 1, tone(700, 0.5, 0.3, 22050)));
    const std::string whole = prompt_testing::contents_of(folder / name);
    for (int round = 0; round < 60; ++round) {
      std::string damaged = whole;
      const std::size_t reach = round % 2 == 0 ? std::min<std::size_t>(64, whole.size()) : whole.size();
      for (int i = 0; i <= round % 5; ++i) damaged[random() % reach] = static_cast<char>(random());
      if (round % 3 == 0) damaged.resize(random() % damaged.size() + 1);
      const auto audio = decode_audio(bytes_of(damaged), name);
      if (audio) {
        EXPECT_LE(audio->duration(), kMaxAudioDuration + Duration(10));
      }
    }
  }
}

// --- Encoding ---

TEST(Encode, SamplesBeyondFullScaleAreCut) {
  EXPECT_EQ(pcm16_of(std::vector<float>{0, 0.5F, -0.5F, 1, -1, 2, -2}),
            (std::vector<std::int16_t>{0, 16384, -16384, 32767, -32768, 32767, -32768}));
}

TEST(Encode, BytesAreAsAsteriskReadsThem) {
  const std::vector<std::int16_t> samples = {0, 1, -1, 0x1234};
  EXPECT_EQ(sln_bytes(samples), std::string("\0\0\1\0\xff\xff\x34\x12", 8));
  EXPECT_EQ(ulaw_bytes(samples).size(), 4U);
  EXPECT_EQ(static_cast<std::uint8_t>(ulaw_bytes(samples)[0]), 0xff);
  EXPECT_EQ(static_cast<std::uint8_t>(alaw_bytes(samples)[0]), 0xd5);
}

}  // namespace
}  // namespace carillon
