#include "prompt/g711.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "prompt/testing.h"

namespace carillon {
namespace {

using Decode = std::int16_t (*)(std::uint8_t);

std::array<std::uint8_t, 256> all_codes() {
  std::array<std::uint8_t, 256> codes{};
  std::iota(codes.begin(), codes.end(), std::uint8_t{0});
  return codes;
}

TEST(G711, SilenceHasTheCodesOfTheRecommendation) {
  EXPECT_EQ(encode_ulaw(0), 0xff);
  EXPECT_EQ(encode_alaw(0), 0xd5);
  EXPECT_EQ(decode_ulaw(0xff), 0);
  EXPECT_EQ(decode_ulaw(0x7f), 0);  // the negative zero
  EXPECT_EQ(decode_alaw(0xd5), 8);
  EXPECT_EQ(decode_alaw(0x55), -8);
}

TEST(G711, TheExtremesAreTheLastLevels) {
  EXPECT_EQ(encode_ulaw(32767), 0x80);
  EXPECT_EQ(encode_ulaw(-32768), 0x00);
  EXPECT_EQ(decode_ulaw(0x80), 32124);
  EXPECT_EQ(decode_ulaw(0x00), -32124);
  EXPECT_EQ(encode_alaw(32767), 0xaa);
  EXPECT_EQ(encode_alaw(-32768), 0x2a);
  EXPECT_EQ(decode_alaw(0xaa), 32256);
  EXPECT_EQ(decode_alaw(0x2a), -32256);
}

// Tables 5 and 6 of the recommendation: the sequence of codes for a 1 kHz sine at 0 dBm0, which tests every exchange.
TEST(G711, TheDigitalMilliwattIsASineWhoseHalvesMirror) {
  constexpr std::array<std::uint8_t, 8> ulaw = {0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e};
  constexpr std::array<std::uint8_t, 8> alaw = {0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4};
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(decode_ulaw(ulaw[i]), -decode_ulaw(ulaw[(i + 4) % 8]));
    EXPECT_EQ(decode_alaw(alaw[i]), -decode_alaw(alaw[(i + 4) % 8]));
    // The two laws carry the same level: their steps there are about 1/30 of it.
    EXPECT_NEAR(decode_ulaw(ulaw[i]), decode_alaw(alaw[i]), std::abs(decode_alaw(alaw[i])) / 15);
  }
}

TEST(G711, EveryCodeSurvivesTheRoundTrip) {
  for (const std::uint8_t code : all_codes()) {
    EXPECT_EQ(decode_ulaw(encode_ulaw(decode_ulaw(code))), decode_ulaw(code)) << int{code};
    EXPECT_EQ(decode_alaw(encode_alaw(decode_alaw(code))), decode_alaw(code)) << int{code};
    EXPECT_EQ(encode_alaw(decode_alaw(code)), code) << int{code};
    if (code != 0x7f) {
      EXPECT_EQ(encode_ulaw(decode_ulaw(code)), code) << int{code};
    }
  }
}

// The recommendation's decision values are half a step from the levels, also where the steps double.
TEST(G711, EverySampleIsWithinHalfAStepOfItsLevel) {
  constexpr int ulaw_highest = 32635;  // beyond it the law clips
  for (int sample = -32768; sample <= 32767; ++sample) {
    const auto pcm = static_cast<std::int16_t>(sample);
    const int ulaw = encode_ulaw(pcm);
    const int ulaw_step = 8 << ((~ulaw >> 4) & 7);
    const int reachable = std::clamp(sample, -ulaw_highest, ulaw_highest);
    ASSERT_LE(std::abs(reachable - decode_ulaw(encode_ulaw(pcm))), ulaw_step / 2) << sample;
    const int alaw = encode_alaw(pcm) ^ 0x55;
    const int alaw_step = 16 << std::max(((alaw >> 4) & 7) - 1, 0);
    ASSERT_LE(std::abs(sample - decode_alaw(encode_alaw(pcm))), alaw_step / 2) << sample;
  }
}

TEST(G711, LouderSamplesNeverGetLowerLevels) {
  for (int sample = -32768; sample < 32767; ++sample) {
    const auto lower = static_cast<std::int16_t>(sample);
    const auto higher = static_cast<std::int16_t>(sample + 1);
    ASSERT_LE(decode_ulaw(encode_ulaw(lower)), decode_ulaw(encode_ulaw(higher))) << sample;
    ASSERT_LE(decode_alaw(encode_alaw(lower)), decode_alaw(encode_alaw(higher))) << sample;
  }
}

TEST(G711, DecodingAgreesWithLibsndfile) {
  const prompt_testing::TempFolder folder;
  std::string bytes;
  for (const std::uint8_t code : all_codes()) bytes += static_cast<char>(code);
  prompt_testing::write_bytes(folder / "codes.raw", bytes);
  for (const auto& [subtype, decode] :
       {std::pair<int, Decode>{SF_FORMAT_ULAW, decode_ulaw}, {SF_FORMAT_ALAW, decode_alaw}}) {
    SF_INFO info{};
    info.format = SF_FORMAT_RAW | subtype;
    info.samplerate = 8000;
    info.channels = 1;
    SNDFILE* sound = sf_open((folder / "codes.raw").c_str(), SFM_READ, &info);
    ASSERT_NE(sound, nullptr);
    std::array<short, 256> expected{};
    EXPECT_EQ(sf_read_short(sound, expected.data(), 256), 256);
    sf_close(sound);
    for (const std::uint8_t code : all_codes()) EXPECT_EQ(decode(code), expected[code]) << int{code};
  }
}

}  // namespace
}  // namespace carillon
