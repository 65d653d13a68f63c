#include "prompt/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

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
    library.resolve(audio, [&](Result<PromptInfo> info) { promise.set_value(std::move(info)); });
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

TEST(PromptLibrary, SaysWhatItCannotFetchYet) {
  World world;
  for (const auto* audio : {"https://example.org/a.wav", "s3://bucket/a.wav", "say:hello"}) {
    EXPECT_THAT(world.resolve(audio).error().detail, HasSubstr("not supported yet")) << audio;
  }
  EXPECT_THAT(world.resolve("http://example.org/a.wav").error().detail, HasSubstr("use https:"));
}

}  // namespace
}  // namespace carillon
