#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "prompt/store.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::bytes_of;
using prompt_testing::contents_of;
using prompt_testing::TempFolder;
using prompt_testing::tone;
using prompt_testing::write_bytes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Time kCreated = time_from_ms(1795270000000);

std::string store_tone(const TempFolder& folder, double hertz, const PromptOrigin& origin = {}) {
  const auto sln = sln_bytes(pcm16_of(tone(hertz, 0.2, 0.5, 8000)));
  const auto prompt = store_prompt(bytes_of(sln), "tone.sln", folder.path(), kCreated, {}, origin);
  EXPECT_TRUE(prompt) << prompt.error().detail;
  return prompt ? prompt->id : "";
}

TEST(ReadPrompt, GivesBackWhatWasStored) {
  const TempFolder folder;
  const PromptOrigin origin{.source = "https://example.org/a.wav",
                            .text = "שלום",
                            .voice = "he",
                            .engine = "espeak",
                            .language = "he",
                            .licence = "CC0-1.0",
                            .is_cached = true};
  const auto id = store_tone(folder, 800, origin);
  const auto prompt = read_prompt(folder.path(), id);
  ASSERT_TRUE(prompt) << prompt.error().detail;
  EXPECT_EQ(prompt->id, id);
  EXPECT_EQ(prompt->duration, Duration(500));
  EXPECT_EQ(prompt->source_name, "tone.sln");
  EXPECT_EQ(prompt->source_rate, 8000);
  EXPECT_EQ(prompt->created, kCreated);
  EXPECT_EQ(prompt->origin.source, origin.source);
  EXPECT_EQ(prompt->origin.text, origin.text);
  EXPECT_EQ(prompt->origin.voice, origin.voice);
  EXPECT_EQ(prompt->origin.engine, origin.engine);
  EXPECT_EQ(prompt->origin.language, origin.language);
  EXPECT_EQ(prompt->origin.licence, origin.licence);
  EXPECT_TRUE(prompt->origin.is_cached);
}

TEST(ReadPrompt, WhatIsUnknownIsNotWritten) {
  const TempFolder folder;
  const auto id = store_tone(folder, 800);
  const auto metadata = boost::json::parse(contents_of(folder / (id + ".json"))).as_object();
  for (const auto* name : {"source", "text", "voice", "engine", "language", "licence", "cached", "warnings"}) {
    EXPECT_FALSE(metadata.contains(name)) << name;
  }
}

TEST(ReadPrompt, TellsTheWarnings) {
  const TempFolder folder;
  const auto sln = sln_bytes(pcm16_of(tone(800, 1.8, 1, 8000)));
  const auto id = store_prompt(bytes_of(sln), "loud.sln", folder.path(), kCreated)->id;
  EXPECT_THAT(read_prompt(folder.path(), id)->warnings, ElementsAre("clipping"));
}

