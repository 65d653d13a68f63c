// A process that uses the ledger is killed at random moments, again and again: whatever it was told is durable must be
// there afterwards, every change as a whole or not at all, and the sums must be those of what is there.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>

#include "base/log.h"
#include "ledger/testing/ledger_test.h"
#include "ledger/testing/recount.h"

namespace carillon::ledger {
namespace {

using testing::end_of;
using testing::open_hours;
using testing::open_rules;
using testing::opt_out_of;
using testing::start_of;

constexpr int kCallsUnderWay = 50;
constexpr int kContacts = 200;

std::string number(int round, int index) { return fmt::format("+1{}555{:04}", 202 + round, index); }

// What the process does: calls are accepted, intended and ended, one after the other; a list is imported into two
// campaigns, and the contacts of one are called, while who opts out is skipped in the other. Every reply is told by a
// line in the pipe: a letter and the id.
class Child {
 public:
  Child(SqliteStore& store, int round, int pipe) : store_(store), round_(round), pipe_(pipe) {}

  void begin() {
    for (int i = 0; i < kCallsUnderWay; ++i) begin_call();
    import_list("second", [] {});
    import_list("first", [this] { call_contacts(); });
  }

 private:
  void begin_call() {
    const int index = next_++;
    AttemptRequest asked = testing::request(fmt::format("r{:03}-{:06}", round_, index), number(round_, index));
    asked.campaign_id = fmt::format("calls-{}", round_);
    store_.accept(asked, open_rules(), open_hours(), [this](const Result<Accepted>& accepted) {
      if (!accepted) ::_exit(2);
      tell('a', accepted->attempt.request.id);
      intend(accepted->attempt.request);
    });
  }

