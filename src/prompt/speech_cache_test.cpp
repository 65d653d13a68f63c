#include "prompt/speech_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::contents_of;
using prompt_testing::TempFolder;
using prompt_testing::tone;
using prompt_testing::write_bytes;
using ::testing::HasSubstr;

const Time kNow = time_from_ms(1795270000000);

// "800" is a tone of 800 Hz, so that different texts may sound the same: "800 " too.
class ToneEngine final : public SpeechEngine {
 public:
  std::string name() const override { return "tone"; }
  bool takes_ssml() const override { return false; }
  Result<std::vector<SpeechVoice>> voices() override { return std::vector<SpeechVoice>{}; }
  std::string voice_for(const std::string& language) const override { return language == "xx" ? "" : "sine"; }
  Result<Audio> synthesize(const SpeechRequest& request) override {
    ++rendered;
    if (gate != nullptr) gate->wait();
    if (is_broken) return fail(ErrorCode::Timeout, "too slow");
    const auto sln = sln_bytes(pcm16_of(tone(std::stod(request.text), 0.2, 0.5, 8000)));
    return decode_audio(prompt_testing::bytes_of(sln), "tone.sln");
  }

  std::atomic<int> rendered = 0;
  std::atomic<bool> is_broken = false;
  std::latch* gate = nullptr;
};

struct World {
  TempFolder folder;
  ToneEngine engine;
  std::set<std::string> in_use{};

  World() { std::filesystem::create_directory(store()); }
  std::filesystem::path store() const { return folder / "store"; }
  std::filesystem::path index() const { return folder / "speech"; }
  std::unique_ptr<SpeechCache> open(std::uint64_t max_bytes = 1'000'000'000) {
    auto cache = SpeechCache::open(
        {.store = store(), .index = index(), .max_bytes = max_bytes, .is_in_use = [this](const std::string& id) {
           return in_use.contains(id);
         }});
    EXPECT_TRUE(cache) << cache.error().detail;
    return *std::move(cache);
  }
  // Without holding it.
  std::string speak(SpeechCache& cache, const std::string& text) {
    const auto spoken = cache.speak(engine, {.text = text}, kNow);
    EXPECT_TRUE(spoken) << spoken.error().detail;
    return spoken ? spoken->id : "";
  }
  std::uint64_t size_of_one() const {
    World other;
    const auto cache = other.open();
    other.speak(*cache, "800");
    return cache->bytes();
  }
};

TEST(SpeechKey, IsOfAllThatTheAudioDependsOn) {
  ToneEngine engine;
  const SpeechRequest base{.text = "a", .voice = "b"};
  std::set<std::string> keys = {speech_key(engine, base)};
  EXPECT_EQ(keys.begin()->size(), 64U);
  keys.insert(speech_key(engine, {.text = "b", .voice = "b"}));
  keys.insert(speech_key(engine, {.text = "a", .voice = "c"}));
  keys.insert(speech_key(engine, {.text = "a", .language = "he", .voice = "b"}));
  keys.insert(speech_key(engine, {.text = "a", .voice = "b", .rate = 1.1}));
  keys.insert(speech_key(engine, {.text = "a", .is_ssml = true, .voice = "b"}));
  EXPECT_EQ(keys.size(), 6U);
  EXPECT_EQ(speech_key(engine, {.text = "a", .voice = "sine"}), speech_key(engine, {.text = "a"}));
}

TEST(SpeechCache, SpeaksTheSameTextOnce) {
  World world;
  const auto cache = world.open();
  const auto first = cache->speak(world.engine, {.text = "800"}, kNow);
  const auto second = cache->speak(world.engine, {.text = "800"}, kNow);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->was_cached);
  EXPECT_TRUE(second->was_cached);
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(world.engine.rendered, 1);
  const auto stored = read_prompt(world.store(), first->id);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->origin.text, "800");
  EXPECT_EQ(stored->origin.voice, "sine");
  EXPECT_EQ(stored->origin.engine, "tone");
  EXPECT_TRUE(stored->origin.is_cached);
}

TEST(SpeechCache, OutlivesARestart) {
  World world;
  const auto id = world.speak(*world.open(), "800");
  const auto cache = world.open();
  EXPECT_EQ(cache->keys(), 1U);
  EXPECT_EQ(cache->bytes(), bytes_of_prompt(world.store(), id));
  EXPECT_EQ(world.speak(*cache, "800"), id);
  EXPECT_EQ(world.engine.rendered, 1);
}

TEST(SpeechCache, WhatACrashOrAHandLeftIsRepaired) {
  World world;
  const auto id = world.speak(*world.open(), "800");
  ASSERT_TRUE(delete_prompt(world.store(), id, {}));
  write_bytes(world.index() / std::string(64, 'a'), "no id");
  write_bytes(world.index() / (std::string(64, 'b') + ".0123.tmp"), "half");
  const auto cache = world.open();
  EXPECT_EQ(cache->keys(), 1U);
  EXPECT_FALSE(std::filesystem::exists(world.index() / std::string(64, 'a')));
  EXPECT_FALSE(std::filesystem::exists(world.index() / (std::string(64, 'b') + ".0123.tmp")));
  EXPECT_EQ(world.speak(*cache, "800"), id);
  EXPECT_EQ(world.engine.rendered, 2);
  EXPECT_TRUE(is_stored(world.store(), id));
  EXPECT_EQ(cache->bytes(), bytes_of_prompt(world.store(), id));
}

