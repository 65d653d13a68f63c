#include "publish/file_sink.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "publish/testing/memory_outbox.h"

namespace carillon::publish {
namespace {

using testing::row;

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "carillon-sink-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(FileSink, WritesOneCloudEventALine) {
  TempFolder folder;
  FileSink sink(folder / "events.jsonl", EventForm{"/here"});
  ASSERT_FALSE(sink.publish({row(1), row(2)}).trouble);
  const auto lines = lines_of(folder / "events.jsonl");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(
      lines[0],
      R"({"specversion":"1.0","id":"attempt-1","source":"/here","type":"carillon.call.status","subject":"attempt",)"
      R"("time":"2023-11-14T22:13:20.000Z","datacontenttype":"application/json","sequence":"0000000001","position":1,"data":{}})");
}

TEST(FileSink, GoesOnBehindTheLastWholeLineAfterACrash) {
  TempFolder folder;
  {
    FileSink sink(folder / "events.jsonl", EventForm{"/here"});
    ASSERT_FALSE(sink.publish({row(1), row(2)}).trouble);
  }
  {
    std::ofstream torn(folder / "events.jsonl", std::ios::app);
    torn << R"({"specversion":"1.0","id":"attempt-3","sou)";
  }
  FileSink sink(folder / "events.jsonl", EventForm{"/here"});
  const auto known = sink.last_known();
  ASSERT_TRUE(known);
  EXPECT_EQ(known->position, 2);
  EXPECT_EQ(known->id, "attempt-2");
  ASSERT_FALSE(sink.publish({row(2), row(3)}).trouble);
  const auto lines = lines_of(folder / "events.jsonl");
  ASSERT_EQ(lines.size(), 3u) << "2 was there already, the torn 3 was cut off";
  EXPECT_NE(lines[2].find("attempt-3"), std::string::npos);
}

TEST(FileSink, ARotatedFileGetsASuccessor) {
  TempFolder folder;
  FileSink sink(folder / "events.jsonl", EventForm{"/here"});
  ASSERT_FALSE(sink.publish({row(1)}).trouble);
  std::filesystem::rename(folder / "events.jsonl", folder / "events.jsonl.1");
  ASSERT_FALSE(sink.publish({row(2)}).trouble);
  EXPECT_EQ(lines_of(folder / "events.jsonl").size(), 1u);
}

TEST(FileSink, AFileThatWasMadeAnewByWhoRotatesIsWrittenTo) {
  TempFolder folder;
  FileSink sink(folder / "events.jsonl", EventForm{"/here"});
  ASSERT_FALSE(sink.publish({row(1)}).trouble);
  std::filesystem::rename(folder / "events.jsonl", folder / "events.jsonl.1");
  std::ofstream(folder / "events.jsonl").close();
  ASSERT_FALSE(sink.publish({row(2)}).trouble);
  EXPECT_EQ(lines_of(folder / "events.jsonl").size(), 1u);
}

// A disk that is full for a while, in the middle of a replay.
TEST(FileSink, AFailedWriteLeavesNothingAndDoesNotEndAReplay) {
  TempFolder folder;
  FileSink sink(folder / "events.jsonl", EventForm{"/here"});
  ASSERT_FALSE(sink.publish({row(1), row(2), row(3)}).trouble);
  const auto size = std::filesystem::file_size(folder / "events.jsonl");
  sink.forget_position();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto no_signal = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{size + 10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  const auto failed = sink.publish({row(1), row(2), row(3)});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, no_signal);
  ASSERT_TRUE(failed.trouble);
  EXPECT_EQ(failed.done, 0u);
  EXPECT_EQ(std::filesystem::file_size(folder / "events.jsonl"), size);
  ASSERT_FALSE(sink.publish({row(1), row(2), row(3)}).trouble);
  EXPECT_EQ(lines_of(folder / "events.jsonl").size(), 6u);
}

TEST(FileSink, AFolderThatIsAFileIsAnErrorThatNamesIt) {
  TempFolder folder;
  std::ofstream(folder / "blocked") << "x";
  FileSink sink(folder / "blocked" / "events.jsonl", EventForm{"/here"});
  const auto published = sink.publish({row(1)});
  ASSERT_TRUE(published.trouble);
  EXPECT_NE(published.trouble->detail.find("blocked"), std::string::npos);
}

}  // namespace
}  // namespace carillon::publish