  void import_list(const std::string& name, const std::function<void()>& next) {
    Campaign campaign;
    campaign.id = fmt::format("{}-{}", name, round_);
    campaign.state = CampaignState::kRunning;
    store_.create_campaign(campaign, testing::kOperator, [this, next](const Result<Campaign>& made) {
      if (!made) ::_exit(6);
      campaign_ = *made;
      std::vector<NewContact> list;
      for (int i = 0; i < kContacts; ++i) {
        list.push_back(testing::new_contact(static_cast<std::size_t>(i), number(round_, 9'999 - i)));
      }
      store_.add_contacts(made->key, list, [next](const Result<AddedContacts>& added) {
        if (!added || added->added != kContacts) ::_exit(7);
        next();
      });
    });
  }
  void call_contacts() {
    const auto call = [this](const Result<DueContacts>& due) {
      if (due->contacts.size() != kContacts) ::_exit(8);
      for (const auto& contact : due->contacts) {
        AttemptRequest asked = testing::request(fmt::format("c{:03}-{:06}", round_, contact.key), contact.number);
        asked.campaign_id = campaign_.id;
        asked.campaign_key = campaign_.key;
        asked.contact_key = contact.key;
        asked.try_number = 1;
        intend(asked);
      }
    };
    store_.count_lanes(campaign_.key, [this, call](const Result<std::vector<LaneCount>>& lanes) {
      store_.fetch_due(campaign_.key, lanes->at(0).lane.id, DueKind::kAll, testing::at(0), kContacts, call);
    });
  }

  void intend(const AttemptRequest& asked) {
    store_.intend(start_of(asked, open_rules()), [this, asked](const Result<StartResult>& done) {
      if (!done || done->kind != StartResult::Kind::kStarted) ::_exit(3);
      tell('i', asked.id);
      end(asked);
    });
  }
  void end(const AttemptRequest& asked) {
    const bool is_busy = asked.contact_key % 2 == 1;
    const auto change = is_busy
                            ? end_of(asked, Outcome::kBusy, {ContactState::kReady, testing::at(9'000), "retry-busy"})
                            : opt_out_of(asked);
    store_.record(change, [this, asked](const Result<void>& done) {
      if (!done) ::_exit(4);
      tell('r', asked.id);
      if (asked.contact_key == 0) begin_call();
    });
  }
  void tell(char what, const std::string& id) const {
    const std::string line = fmt::format("{}{}\n", what, id);
    if (::write(pipe_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(5);
  }

  SqliteStore& store_;
  int round_;
  int pipe_;
  Campaign campaign_;
  std::atomic<int> next_ = 0;  // replies come on the ledger's threads
};

[[noreturn]] void be_the_child(const std::filesystem::path& file, int round, int pipe) {
  // Replies run on the ledger's own threads: nothing else is needed here.
  auto store = SqliteStore::open(file, [](const std::function<void()>& work) { work(); });
  if (!store) ::_exit(1);
  Child child(**store, round, pipe);
  child.begin();
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

class Durability : public testing::LedgerTest {
 protected:
  // What was told of each attempt is there, and not a half of anything else.
  void expect_told(const std::map<std::string, char>& told) {
    std::vector<std::string> ids;
    for (const auto& [id, what] : told) ids.push_back(id);
    std::map<std::string, StoredAttempt> known;
    for (auto& one : load(ids)) known.emplace(one.attempt.request.id, std::move(one));
    std::map<std::string, int> events;
    const auto rows = store_->read_after(0, 10'000'000);
    for (const auto& row : *rows) ++events[row.event.attempt_id];
    for (const auto& [id, what] : told) {
      ASSERT_TRUE(known.contains(id)) << id << " was told and is gone";
      const auto& [attempt, notes] = known.at(id);
      const bool has_ended = is_final(attempt.progress.status);
      if (what == 'i') EXPECT_TRUE(attempt.progress.is_intended || has_ended) << id << " lost its intent";
      if (what == 'r') EXPECT_TRUE(has_ended) << id << " lost its end";
      EXPECT_EQ(!notes.empty(), has_ended && attempt.progress.outcome == Outcome::kHuman) << id << ": half a change";
      EXPECT_EQ(events.contains(id), has_ended) << id << ": half a change";
    }
  }
  void expect_whole() {
    EXPECT_EQ(drift(), "");
    EXPECT_EQ(sql("SELECT count(*) FROM contact c LEFT JOIN attempt a ON a.id = c.last_attempt "
                  "WHERE (c.state = 1) <> (coalesce(a.state, 2) = 1)"),
              "0")
        << "contacts are in a call as long as their attempts are open";
    EXPECT_EQ(sql("SELECT count(*) FROM contact WHERE state = 0 AND number IN (SELECT number FROM suppression)"), "0")
        << "who opted out is skipped everywhere";
    EXPECT_EQ(sql("SELECT count(*) FROM (SELECT count(*) AS n FROM contact GROUP BY campaign) WHERE n <> " +
                  std::to_string(kContacts)),
              "0")
        << "half a list";
    EXPECT_EQ(sql("PRAGMA integrity_check"), "ok");
  }
};

TEST_F(Durability, WhatWasRepliedSurvivesAKillAtAnyMoment) {
  const char* wanted = std::getenv("CARILLON_KILLS");
  const int rounds = wanted == nullptr ? 15 : std::atoi(wanted);
  std::mt19937 random(std::random_device{}());
  std::map<std::string, char> told;  // the last that was told of each attempt
  std::size_t replies = 0;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE(fmt::format("round {}", round));
    store_.reset();
    const auto life = std::chrono::milliseconds(random() % 120);
    const std::string lines = run_and_kill(file_, round, life);
    for (std::size_t from = 0, to = 0; (to = lines.find('\n', from)) != std::string::npos; from = to + 1) {
      told[lines.substr(from + 1, to - from - 1)] = lines[from];
      ++replies;
    }
    open();
    expect_told(told);
    expect_whole();
  }
  EXPECT_GT(replies, 0u);
}

}  // namespace
}  // namespace carillon::ledger
