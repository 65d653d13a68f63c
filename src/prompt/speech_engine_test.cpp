#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prompt/command_engine.h"
#include "prompt/espeak_engine.h"
#include "prompt/speech_text.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::TempFolder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

CommandEngine command(std::vector<std::string> arguments) {
  auto engine = CommandEngine::open({.arguments = std::move(arguments)});
  EXPECT_TRUE(engine) << engine.error().detail;
  return *std::move(engine);
}

// --- espeak-ng, which script/bootstrap installs ---

TEST(Espeak, SpeaksEnglishAndHebrew) {
  EspeakEngine engine;
  const auto english = engine.synthesize({.text = "Hello Ada, you pledged fifty shekels."});
  ASSERT_TRUE(english) << english.error().detail;
  EXPECT_GT(english->duration(), Duration(1000));
  EXPECT_EQ(english->wide.size(), english->samples.size() * 2) << "its 22 kHz are kept for G.722";
  const auto hebrew = engine.synthesize({.text = "שלום, תרמת מאה שקלים", .language = "he"});
  ASSERT_TRUE(hebrew) << hebrew.error().detail;
  EXPECT_GT(hebrew->duration(), Duration(500));
}

TEST(Espeak, TheRateIsHeard) {
  EspeakEngine engine;
  const std::string text = "To be removed and never called again, press nine.";
  const auto slow = engine.synthesize({.text = text, .rate = 0.5});
  const auto fast = engine.synthesize({.text = text, .rate = 2});
  ASSERT_TRUE(slow && fast);
  EXPECT_GT(slow->duration(), fast->duration() * 2);
}

TEST(Espeak, MarkupIsSpokenAsTextUnlessItIsSsml) {
  EspeakEngine engine;
  const auto pause = engine.synthesize({.text = "<speak>a<break time=\"3s\"/>b</speak>", .is_ssml = true});
  const auto escaped = engine.synthesize({.text = ssml_of("a<break time=\"3s\"/>b"), .is_ssml = true});
  ASSERT_TRUE(pause && escaped);
  EXPECT_GT(pause->duration(), Duration(3000));
  EXPECT_NE(pause->samples, escaped->samples);
}

TEST(Espeak, TextIsNeverAnArgumentNorPhonemes) {
  EspeakEngine engine;
  const auto dashes = engine.synthesize({.text = "--version"});
  ASSERT_TRUE(dashes) << dashes.error().detail;
  const auto one = engine.synthesize({.text = "[[h@'loU]]"});
  const auto other = engine.synthesize({.text = "[ [h@'loU]]"});
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->samples, other->samples);
}

TEST(Espeak, NamesItsVoices) {
  const auto voices = EspeakEngine().voices();
  ASSERT_TRUE(voices) << voices.error().detail;
  EXPECT_THAT(*voices, Contains(Field(&SpeechVoice::name, "he")));
  EXPECT_THAT(*voices, Contains(Field(&SpeechVoice::name, "en-us")));
  EXPECT_EQ(EspeakEngine().voice_for("he_IL"), "he");
  EXPECT_EQ(EspeakEngine().voice_for("en_GB"), "en-gb");
}

TEST(Espeak, AVoiceThatItDoesNotHaveIsTold) {
  const auto audio = EspeakEngine().synthesize({.text = "hello", .voice = "zz-nobody"});
  ASSERT_FALSE(audio);
  EXPECT_THAT(audio.error().detail, HasSubstr("voice"));
}

TEST(Espeak, IfItIsNotInstalledThatIsSaid) {
  const auto audio = EspeakEngine("espeak-ng-is-not-here").synthesize({.text = "hello"});
  ASSERT_FALSE(audio);
  EXPECT_EQ(audio.error().code, ErrorCode::Config);
  EXPECT_EQ(audio.error().detail,
            "the program espeak-ng-is-not-here is not installed; on Debian: apt-get install espeak-ng");
}

// --- What no engine is asked ---

