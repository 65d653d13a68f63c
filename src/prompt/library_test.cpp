#include "prompt/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <span>

#include "prompt/store.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::TempFolder;
using prompt_testing::tone;
using prompt_testing::write_bytes;
using ::testing::HasSubstr;

struct World {
  TempFolder folder;
  PromptLibrary library;

  World()
      : library({folder / "built-in", folder / "store", {folder / "sources"}},
                [](const std::function<void()>& work) { work(); }) {
    for (const auto* name : {"built-in", "sources", "elsewhere"}) std::filesystem::create_directory(folder / name);
  }
  static std::string sound(double hertz) { return sln_bytes(pcm16_of(tone(hertz, 0.2, 0.5, 8000))); }
  Result<PromptInfo> resolve(const std::string& audio) {
    std::promise<Result<PromptInfo>> promise;
    library.resolve({.audio = audio}, [&](Result<PromptInfo> info) { promise.set_value(std::move(info)); });
    return promise.get_future().get();
  }
};

TEST(PromptLibrary, AStoredIdIsAnsweredWithWhatIsKnownOfIt) {
  World world;
  write_bytes(world.folder / "sources/a.sln", World::sound(800));
  const auto by_path = world.resolve((world.folder / "sources/a.sln").string());
  ASSERT_TRUE(by_path) << by_path.error().detail;
  const auto by_id = world.resolve(by_path->id);
  ASSERT_TRUE(by_id);
  EXPECT_EQ(by_id->id, by_path->id);
  EXPECT_EQ(by_id->duration, Duration(500));
  EXPECT_NEAR(by_id->loudness_lufs, by_path->loudness_lufs, 0.01);
  EXPECT_EQ(by_id->source, "a.sln");
}

TEST(PromptLibrary, ANameIsABuiltInPrompt) {
  World world;
  write_bytes(world.folder / "built-in/welcome.sln", World::sound(900));
  EXPECT_TRUE(world.resolve("welcome"));
  EXPECT_THAT(world.resolve("goodbye").error().detail, HasSubstr("no prompt named goodbye"));
}

TEST(PromptLibrary, ReadsBelowItsSourcesAlone) {
  World world;
  write_bytes(world.folder / "elsewhere/a.sln", World::sound(800));
  std::filesystem::create_symlink(world.folder / "elsewhere/a.sln", world.folder / "sources/link.sln");
  for (const auto* name : {"elsewhere/a.sln", "sources/../elsewhere/a.sln", "sources/link.sln", "sources/none.sln"}) {
    const auto info = world.resolve("file:" + (world.folder / name).string());
    ASSERT_FALSE(info) << name;
    EXPECT_THAT(info.error().detail, HasSubstr("no file below the folders"));
  }
}

TEST(PromptLibrary, SaysWhatItHasNoMakerFor) {
  World world;
  EXPECT_THAT(world.resolve("https://example.org/a.wav").error().detail, HasSubstr("cannot be fetched here"));
  EXPECT_THAT(world.resolve("s3://bucket/a.wav").error().detail, HasSubstr("cannot be fetched here"));
  EXPECT_THAT(world.resolve("say:hello").error().detail, HasSubstr("set speech.engine"));
  EXPECT_THAT(world.resolve("http://example.org/a.wav").error().detail, HasSubstr("use https:"));
}

// Says a tone: the more letters, the higher.
class Tone final : public SpeechEngine {
 public:
  std::string name() const override { return "tone"; }
  bool takes_ssml() const override { return true; }
  Result<std::vector<SpeechVoice>> voices() override { return std::vector<SpeechVoice>{}; }
  std::string voice_for(const std::string& language) const override { return language == "he" ? "" : "whistle"; }
  Result<Audio> synthesize(const SpeechRequest& request) override {
    if (request.text.find("boom") != std::string::npos) return fail(ErrorCode::Io, "the whistle broke");
    const auto bytes = sln_bytes(pcm16_of(tone(200 + 10 * static_cast<double>(request.text.size()), 0.2, 0.5, 8000)));
    return decode_audio(std::as_bytes(std::span(bytes)), "tone.sln");
  }
};

// Tells which URLs it was asked for.
class Recorder final : public PromptFetcher {
 public:
  explicit Recorder(std::vector<std::string>& asked) : asked_(asked) {}
  Result<Fetched> fetch(const std::string& url, const std::string&) override {
    asked_.push_back(url);
    return fail(ErrorCode::AudioInvalid, url + ": NoSuchKey: The specified key does not exist. (status 404)");
  }