TEST(SpeechCache, WhatWasNotUsedForLongestGoesFirst) {
  World world;
  const auto one = world.size_of_one();
  const auto cache = world.open(3 * one + one / 2);
  const auto a = world.speak(*cache, "700");
  const auto b = world.speak(*cache, "800");
  const auto c = world.speak(*cache, "900");
  world.speak(*cache, "700");
  world.speak(*cache, "950");
  EXPECT_LE(cache->bytes(), 3 * one + one / 2);
  EXPECT_TRUE(is_stored(world.store(), a));
  EXPECT_FALSE(is_stored(world.store(), b));
  EXPECT_TRUE(is_stored(world.store(), c));
  EXPECT_EQ(world.open(one * 10)->keys(), 3U);
}

TEST(SpeechCache, TheOrderOfUseOutlivesARestart) {
  World world;
  const auto one = world.size_of_one();
  std::string a;
  {
    const auto cache = world.open();
    a = world.speak(*cache, "700");
    world.speak(*cache, "800");
  }
  // As if the first had been used an hour later.
  const auto key = world.index() / speech_key(world.engine, {.text = "700"});
  std::filesystem::last_write_time(key, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(world.open(one + one / 2)->keys(), 1U);
  EXPECT_TRUE(is_stored(world.store(), a));
}

TEST(SpeechCache, NeverTakesWhatIsInUseAndSaysWhenThatIsAll) {
  World world;
  const auto one = world.size_of_one();
  const auto cache = world.open(2 * one);
  const auto held = cache->speak(world.engine, {.text = "700"}, kNow);
  ASSERT_TRUE(held);
  const auto named = world.speak(*cache, "800");
  world.in_use.insert(named);
  for (const auto* text : {"900", "950"}) {
    EXPECT_THAT(cache->speak(world.engine, {.text = text}, kNow).error().detail, HasSubstr("full of prompts"));
  }
  EXPECT_TRUE(is_stored(world.store(), held->id) && is_stored(world.store(), named));
  world.in_use.clear();
  const auto free = world.speak(*cache, "900");
  EXPECT_TRUE(is_stored(world.store(), held->id) && is_stored(world.store(), free));
  EXPECT_FALSE(is_stored(world.store(), named));
}

TEST(SpeechCache, TextsThatSoundTheSameShareAPrompt) {
  World world;
  const auto cache = world.open();
  const auto id = world.speak(*cache, "800");
  EXPECT_EQ(world.speak(*cache, "800.0"), id);
  EXPECT_EQ(cache->keys(), 2U);
  EXPECT_EQ(cache->bytes(), bytes_of_prompt(world.store(), id));
}

TEST(SpeechCache, AnUploadOfTheSameAudioIsNotEvicted) {
  World world;
  const auto one = world.size_of_one();
  const auto cache = world.open(one / 2);
  const auto id = world.speak(*cache, "800");
  const auto sln = contents_of(world.store() / (id + ".sln"));
  ASSERT_EQ(store_prompt(prompt_testing::bytes_of(sln), "mine.sln", world.store(), kNow)->id, id);
  world.speak(*cache, "900");
  EXPECT_EQ(cache->keys(), 1U);
  EXPECT_TRUE(is_stored(world.store(), id));
}

TEST(SpeechCache, AFailureIsToldAndNotKept) {
  World world;
  const auto cache = world.open();
  world.engine.is_broken = true;
  EXPECT_EQ(cache->speak(world.engine, {.text = "800"}, kNow).error().code, ErrorCode::Timeout);
  EXPECT_FALSE(cache->speak(world.engine, {.text = "800", .language = "xx"}, kNow)) << "no voice";
  world.engine.is_broken = false;
  EXPECT_NE(world.speak(*cache, "800"), "");
}

TEST(SpeechCache, TwoRequestsForTheSameKeyRenderOnce) {
  World world;
  const auto cache = world.open();
  std::latch gate(1);
  world.engine.gate = &gate;
  std::vector<std::thread> threads;
  std::vector<std::string> ids(6);
  for (auto& id : ids) threads.emplace_back([&] { id = world.speak(*cache, "800"); });
  while (world.engine.rendered == 0) std::this_thread::yield();
  gate.count_down();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(world.engine.rendered, 1);
  for (const auto& id : ids) EXPECT_EQ(id, ids[0]);
}

TEST(SpeechCache, WhatAThreadHoldsIsThereWhateverOthersDo) {
  World world;
  const auto one = world.size_of_one();
  const auto cache = world.open(4 * one);
  std::vector<std::thread> threads;
  std::atomic<int> missing = 0;
  std::atomic<int> spoken = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        // Some texts are the same, some sound the same.
        const auto text = std::to_string(500 + (i * 7 + t * 3) % 8 * 50) + (i % 2 == 0 ? "" : ".0");
        const auto held = cache->speak(world.engine, {.text = text}, kNow);
        if (!held) continue;  // full of what the others hold
        ++spoken;
        if (!is_stored(world.store(), held->id)) ++missing;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(missing, 0);
  EXPECT_GT(spoken, 100);
  EXPECT_LE(*bytes_of_store(world.store()), 8 * one);
  EXPECT_EQ(*bytes_of_store(world.store()), cache->bytes());
}

}  // namespace
}  // namespace carillon