TEST(SpeechRequest, IsCheckedBeforeAProgramSeesIt) {
  EspeakEngine engine;
  EXPECT_TRUE(check_request(engine, {.text = "hello"}));
  EXPECT_FALSE(check_request(engine, {.text = " \n"}));
  EXPECT_FALSE(check_request(engine, {.text = std::string(20'000, 'a')}));
  EXPECT_FALSE(check_request(engine, {.text = std::string("a\0b", 3)}));
  for (const double rate : {0.4, 2.1, -1.0, std::nan("")}) {
    EXPECT_FALSE(check_request(engine, {.text = "a", .rate = rate})) << rate;
  }
  for (const auto* voice : {"-w/tmp/x", "../../etc/passwd", "a b", "a;b", "/etc/passwd"}) {
    EXPECT_FALSE(check_request(engine, {.text = "a", .voice = voice})) << voice;
    EXPECT_FALSE(check_request(engine, {.text = "a", .language = voice})) << voice;
  }
  auto plain = command({"cat"});
  EXPECT_THAT(check_request(plain, {.text = "<speak/>", .is_ssml = true}).error().detail, HasSubstr("no SSML"));
}

// --- An operator's command; here espeak-ng itself plays that part ---

TEST(CommandEngine, TakesAudioFromStandardOutput) {
  auto engine = command({"espeak-ng", "--stdin", "--stdout", "-v", "{language}"});
  const auto audio = engine.synthesize({.text = "hello there"});
  ASSERT_TRUE(audio) << audio.error().detail;
  EXPECT_GT(audio->duration(), Duration(300));
}

TEST(CommandEngine, TakesAudioFromAFile) {
  auto engine = command({"espeak-ng", "--stdin", "-w", "{output}", "-v", "{voice}"});
  const auto audio = engine.synthesize({.text = "hello there", .voice = "en-us"});
  ASSERT_TRUE(audio) << audio.error().detail;
  EXPECT_GT(audio->duration(), Duration(300));
  EXPECT_THAT(engine.synthesize({.text = "hello"}).error().detail, HasSubstr("has no voice for en; name one"));
}

TEST(CommandEngine, AFileThatIsNotWrittenIsTold) {
  auto engine = command({"sh", "-c", "cat >/dev/null # {output}"});
  EXPECT_THAT(engine.synthesize({.text = "hello"}).error().detail, HasSubstr("wrote no audio to {output}"));
  auto linked = command({"ln", "-s", "/etc/passwd", "{output}"});
  EXPECT_THAT(linked.synthesize({.text = "hello"}).error().detail, HasSubstr("wrote no audio to {output}"));
}

TEST(CommandEngine, WhatIsNoAudioIsRefused) {
  EXPECT_EQ(command({"cat"}).synthesize({.text = "hello"}).error().code, ErrorCode::AudioInvalid);
  EXPECT_THAT(command({"sh", "-c", "echo model not found >&2; exit 1"}).synthesize({.text = "hello"}).error().detail,
              HasSubstr("model not found"));
  EXPECT_EQ(command({"no-such-engine"}).synthesize({.text = "hello"}).error().code, ErrorCode::Config);
}

TEST(CommandEngine, HasTheVoicesThatItIsGiven) {
  auto engine = CommandEngine::open(
      {.arguments = {"piper", "{voice}"}, .voices = {{"en", "en_US-amy-medium"}, {"he", "he_IL-x"}}});
  ASSERT_TRUE(engine);
  EXPECT_EQ(engine->voice_for("he-IL"), "he_IL-x");
  EXPECT_EQ(engine->voice_for("fr"), "");
  EXPECT_EQ(engine->voices()->size(), 2U);
}

TEST(CommandEngine, AnotherModelIsAnotherVoiceInTheCache) {
  EXPECT_EQ(command({"piper", "a.onnx"}).identity(), command({"piper", "a.onnx"}).identity());
  EXPECT_NE(command({"piper", "a.onnx"}).identity(), command({"piper", "b.onnx"}).identity());
}

TEST(CommandEngine, ACommandWithAMistakeIsRefused) {
  EXPECT_FALSE(CommandEngine::open({}));
  EXPECT_THAT(CommandEngine::open({.arguments = {"piper", "--model={model}"}}).error().detail, HasSubstr("{model}"));
  EXPECT_FALSE(CommandEngine::open({.arguments = {"piper"}, .extension = ".wav/../x"}));
  EXPECT_FALSE(CommandEngine::open({.arguments = {"piper"}, .voices = {{"en", "../x"}}}));
  EXPECT_FALSE(CommandEngine::open({.arguments = std::vector<std::string>(101, "a")}));
}

TEST(SplitCommand, KnowsQuotesAndNothingElse) {
  EXPECT_THAT(*split_command("piper  --model 'my voice.onnx' \"a b\"c $X"),
              ElementsAre("piper", "--model", "my voice.onnx", "a bc", "$X"));
  EXPECT_THAT(*split_command("a ''"), ElementsAre("a", ""));
  EXPECT_FALSE(split_command(" "));
  EXPECT_FALSE(split_command("a 'b"));
}

}  // namespace
}  // namespace carillon