TEST(ReadPrompt, OddMetadataIsBounded) {
  const TempFolder folder;
  const std::string id(32, 'a');
  write_bytes(folder / (id + ".json"), R"({"duration_ms":1e300,"source_rate_hz":-4,"voice":7,"warnings":[1,"quiet"]})");
  const auto prompt = read_prompt(folder.path(), id);
  ASSERT_TRUE(prompt);
  EXPECT_EQ(prompt->duration, Duration(1'000'000'000));
  EXPECT_EQ(prompt->source_rate, 0);
  EXPECT_EQ(prompt->origin.voice, "");
  EXPECT_THAT(prompt->warnings, ElementsAre("quiet"));
  for (const auto* bad : {"", "[", "[1]", "{\"a\":[[[[[[1]]]]]]}"}) {
    write_bytes(folder / (id + ".json"), bad);
    EXPECT_EQ(read_prompt(folder.path(), id).error().code, ErrorCode::Io) << bad;
  }
  write_bytes(folder / (id + ".json"), std::string(kMaxMetadataBytes + 1, ' '));
  EXPECT_EQ(read_prompt(folder.path(), id).error().code, ErrorCode::Io);
}

TEST(ReadPrompt, AnIdIsNeverAPath) {
  const TempFolder folder;
  for (const auto* id : {"../../etc/passwd", "", "0123456789abcdef0123456789abcdef"}) {
    EXPECT_EQ(read_prompt(folder.path(), id).error().code, ErrorCode::NotFound);
    EXPECT_EQ(delete_prompt(folder.path(), id, {}).error().code, ErrorCode::NotFound);
  }
}

TEST(ListPrompts, PageByPageEachOnce) {
  const TempFolder folder;
  std::set<std::string> stored;
  for (int i = 0; i < 5; ++i) stored.insert(store_tone(folder, 500 + 100 * i));
  write_bytes(folder / "notes.json", "{}");
  write_bytes(folder / (*stored.begin() + ".json.0123.tmp"), "{");
  std::vector<std::string> seen;
  std::string after;
  int pages = 0;
  do {
    const auto page = list_prompts(folder.path(), after, 2);
    ASSERT_TRUE(page) << page.error().detail;
    for (const auto& prompt : page->prompts) seen.push_back(prompt.id);
    after = page->next;
    ++pages;
  } while (!after.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen, std::vector<std::string>(stored.begin(), stored.end()));
}

TEST(ListPrompts, AnEmptyFolderAndAMissingOne) {
  const TempFolder folder;
  EXPECT_THAT(list_prompts(folder.path(), "", 10)->prompts, IsEmpty());
  EXPECT_EQ(list_prompts(folder / "missing", "", 10).error().code, ErrorCode::Io);
}

TEST(ListPrompts, ADamagedOneIsShown) {
  const TempFolder folder;
  const auto id = store_tone(folder, 800);
  write_bytes(folder / (id + ".json"), "{");
  const auto page = list_prompts(folder.path(), "", 10);
  ASSERT_EQ(page->prompts.size(), 1U);
  EXPECT_THAT(page->prompts[0].warnings, ElementsAre("damaged"));
}

TEST(DeletePrompt, LeavesNothingAndNeverTakesWhatIsInUse) {
  const TempFolder folder;
  const auto kept = store_tone(folder, 700);
  const auto gone = store_tone(folder, 800);
  EXPECT_EQ(delete_prompt(folder.path(), kept, {kept}).error().code, ErrorCode::Conflict);
  ASSERT_TRUE(delete_prompt(folder.path(), gone, {kept}));
  EXPECT_TRUE(is_stored(folder.path(), kept));
  EXPECT_FALSE(is_stored(folder.path(), gone));
  EXPECT_EQ(bytes_of_prompt(folder.path(), gone), 0U);
  EXPECT_EQ(delete_prompt(folder.path(), gone, {}).error().code, ErrorCode::NotFound);
}

TEST(DeleteIfCached, LeavesWhatWasStoredInItsOwnRightToo) {
  const TempFolder folder;
  const PromptOrigin cached{.engine = "espeak", .is_cached = true};
  const auto shared = store_tone(folder, 700, cached);
  EXPECT_EQ(store_tone(folder, 700), shared) << "the same audio, uploaded";
  const auto only_cached = store_tone(folder, 800, cached);
  const auto uploaded = store_tone(folder, 900);
  EXPECT_EQ(store_tone(folder, 900, cached), uploaded);
  for (const auto& id : {shared, only_cached, uploaded}) EXPECT_TRUE(delete_if_cached(folder.path(), id));
  EXPECT_TRUE(is_stored(folder.path(), shared));
  EXPECT_EQ(read_prompt(folder.path(), shared)->origin.engine, "espeak");
  EXPECT_TRUE(is_stored(folder.path(), uploaded));
  EXPECT_FALSE(is_stored(folder.path(), only_cached));
}

TEST(BytesOfStore, CountsPromptsAlone) {
  const TempFolder folder;
  const auto a = store_tone(folder, 700);
  const auto b = store_tone(folder, 800);
  write_bytes(folder / "notes.txt", "not a prompt");
  const auto total = bytes_of_store(folder.path());
  ASSERT_TRUE(total);
  EXPECT_EQ(*total, bytes_of_prompt(folder.path(), a) + bytes_of_prompt(folder.path(), b));
  EXPECT_GT(bytes_of_prompt(folder.path(), a), 4000U * 5);
}

}  // namespace
}  // namespace carillon
