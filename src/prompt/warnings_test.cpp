#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prompt/audio.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::bytes_of;
using prompt_testing::tone;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<float> joined(std::vector<float> a, const std::vector<float>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<float> silence(double seconds) { return tone(100, 0, seconds, 8000); }

std::vector<std::string> warnings_for(const std::vector<float>& samples) {
  const auto audio = decode_audio(bytes_of(sln_bytes(pcm16_of(samples))), "a.sln");
  EXPECT_TRUE(audio) << audio.error().detail;
  return audio ? warnings_of(*audio) : std::vector<std::string>{};
}

const std::vector<float> kVoice = tone(800, 0.2, 1, 8000);

TEST(Warnings, GoodAudioHasNone) { EXPECT_THAT(warnings_for(kVoice), IsEmpty()); }

TEST(Warnings, SilenceOfMoreThanASecondIsTold) {
  EXPECT_THAT(warnings_for(joined(silence(0.9), kVoice)), IsEmpty());
  EXPECT_THAT(warnings_for(joined(silence(1.2), kVoice)), ElementsAre("leading-silence"));
  EXPECT_THAT(warnings_for(joined(kVoice, silence(1.2))), ElementsAre("trailing-silence"));
  EXPECT_THAT(warnings_for(joined(joined(silence(2), kVoice), silence(2))),
              ElementsAre("leading-silence", "trailing-silence"));
}

TEST(Warnings, ARoomsNoiseIsSilence) {
  EXPECT_THAT(warnings_for(joined(tone(300, 0.0015, 2, 8000), kVoice)), ElementsAre("leading-silence"));
}

TEST(Warnings, AudioThatIsCutAtFullScaleIsTold) {
  EXPECT_THAT(warnings_for(tone(800, 1.8, 1, 8000)), ElementsAre("clipping"));
}

TEST(Warnings, AudioThatIsVeryQuietIsTold) {
  EXPECT_THAT(warnings_for(tone(800, 0.004, 1, 8000)), ElementsAre("quiet"));
}

}  // namespace
}  // namespace carillon
