#include "prompt/source_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "prompt/store.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::TempFolder;
using prompt_testing::tone;
using prompt_testing::write_bytes;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kUrl = "https://example.org/a.sln?key=secret";
const Time kNow = time_from_ms(1'700'000'000'000);

// A server that has one file for all URLs.
class OneFile final : public PromptFetcher {
 public:
  explicit OneFile(const TempFolder& folder) : folder_(folder) {}
  std::string bytes;
  std::string etag;
  std::optional<Error> trouble;
  int asked = 0;
  int sent = 0;

  void put(double hertz, std::string name) {
    bytes = sln_bytes(pcm16_of(tone(hertz, 0.2, 0.5, 8000)));
    etag = std::move(name);
  }
  Result<Fetched> fetch(const std::string&, const std::string& known) override {
    ++asked;
    if (trouble) return std::unexpected(*trouble);
    if (!etag.empty() && known == etag) return Fetched{.etag = etag, .not_modified = true};
    const auto file = folder_ / ("fetched-" + std::to_string(++sent) + ".sln");
    write_bytes(file, bytes);
    return Fetched{.file = file, .etag = etag};
  }

 private:
  const TempFolder& folder_;
};

struct World {
  TempFolder folder;
  OneFile server{folder};
  std::set<std::string> in_use;
  std::unique_ptr<SourceCache> cache;

  World() {
    std::filesystem::create_directory(folder / "store");
    server.put(800, "\"1\"");
    open();
  }
  void open(std::uint64_t max_bytes = 1'000'000) {
    auto opened = SourceCache::open({.store = folder / "store",
                                     .index = folder / "index",
                                     .max_bytes = max_bytes,
                                     .is_in_use = [this](const std::string& id) { return in_use.contains(id); }});
    ASSERT_TRUE(opened) << opened.error().detail;
    cache = *std::move(opened);
  }
  Result<SourcedPrompt> get(Time now, bool must_ask = false, const std::string& url = kUrl) {
    return cache->get(server, url, must_ask, now);
  }
  bool has(const std::string& id) const { return is_stored(folder / "store", id); }
};

TEST(SourceCache, FetchesOnceAndAsksAgainAfterAWhile) {
  World world;
  const auto first = world.get(kNow);
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_TRUE(world.has(first->id));
  EXPECT_EQ(read_prompt(world.folder / "store", first->id)->origin.source, "https://example.org/a.sln") << "no secret";
  EXPECT_EQ(world.get(kNow + seconds(59))->id, first->id);
  EXPECT_EQ(world.server.asked, 1);
  EXPECT_EQ(world.get(kNow + seconds(61))->id, first->id);
  EXPECT_EQ(world.get(kNow + seconds(62), true)->id, first->id) << "asked whatever was answered last";
  EXPECT_EQ(world.server.asked, 3);
  EXPECT_EQ(world.server.sent, 1);
  EXPECT_TRUE(std::filesystem::is_empty(world.folder / "index") == false);
  EXPECT_FALSE(std::filesystem::exists(world.folder / "fetched-1.sln")) << "what was fetched is gone once it is stored";
}

TEST(SourceCache, KnowsItsSourcesAfterARestart) {
  World world;
  const auto first = world.get(kNow);
  world.open();
  EXPECT_EQ(world.cache->sources(), 1u);
  EXPECT_GT(world.cache->bytes(), 0u);
  EXPECT_EQ(world.get(kNow + hours(1))->id, first->id);
  EXPECT_EQ(world.server.sent, 1) << "by its ETag";
}

TEST(SourceCache, ANewVersionReplacesTheOldOneWhichStaysWhileItIsInUse) {
  World world;
  const auto old = world.get(kNow);
  world.in_use = {old->id};
  world.server.put(900, "\"2\"");
  const auto changed = world.get(kNow + hours(1));
  ASSERT_TRUE(changed);
  EXPECT_NE(changed->id, old->id);
  EXPECT_TRUE(world.has(old->id));
  EXPECT_EQ(world.cache->sources(), 2u) << "the former goes in its turn";
  world.open(1);
  world.in_use = {changed->id};
  world.server.put(1000, "\"3\"");
  ASSERT_TRUE(world.get(kNow + hours(2)));
  EXPECT_FALSE(world.has(old->id));
  EXPECT_TRUE(world.has(changed->id));
}

TEST(SourceCache, ACopyServesWhileItsSourceIsAwayAndSaysSo) {
  World world;
  const auto first = world.get(kNow);
  world.server.trouble = Error(ErrorCode::Unavailable, "example.org: no connection");
  const auto copy = world.get(kNow + hours(23), true);
  ASSERT_TRUE(copy) << copy.error().detail;
  EXPECT_EQ(copy->id, first->id);
  EXPECT_THAT(copy->notice, HasSubstr("example.org: no connection"));
  EXPECT_THAT(copy->notice, HasSubstr("the copy of 2023-11-14T22:13:20"));
  EXPECT_EQ(world.get(kNow + hours(25)).error().code, ErrorCode::Unavailable) << "too old";
}

TEST(SourceCache, WhatIsGoneOrDeniedIsAnErrorWhateverCopyIsHere) {
  World world;
  ASSERT_TRUE(world.get(kNow));
  world.server.trouble = Error(ErrorCode::AudioInvalid, "example.org answers with HTTP 404");
  EXPECT_EQ(world.get(kNow + hours(1)).error().code, ErrorCode::AudioInvalid);
}

TEST(SourceCache, WhatIsNoAudioIsRefused) {
  World world;
  world.server.bytes = "<html>Sign in</html>";
  world.server.etag = "\"9\"";
  const auto refused = world.get(kNow);
  EXPECT_EQ(refused.error().code, ErrorCode::AudioInvalid);
  EXPECT_THAT(refused.error().detail, HasSubstr("https://example.org/a.sln"));
  EXPECT_THAT(refused.error().detail, ::testing::Not(HasSubstr("secret")));
  EXPECT_EQ(world.cache->sources(), 0u);
}

TEST(SourceCache, WhatNobodyUsesGoesWhenTheRoomIsUsedUp) {
  World world;
  world.open(20'000);  // a prompt of half a second is some 20 KB in all its codecs
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    world.server.put(500 + 100 * i, "");
    const auto got = world.get(kNow + seconds(i), false, "https://example.org/" + std::to_string(i));
    ASSERT_TRUE(got) << got.error().detail;
    ids.push_back(got->id);
    if (i == 0) world.in_use = {got->id};
  }
  EXPECT_TRUE(world.has(ids[0])) << "in use";
  EXPECT_FALSE(world.has(ids[1]));
  EXPECT_TRUE(world.has(ids[3]));
}

TEST(SourceCache, ACopyThatWasDeletedIsFetchedAgain) {
  World world;
  const auto first = world.get(kNow);
  ASSERT_TRUE(delete_prompt(world.folder / "store", first->id, {}));
  EXPECT_EQ(world.get(kNow + seconds(1))->id, first->id);
  EXPECT_EQ(world.server.sent, 2);
}

}  // namespace
}  // namespace carillon
