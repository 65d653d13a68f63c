#include "prompt/polly_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon {
namespace {

using ::testing::HasSubstr;

// Nobody can reach AWS from here.
PollyEngine engine(PollyEngineSettings settings = {}) {
  return {[]() -> Result<aws::Polly*> { return fail(ErrorCode::Config, "no keys were found"); }, std::move(settings)};
}

TEST(PollyEngine, HasAVoiceForEachLanguageButHebrew) {
  const auto polly = engine();
  EXPECT_EQ(polly.voice_for("en"), "Joanna");
  EXPECT_EQ(polly.voice_for("en-US"), "Joanna");
  EXPECT_EQ(polly.voice_for("en-GB"), "Amy");
  EXPECT_EQ(polly.voice_for("he"), "");
  EXPECT_EQ(polly.voice_for("tlh"), "");
  EXPECT_EQ(engine({.voice = "Matthew"}).voice_for("en"), "Matthew");
}

TEST(PollyEngine, SaysThatItHasNoHebrewVoice) {
  auto polly = engine({.voice = "Matthew"});
  for (const auto* language : {"he", "he-IL", "iw"}) {
    const auto refused = polly.synthesize({.text = "shalom", .language = language});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Invalid);
    EXPECT_THAT(refused.error().detail, HasSubstr("Polly has no Hebrew voice"));
  }
}

TEST(PollyEngine, WithoutKeysItIsNotTheTextThatIsAtFault) {
  auto polly = engine();
  const auto refused = polly.synthesize({.text = "hello"});
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  EXPECT_THAT(refused.error().detail, HasSubstr("no keys were found"));
}

TEST(PollyEngine, ItsEnginesSoundDifferently) {
  EXPECT_NE(engine().identity(), engine({.engine = aws::SpeechEngine::kStandard}).identity());
  EXPECT_EQ(parse_polly_engine("long-form"), aws::SpeechEngine::kLongForm);
  EXPECT_FALSE(parse_polly_engine("loud").has_value());
}

}  // namespace
}  // namespace carillon
