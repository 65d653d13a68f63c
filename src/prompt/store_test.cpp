#include "prompt/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <set>

#include "base/text.h"
#include "prompt/testing.h"

namespace carillon {
namespace {

using prompt_testing::bytes_of;
using prompt_testing::contents_of;
using prompt_testing::TempFolder;
using prompt_testing::tone;
using prompt_testing::write_bytes;
using ::testing::HasSubstr;

const Time kCreated = time_from_ms(1795270000123);

std::string upload() { return sln_bytes(pcm16_of(tone(800, 0.05, 1, 8000))); }

Result<StoredPrompt> store_upload(const TempFolder& folder, std::string_view name = "hello.sln") {
  return store_prompt(bytes_of(upload()), name, folder.path(), kCreated);
}

std::set<std::string> files_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

TEST(StorePrompt, WritesEveryCodecAndTheMetadata) {
  const TempFolder folder;
  const auto prompt = store_upload(folder, "C:\\audio\\hello.sln");
  ASSERT_TRUE(prompt) << prompt.error().detail;
  EXPECT_TRUE(prompt->is_new);
  EXPECT_EQ(prompt->duration, Duration(1000));
  EXPECT_TRUE(is_stored(folder.path(), prompt->id));
  EXPECT_EQ(files_in(folder.path()),
            (std::set<std::string>{prompt->id + ".ulaw", prompt->id + ".alaw", prompt->id + ".sln", prompt->id + ".gsm",
                                   prompt->id + ".g722", prompt->id + ".json"}));
  EXPECT_EQ(contents_of(folder / (prompt->id + ".ulaw")).size(), 8000U);
  EXPECT_EQ(contents_of(folder / (prompt->id + ".alaw")).size(), 8000U);
  EXPECT_EQ(contents_of(folder / (prompt->id + ".gsm")).size(), 50U * 33U);
  EXPECT_EQ(contents_of(folder / (prompt->id + ".g722")).size(), 8000U);
  const auto sln = contents_of(folder / (prompt->id + ".sln"));
  EXPECT_EQ(sln.size(), 16000U);
  EXPECT_EQ(prompt->id, sha256_hex(sln).substr(0, 32));

  const auto metadata = boost::json::parse(contents_of(folder / (prompt->id + ".json"))).as_object();
  EXPECT_EQ(metadata.at("source_name"), "hello.sln");
  EXPECT_EQ(metadata.at("duration_ms"), 1000);
  EXPECT_EQ(metadata.at("created").as_string(), to_rfc3339(kCreated));
  EXPECT_NEAR(metadata.at("gain_db").as_double(), 10, 0.5);
  EXPECT_NEAR(metadata.at("loudness_lufs").as_double(), -19, 0.5);
}

TEST(StorePrompt, TheFilesAreReadableByEveryone) {
  const TempFolder folder;
  const mode_t old = ::umask(077);
  const auto prompt = store_upload(folder);
  ::umask(old);
  ASSERT_TRUE(prompt);
  for (const auto& name : files_in(folder.path())) {
    EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(folder / name).permissions()), 0644U) << name;
  }
}

TEST(StorePrompt, TheSameAudioIsStoredOnce) {
  const TempFolder folder;
  const auto first = store_upload(folder);
  ASSERT_TRUE(first);
  const auto written = std::filesystem::last_write_time(folder / (first->id + ".json"));
  const auto second = store_upload(folder, "another-name.sln");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, first->id);
  EXPECT_FALSE(second->is_new);
  EXPECT_EQ(std::filesystem::last_write_time(folder / (first->id + ".json")), written);
  EXPECT_EQ(files_in(folder.path()).size(), 6U);
}

TEST(StorePrompt, AFileAndItsBytesGiveTheSameId) {
  const TempFolder folder;
  write_bytes(folder / "hello.sln", upload());
  const auto from_file = store_prompt(folder / "hello.sln", folder.path(), kCreated);
  ASSERT_TRUE(from_file) << from_file.error().detail;
  EXPECT_EQ(from_file->source_name, "hello.sln");
  EXPECT_EQ(store_upload(folder)->id, from_file->id);
}

