// A process that uses the ledger is killed at random moments, again and again: whatever it was told is durable must be
// there afterwards, and every change as a whole or not at all.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>

#include "base/log.h"
#include "ledger/sqlite_store.h"

namespace carillon::ledger {
namespace {

constexpr int kUnderWay = 100;

AttemptRequest request(int round, int index) {
  AttemptRequest asked;
  asked.id = fmt::format("r{:03}-{:06}", round, index);
  asked.number = fmt::format("+1{:03}{:07}", round, index);
  asked.created_at = time_from_ms(1'700'000'000'000);
  return asked;
}

// What the child does with each attempt: accept, intend, record its end. Every reply is told by a line in the pipe:
// a letter and the id.
class Child {
 public:
  Child(SqliteStore& store, int round, int pipe) : store_(store), round_(round), pipe_(pipe) {}

  void begin_next() {
    store_.accept(request(round_, next_++), false, [this](const Result<Accepted>& accepted) {
      if (!accepted) ::_exit(2);
      tell('a', accepted->attempt.request.id);
      intend(accepted->attempt);
    });
  }

 private:
  void intend(const Attempt& attempt) {
    AttemptChange change{attempt, {}, {}, std::nullopt, false};
    change.attempt.progress.is_intended = true;
    store_.intend(change, [this, change](const Result<void>& done) {
      if (!done) ::_exit(3);
      tell('i', change.attempt.request.id);
      end(change);
    });
  }
  void end(AttemptChange change) {
    auto& attempt = change.attempt;
    attempt.progress.status = CallStatus::kCompleted;
    attempt.progress.outcome = Outcome::kHuman;
    attempt.progress.next_sequence = 2;
    change.notes = {*parse_note(1, "dtmf-action:1700000002000:9:main:opt-out:")};
    change.events = {{EventType::kOptOut, attempt.request.id, 1, attempt.request.created_at, "{}"}};
    change.suppress = attempt.request.number;
    store_.record(change, [this, id = attempt.request.id](const Result<void>& done) {
      if (!done) ::_exit(4);
      tell('r', id);
      begin_next();
    });
  }
  void tell(char what, const std::string& id) const {
    const std::string line = fmt::format("{}{}\n", what, id);
    if (::write(pipe_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(5);
  }

  SqliteStore& store_;
  int round_;
  int pipe_;
  std::atomic<int> next_ = 0;  // replies come on the writer's thread
};

[[noreturn]] void be_the_child(const std::filesystem::path& file, int round, int pipe) {
  // Replies run on the writer's own thread: nothing else is needed here.
  auto store = SqliteStore::open(file, [](const std::function<void()>& work) { work(); });
  if (!store) ::_exit(1);
  Child child(**store, round, pipe);
  for (int i = 0; i < kUnderWay; ++i) child.begin_next();
  for (;;) ::pause();
}

// Runs a child for a while, kills it, and gives the lines that it told.
std::string run_and_kill(const std::filesystem::path& file, int round, std::chrono::milliseconds life) {
  int ends[2];
  if (::pipe(ends) != 0) return "";
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    be_the_child(file, round, ends[1]);
  }
  ::close(ends[1]);
  std::string told;
  const auto read_some = [&] {
    char buffer[4096];
    const auto size = ::read(ends[0], buffer, sizeof buffer);
    if (size > 0) told.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  };
  read_some();  // it is at work
  const auto until = std::chrono::steady_clock::now() + life;
  while (std::chrono::steady_clock::now() < until && read_some()) {
  }
  ::kill(child, SIGKILL);
  while (read_some()) {
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
  return told;
}

struct Known {
  std::map<std::string, StoredAttempt> attempts;
  std::map<std::string, int> events;
};

Known read_all(const std::filesystem::path& file, const std::map<std::string, char>& told) {
  std::mutex mutex;
  std::condition_variable wake;
  bool is_done = false;
  Known known;
  const auto post = [&](const std::function<void()>& work) {
    const std::scoped_lock lock(mutex);
    work();
    wake.notify_one();
  };
  auto store = SqliteStore::open(file, post);
  EXPECT_TRUE(store.has_value()) << to_string(store.error());
  if (!store) return known;
  std::vector<std::string> ids;
  for (const auto& [id, what] : told) ids.push_back(id);
  (*store)->load(ids, [&](Result<std::vector<StoredAttempt>> found) {
    for (auto& one : *found) known.attempts.emplace(one.attempt.request.id, std::move(one));
    is_done = true;
  });
  std::unique_lock lock(mutex);
  wake.wait(lock, [&] { return is_done; });
  lock.unlock();
  const auto rows = (*store)->read_after(0, 10'000'000);
  for (const auto& row : *rows) ++known.events[row.event.attempt_id];
  return known;
}

TEST(Durability, WhatWasRepliedSurvivesAKillAtAnyMoment) {
  log::set_up(log::Format::kText, "off");
  std::string name = (std::filesystem::temp_directory_path() / "carillon-kill-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(name.data());
  const auto file = folder / "ledger.db";
  const char* wanted = std::getenv("CARILLON_KILLS");
  const int rounds = wanted == nullptr ? 15 : std::atoi(wanted);
  std::mt19937 random(std::random_device{}());

  std::map<std::string, char> told;  // the last that was told of each attempt
  std::size_t replies = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto life = std::chrono::milliseconds(random() % 80);
    const std::string lines = run_and_kill(file, round, life);
    for (std::size_t from = 0, to = 0; (to = lines.find('\n', from)) != std::string::npos; from = to + 1) {
      told[lines.substr(from + 1, to - from - 1)] = lines[from];
      ++replies;
    }
    const Known known = read_all(file, told);
    for (const auto& [id, what] : told) {
      const auto found = known.attempts.find(id);
      ASSERT_NE(found, known.attempts.end()) << id << " was accepted and is gone, round " << round;
      const auto& progress = found->second.attempt.progress;
      const bool is_final_now = is_final(progress.status);
      if (what == 'i') EXPECT_TRUE(progress.is_intended || is_final_now) << id << " lost its intent, round " << round;
      if (what == 'r') EXPECT_TRUE(is_final_now) << id << " lost its end, round " << round;
      EXPECT_EQ(found->second.notes.contains(1), is_final_now) << id << ": half a change, round " << round;
      EXPECT_EQ(known.events.contains(id), is_final_now) << id << ": half a change, round " << round;
    }
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(replies, 0u);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace
}  // namespace carillon::ledger