 private:
  std::vector<std::string>& asked_;
};

struct MakersWorld {
  TempFolder folder;
  std::vector<std::string> asked;
  std::unique_ptr<PromptLibrary> library;

  MakersWorld() {
    std::filesystem::create_directory(folder / "store");
    PromptMakers makers;
    auto spoken = SpeechCache::open({.store = folder / "store", .index = folder / "speech"});
    makers.speaker = std::make_unique<Speaker>(std::make_unique<Tone>(), *std::move(spoken), SpeakerSettings{});
    auto sources = SourceCache::open({.store = folder / "store", .index = folder / "sources"});
    makers.sources = *std::move(sources);
    makers.s3 = std::make_unique<Recorder>(asked);
    makers.s3_bucket = "prompts";
    makers.contact_prompts_per_second = 1000;
    library = std::make_unique<PromptLibrary>(
        PromptFolders{folder / "built-in", folder / "store", {}}, [](const std::function<void()>& work) { work(); },
        std::move(makers));
  }
  Result<PromptInfo> resolve(PromptRequest request) {
    std::promise<Result<PromptInfo>> promise;
    library->resolve(std::move(request), [&](Result<PromptInfo> info) { promise.set_value(std::move(info)); });
    return promise.get_future().get();
  }
  Result<PromptInfo> speak_for_contact(const std::string& audio, const std::string& variables) {
    std::promise<Result<PromptInfo>> promise;
    library->speak_for_contact(audio, variables, [&](Result<PromptInfo> info) { promise.set_value(std::move(info)); });
    return promise.get_future().get();
  }
};

TEST(PromptLibrary, TextIsSpokenWithItsValues) {
  MakersWorld world;
  const auto hello = world.resolve({.audio = "say:Hello there"});
  ASSERT_TRUE(hello) << hello.error().detail;
  EXPECT_TRUE(world.library->is_stored(hello->id));
  EXPECT_EQ(world.resolve({.audio = "say:Hello there"})->id, hello->id);
  const auto ada = world.resolve({.audio = "say:Hello {name}", .variables = R"({"name": "Ada"})"});
  ASSERT_TRUE(ada) << ada.error().detail;
  EXPECT_NE(ada->id, hello->id);
  EXPECT_EQ(world.speak_for_contact("say:Hello {name}", R"({"name": "Ada", "age": 36})")->id, ada->id);
}

TEST(PromptLibrary, NamesInBracesStayOpenForAList) {
  MakersWorld world;
  EXPECT_EQ(world.resolve({.audio = "say:Hello {name}", .is_for_each = true})->id, "");
  EXPECT_NE(world.resolve({.audio = "say:Hello", .is_for_each = true})->id, "") << "the same for everybody";
  EXPECT_THAT(world.resolve({.audio = "say:\u05e9\u05dc\u05d5\u05dd {name}", .is_for_each = true}).error().detail,
              HasSubstr("has no voice for he"))
      << "told before anybody is called";
  EXPECT_THAT(world.resolve({.audio = "say:Hello {name}"}).error().detail, HasSubstr("no value for {name}"));
}

TEST(PromptLibrary, TellsWhatIsAtFaultForGoodFromWhatMayPass) {
  MakersWorld world;
  EXPECT_EQ(world.speak_for_contact("say:Hello {name}", "{}").error().code, ErrorCode::Invalid);
  EXPECT_EQ(world.speak_for_contact("say:Hello {name}", R"({"name": "boom"})").error().code, ErrorCode::Unavailable);
  EXPECT_EQ(world.speak_for_contact("say:\u05e9\u05dc\u05d5\u05dd {name}", R"({"name": "Ada"})").error().code,
            ErrorCode::AudioInvalid)
      << "Hebrew letters: this engine has no voice for them";
}

TEST(PromptLibrary, ARelativeNameThatIsNotHereIsAKeyOfTheBucket) {
  MakersWorld world;
  EXPECT_THAT(world.resolve({.audio = "audio/x.wav"}).error().detail, HasSubstr("NoSuchKey"));
  EXPECT_FALSE(world.resolve({.audio = "/audio/x.wav"}));
  EXPECT_FALSE(world.resolve({.audio = "x.wav"}));
  EXPECT_EQ(world.asked, (std::vector<std::string>{"s3://prompts/audio/x.wav", "s3://prompts/x.wav"}));
}

}  // namespace
}  // namespace carillon