TEST(StorePrompt, WhatACrashLeftIsRepaired) {
  const TempFolder folder;
  const auto id = store_upload(folder)->id;
  std::filesystem::remove(folder / (id + ".json"));
  write_bytes(folder / (id + ".ulaw"), "half");
  EXPECT_FALSE(is_stored(folder.path(), id));
  EXPECT_TRUE(store_upload(folder)->is_new);
  EXPECT_TRUE(is_stored(folder.path(), id));
  EXPECT_EQ(contents_of(folder / (id + ".ulaw")).size(), 8000U);
}

TEST(StorePrompt, APromptOfAnOlderVersionCanBePlayedAndIsRepaired) {
  const TempFolder folder;
  const auto id = store_upload(folder)->id;
  std::filesystem::remove(folder / (id + ".gsm"));
  std::filesystem::remove(folder / (id + ".g722"));
  const auto metadata = contents_of(folder / (id + ".json"));
  EXPECT_TRUE(is_stored(folder.path(), id));
  EXPECT_FALSE(store_upload(folder, "again.sln")->is_new);
  EXPECT_EQ(files_in(folder.path()).size(), 6U);
  EXPECT_EQ(contents_of(folder / (id + ".json")), metadata);
}

TEST(StorePrompt, ANameThatIsNotUtf8DoesNotSpoilTheMetadata) {
  const TempFolder folder;
  const auto prompt = store_upload(folder, "gr\xfc\xdf\x65.sln");
  ASSERT_TRUE(prompt);
  EXPECT_EQ(prompt->source_name, "gr??e.sln");
  EXPECT_EQ(boost::json::parse(contents_of(folder / (prompt->id + ".json"))).at("source_name"), "gr??e.sln");
}

TEST(StorePrompt, AHebrewNameIsKept) {
  const TempFolder folder;
  EXPECT_EQ(store_upload(folder, "שלום.sln")->source_name, "שלום.sln");
}

TEST(StorePrompt, AFolderThatCannotBeUsedIsTold) {
  const TempFolder folder;
  write_bytes(folder / "file", "x");
  for (const auto& place : {folder / "file", folder / "missing"}) {
    const auto prompt = store_prompt(bytes_of(upload()), "hello.sln", place, kCreated);
    ASSERT_FALSE(prompt);
    EXPECT_EQ(prompt.error().code, ErrorCode::Io);
    EXPECT_THAT(prompt.error().detail, HasSubstr("does not exist or is no folder"));
  }
}

TEST(StorePrompt, AFolderThatIsNotWritableIsTold) {
  const TempFolder folder;
  std::filesystem::path place = folder.path();
  if (::geteuid() == 0) {
    place = "/proc/self";  // closed to root too
    if (!std::filesystem::is_directory(place)) GTEST_SKIP();
  } else {
    std::filesystem::permissions(place, std::filesystem::perms(0555));
  }
  const auto prompt = store_prompt(bytes_of(upload()), "hello.sln", place, kCreated);
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  ASSERT_FALSE(prompt);
  EXPECT_EQ(prompt.error().code, ErrorCode::Io);
  EXPECT_THAT(prompt.error().detail, HasSubstr("cannot be written"));
}

TEST(StorePrompt, BadAudioWritesNothing) {
  const TempFolder folder;
  const auto prompt = store_prompt(bytes_of("no audio"), "notes.txt", folder.path(), kCreated);
  ASSERT_FALSE(prompt);
  EXPECT_EQ(prompt.error().code, ErrorCode::AudioInvalid);
  EXPECT_TRUE(files_in(folder.path()).empty());
}

TEST(IsStored, AnIdIsNeverAPath) {
  const TempFolder folder;
  EXPECT_FALSE(is_stored(folder.path(), "../../etc/passwd"));
  EXPECT_FALSE(is_stored(folder.path(), ""));
  EXPECT_FALSE(is_stored(folder.path(), std::string(32, 'a')));
  EXPECT_FALSE(is_prompt_id(std::string(31, 'a')));
  EXPECT_FALSE(is_prompt_id(std::string(32, 'A')));
}

}  // namespace
}  // namespace carillon
