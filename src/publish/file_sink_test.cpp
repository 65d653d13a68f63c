#include "publish/file_sink.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "publish/relay.h"

namespace carillon::publish {
namespace {

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

OutboxRow row(std::int64_t position) {
  OutboxRow made;
  made.position = position;
  made.event = {EventType::kCallStatus, "attempt", static_cast<std::uint32_t>(position),
                time_from_ms(1'700'000'000'000), "{}"};
  return made;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(FileSink, WritesOneCloudEventALine) {
  TempFolder folder;
  FileSink sink(folder / "events.jsonl", "/here");
  ASSERT_TRUE(sink.publish({row(1), row(2)}).has_value());
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
    FileSink sink(folder / "events.jsonl", "/here");
    ASSERT_TRUE(sink.publish({row(1), row(2)}).has_value());
  }
  {
    std::ofstream torn(folder / "events.jsonl", std::ios::app);
    torn << R"({"specversion":"1.0","id":"attempt-3","sou)";
  }
  FileSink sink(folder / "events.jsonl", "/here");
  EXPECT_EQ(sink.known_position(), 2);
  ASSERT_TRUE(sink.publish({row(2), row(3)}).has_value());
  const auto lines = lines_of(folder / "events.jsonl");
  ASSERT_EQ(lines.size(), 3u) << "2 was there already, the torn 3 was cut off";
  EXPECT_NE(lines[2].find("attempt-3"), std::string::npos);
}

TEST(FileSink, ARotatedFileGetsASuccessor) {
  TempFolder folder;
  FileSink sink(folder / "events.jsonl", "/here");
  ASSERT_TRUE(sink.publish({row(1)}).has_value());
  std::filesystem::rename(folder / "events.jsonl", folder / "events.jsonl.1");
  ASSERT_TRUE(sink.publish({row(2)}).has_value());
  EXPECT_EQ(lines_of(folder / "events.jsonl").size(), 1u);
}

TEST(FileSink, AFolderThatIsAFileIsAnErrorThatNamesIt) {
  TempFolder folder;
  std::ofstream(folder / "blocked") << "x";
  FileSink sink(folder / "blocked" / "events.jsonl", "/here");
  const auto published = sink.publish({row(1)});
  ASSERT_FALSE(published.has_value());
  EXPECT_NE(published.error().detail.find("blocked"), std::string::npos);
}

// An outbox in memory, and a sink that fails as often as it is told.
struct MemoryOutbox final : Outbox {
  std::vector<OutboxRow> rows;
  std::int64_t kept = 0;
  Result<std::vector<OutboxRow>> read_after(std::int64_t position, int limit) override {
    std::vector<OutboxRow> found;
    for (const auto& each : rows) {
      if (each.position > position && found.size() < static_cast<std::size_t>(limit)) found.push_back(each);
    }
    return found;
  }
  Result<std::int64_t> last_position() override { return rows.empty() ? 0 : rows.back().position; }
  Result<std::int64_t> cursor(const std::string&) override { return kept; }
  void set_cursor(const std::string&, std::int64_t position) override { kept = position; }
};

struct StubbornSink final : Sink {
  StubbornSink(std::vector<std::int64_t>& positions, int refusals) : seen(positions), refusals_left(refusals) {}
  std::vector<std::int64_t>& seen;
  int refusals_left;
  std::string name() const override { return "stubborn"; }
  std::int64_t known_position() override { return 0; }
  Result<void> publish(const std::vector<OutboxRow>& rows) override {
    if (refusals_left-- > 0) return fail(ErrorCode::Io, "not now");
    for (const auto& each : rows) seen.push_back(each.position);
    return {};
  }
};

TEST(Relay, CarriesEverythingInOrderThroughASinkThatRefuses) {
  MemoryOutbox outbox;
  for (int i = 1; i <= 1200; ++i) outbox.rows.push_back(row(i));
  std::vector<std::int64_t> seen;
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::make_unique<StubbornSink>(seen, 2));
  Relay relay(outbox, std::move(sinks));
  relay.finish(std::chrono::seconds(30));
  ASSERT_EQ(seen.size(), 1200u);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_EQ(outbox.kept, 1200);
}

TEST(Relay, BeginsBehindTheCursor) {
  MemoryOutbox outbox;
  for (int i = 1; i <= 10; ++i) outbox.rows.push_back(row(i));
  outbox.kept = 7;
  std::vector<std::int64_t> seen;
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::make_unique<StubbornSink>(seen, 0));
  Relay relay(outbox, std::move(sinks));
  relay.finish(std::chrono::seconds(30));
  EXPECT_EQ(seen, (std::vector<std::int64_t>{8, 9, 10}));
}

}  // namespace
}  // namespace carillon::publish
