// The real ledger in a temporary folder: what it is told comes back, its rules hold, and what it confirmed is on the
// disk whenever the process is killed.
#include "ledger/sqlite_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>

#include "base/log.h"
#include "ledger/database.h"

namespace carillon::ledger {
namespace {

constexpr const char* kAnna = "+12025550101";
constexpr const char* kBert = "+12025550102";

Time at(int ms) { return time_from_ms(1'700'000'000'000 + ms); }

// The caller's thread: replies wait here until the test asks for them.
class Desk {
 public:
  Post post() {
    return [this](std::function<void()> work) {
      const std::scoped_lock lock(mutex_);
      queue_.push_back(std::move(work));
      wake_.notify_one();
    };
  }
  template <class T>
  Result<T> ask(const std::function<void(Reply<T>)>& question) {
    std::optional<Result<T>> answer;
    question([&answer](Result<T> result) { answer.emplace(std::move(result)); });
    while (!answer) run_one();
    return std::move(*answer);
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return !queue_.empty(); });
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
};

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() {
    log::set_up(log::Format::kText, "off");
    std::string name = (std::filesystem::temp_directory_path() / "carillon-ledger-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    file_ = folder_ / "ledger.db";
  }
  ~LedgerTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void open() {
    store_.reset();
    auto opened = SqliteStore::open(file_, desk_.post());
    ASSERT_TRUE(opened.has_value()) << to_string(opened.error());
    store_ = std::move(*opened);
  }
  Result<Accepted> accept(const AttemptRequest& request, bool keep_skipped = false) {
    return desk_.ask<Accepted>([&](auto reply) { store_->accept(request, keep_skipped, std::move(reply)); });
  }
  Result<void> intend(const AttemptChange& change) {
    return desk_.ask<void>([&](auto reply) { store_->intend(change, std::move(reply)); });
  }
  Result<void> record(const AttemptChange& change) {
    return desk_.ask<void>([&](auto reply) { store_->record(change, std::move(reply)); });
  }
  std::vector<StoredAttempt> load(std::vector<std::string> ids) {
    return *desk_.ask<std::vector<StoredAttempt>>([&](auto reply) { store_->load(ids, std::move(reply)); });
  }
  std::vector<StoredAttempt> load_open() {
    return *desk_.ask<std::vector<StoredAttempt>>([&](auto reply) { store_->load_open(std::move(reply)); });
  }
  Report report(const std::string& campaign_id) {
    return *desk_.ask<Report>([&](auto reply) { store_->report(campaign_id, std::move(reply)); });
  }

  std::filesystem::path folder_;
  std::filesystem::path file_;
  Desk desk_;
  std::unique_ptr<SqliteStore> store_;
};

AttemptRequest request(const std::string& id, const std::string& number = kAnna) {
  AttemptRequest asked;
  asked.id = id;
  asked.number = number;
  asked.created_at = at(0);
  return asked;
}

AttemptRequest full_request() {
  AttemptRequest asked = request("01HF0000000000000000000001");
  asked.call_id = "order-7";
  asked.campaign_id = "autumn";
  asked.contact_id = "c-1";
  asked.audio = "0123abcd";
  asked.caller_id = "+12025550000";
  asked.time_zone = "America/New_York";
  asked.variables = R"({"name":"Zoë \"Z\" O'Neil"})";
  asked.fingerprint = "f00d";
  asked.trunk = "carrier-1";
  asked.ring_timeout = Duration(25'000);
  return asked;
}

AttemptChange intent_of(const AttemptRequest& asked) {
  AttemptChange change{{asked, {}}, {}, {}, std::nullopt, false};
  change.attempt.progress.is_intended = true;
  change.attempt.progress.node_boot = "boot-1";
  change.attempt.progress.intended_at = at(10);
  return change;
}

// The call ended after its person pressed 9: every part that a change can have.
AttemptChange end_of(const AttemptRequest& asked) {
  AttemptChange change = intent_of(asked);
  auto& progress = change.attempt.progress;
  progress.status = CallStatus::kCompleted;
  progress.outcome = Outcome::kHuman;
  progress.reason = "because";
  progress.sip_code = 200;
  progress.q850 = 16;
  progress.raw_cause = "call-ended:1700000005000:16:200:Up:4000";
  progress.next_sequence = 3;
  progress.ringing_at = at(20);
  progress.answered_at = at(1'000);
  progress.ended_at = at(5'000);
  progress.talked = Duration(4'000);
  change.notes = {*parse_note(1, "dtmf-action:1700000002000:9:main:opt-out:"),
                  *parse_note(2, "call-ended:1700000005000:16:200:Up:4000")};
  change.events = {{EventType::kOptOut, asked.id, 1, at(2'000), R"({"key":"9"})"},
                   {EventType::kCallStatus, asked.id, 2, at(5'000), R"({"status":"completed"})"}};
  change.suppress = asked.number;
  return change;
}

std::string words(const AttemptRequest& asked) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {}", asked.id, asked.call_id, asked.campaign_id,
                     asked.contact_id, asked.number, asked.audio, asked.caller_id, asked.time_zone, asked.variables,
                     asked.fingerprint, asked.trunk, to_string(asked.direction), asked.ring_timeout.count(),
                     to_ms(asked.created_at));
}

std::string words(const AttemptProgress& progress) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {}", to_string(progress.status),
                     to_string(progress.outcome), progress.reason, progress.sip_code, progress.q850, progress.raw_cause,
                     progress.is_intended, progress.node_boot, progress.next_sequence, to_ms(progress.intended_at),
                     to_ms(progress.ringing_at), to_ms(progress.answered_at), to_ms(progress.ended_at),
                     progress.talked.count());
}

TEST_F(LedgerTest, AnAttemptComesBackWithAllItsFieldsAlsoAfterReopening) {
  open();
  const auto asked = full_request();
  const auto accepted = accept(asked);
  ASSERT_TRUE(accepted.has_value());
  EXPECT_FALSE(accepted->is_repeat);
  ASSERT_EQ(load_open().size(), 1u);
  EXPECT_EQ(words(load_open()[0].attempt.request), words(asked));
  EXPECT_EQ(words(load_open()[0].attempt.progress), words(AttemptProgress{}));

  const auto intent = intent_of(asked);
  ASSERT_TRUE(intend(intent).has_value());
  open();
  EXPECT_EQ(words(load_open()[0].attempt.progress), words(intent.attempt.progress));

  auto end = end_of(asked);
  ASSERT_TRUE(record(end).has_value());
  open();
  EXPECT_TRUE(load_open().empty());
  const auto stored = load({"no-such-attempt", asked.id});
  ASSERT_EQ(stored.size(), 1u);
  end.attempt.progress.is_intended = false;  // final, so no longer open
  EXPECT_EQ(words(stored[0].attempt.request), words(asked));
  EXPECT_EQ(words(stored[0].attempt.progress), words(end.attempt.progress));
  EXPECT_EQ(stored[0].notes, (std::set<std::uint32_t>{1, 2}));
}

TEST_F(LedgerTest, ACallFromOutsideIsInsertedWithItsFirstNote) {
  open();
  AttemptChange change = end_of(request("in-1700000000.1", ""));
  change.attempt.request.direction = Direction::kInbound;
  change.attempt.request.number = kBert;
  change.is_new = true;
  ASSERT_TRUE(record(change).has_value());
  EXPECT_EQ(words(load({"in-1700000000.1"})[0].attempt.request), words(change.attempt.request));
}

TEST_F(LedgerTest, ARepeatedCallIdGivesTheAttemptFromBeforeAndAnotherRequestConflicts) {
  open();
  ASSERT_TRUE(accept(full_request()).has_value());
  AttemptRequest again = full_request();
  again.id = "01HF0000000000000000000002";
  const auto repeated = accept(again);
  ASSERT_TRUE(repeated.has_value());
  EXPECT_TRUE(repeated->is_repeat);
  EXPECT_EQ(repeated->attempt.request.id, full_request().id);
  again.fingerprint = "another";
  const auto refused = accept(again);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
  const auto by_call_id =
      desk_.ask<std::optional<StoredAttempt>>([&](auto reply) { store_->find_call("order-7", std::move(reply)); });
  EXPECT_EQ((*by_call_id)->attempt.request.id, full_request().id);
  const auto by_id = desk_.ask<std::optional<StoredAttempt>>(
      [&](auto reply) { store_->find_call(full_request().id, std::move(reply)); });
  EXPECT_EQ((*by_id)->attempt.request.call_id, "order-7");
}

TEST_F(LedgerTest, ASuppressedNumberIsRefusedAndItsWaitingIntentHeld) {
  open();
  ASSERT_TRUE(accept(request("waiting", kAnna)).has_value());
  AttemptChange opt_out = end_of(request("in-1", kAnna));
  opt_out.attempt.request.direction = Direction::kInbound;
  opt_out.is_new = true;
  ASSERT_TRUE(record(opt_out).has_value());

  EXPECT_EQ(intend(intent_of(request("waiting"))).error().code, ErrorCode::Held);
  EXPECT_FALSE(load({"waiting"})[0].attempt.progress.is_intended) << "a refused intent leaves nothing";
  EXPECT_EQ(accept(request("now")).error().code, ErrorCode::Held);
  const auto skipped = accept(request("campaign"), true);
  ASSERT_TRUE(skipped.has_value());
  EXPECT_EQ(skipped->attempt.progress.status, CallStatus::kSkipped);
  open();
  EXPECT_EQ(load({"campaign"})[0].attempt.progress.reason, "suppressed (global): opt-out by key");
  EXPECT_TRUE(load({"now"}).empty());
}

TEST_F(LedgerTest, OneAttemptIsOpenPerNumber) {
  open();
  ASSERT_TRUE(accept(request("first")).has_value());
  EXPECT_EQ(accept(request("impatient")).error().code, ErrorCode::NumberBusy);
  ASSERT_TRUE(accept(request("second"), true).has_value());
  ASSERT_TRUE(intend(intent_of(request("first"))).has_value());
  EXPECT_EQ(intend(intent_of(request("second"))).error().code, ErrorCode::NumberBusy);
  ASSERT_TRUE(intend(intent_of(request("first"))).has_value()) << "its own intent, repeated";
  AttemptChange end = end_of(request("first"));
  end.suppress.reset();
  ASSERT_TRUE(record(end).has_value());
  EXPECT_TRUE(intend(intent_of(request("second"))).has_value());
}

TEST_F(LedgerTest, ARepeatedChangeChangesNothing) {
  open();
  AttemptRequest asked = full_request();
  ASSERT_TRUE(accept(asked).has_value());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(record(end_of(asked)).has_value());
  EXPECT_EQ(store_->read_after(0, 100)->size(), 2u);
  const Report sums = report("autumn");
  EXPECT_EQ(sums.keys.at("9"), 1);
  EXPECT_EQ(sums.events, 2);
}

TEST_F(LedgerTest, AReportSumsOneCampaign) {
  open();
  for (int i = 0; i < 6; ++i) {
    AttemptRequest asked = request(fmt::format("a{}", i), fmt::format("+1202555{:04}", i));
    asked.campaign_id = i < 5 ? "autumn" : "winter";
    ASSERT_TRUE(accept(asked).has_value());
    if (i == 0 || i == 5) ASSERT_TRUE(record(end_of(asked)).has_value());
    if (i != 1) continue;
    AttemptChange busy = end_of(asked);
    busy.attempt.progress.status = CallStatus::kBusy;
    busy.attempt.progress.outcome = Outcome::kBusy;
    busy.notes.clear();
    busy.events.clear();
    busy.suppress.reset();
    ASSERT_TRUE(record(busy).has_value());
  }
  AttemptRequest suppressed = request("a9", "+12025550000");
  suppressed.campaign_id = "autumn";
  ASSERT_TRUE(accept(suppressed, true).has_value());

  const Report sums = report("autumn");
  EXPECT_EQ(sums.attempts, 6);
  EXPECT_EQ(sums.statuses,
            (std::map<std::string, std::int64_t>{{"busy", 1}, {"completed", 1}, {"queued", 3}, {"skipped", 1}}));
  EXPECT_EQ(sums.outcomes, (std::map<std::string, std::int64_t>{{"busy", 1}, {"human", 1}, {"skipped", 1}}));
  EXPECT_EQ(sums.reasons, (std::map<std::string, std::int64_t>{{"suppressed (global): opt-out by key", 1}}));
  EXPECT_EQ(sums.keys, (std::map<std::string, std::int64_t>{{"9", 1}}));
  EXPECT_EQ(sums.opt_outs, 1);
  EXPECT_EQ(sums.events, 3);
  EXPECT_EQ(report("spring").attempts, 0);
}

TEST_F(LedgerTest, TheOutboxKeepsItsOrderAndHowFarASinkIs) {
  open();
  for (const char* id : {"b", "a"})
    ASSERT_TRUE(accept(request(id, id == std::string("b") ? kBert : kAnna)).has_value());
  ASSERT_TRUE(record(end_of(request("b", kBert))).has_value());
  ASSERT_TRUE(record(end_of(request("a", kAnna))).has_value());
  store_->set_cursor("file", 3);
  store_->set_cursor("file", 2);  // late: it never goes back
  load({"a"});
  open();
  EXPECT_EQ(*store_->cursor("file"), 3);
  EXPECT_EQ(*store_->cursor("another"), 0);
  EXPECT_EQ(*store_->last_position(), 4);
  const auto rows = store_->read_after(1, 2);
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].position, 2);
  EXPECT_EQ((*rows)[0].event.attempt_id, "b");
  EXPECT_EQ((*rows)[0].event.type, EventType::kCallStatus);
  EXPECT_EQ((*rows)[1].event.attempt_id, "a");
  EXPECT_EQ((*rows)[1].event.type, EventType::kOptOut);
  EXPECT_EQ((*rows)[1].event.sequence, 1u);
  EXPECT_EQ((*rows)[1].event.time, at(2'000));
  EXPECT_EQ((*rows)[1].event.data, R"({"key":"9"})");
}

TEST_F(LedgerTest, ASecondOpenIsLockedInThisProcessAndInAnother) {
  open();
  const auto second = SqliteStore::open(file_, desk_.post());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::Locked);
  EXPECT_NE(second.error().detail.find(std::to_string(::getpid())), std::string::npos) << second.error().detail;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto third = SqliteStore::open(file_, desk_.post());
    ::_exit(!third && third.error().code == ErrorCode::Locked ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(LedgerTest, AFileOfANewerVersionIsRefusedAndLeftAlone) {
  open();
  store_.reset();
  Database(file_, Database::Mode::kReadWrite).execute("PRAGMA user_version=99");
  const auto opened = SqliteStore::open(file_, desk_.post());
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::Ledger);
  EXPECT_NE(opened.error().detail.find("newer carillon"), std::string::npos) << opened.error().detail;
}

TEST_F(LedgerTest, OnlyItsOwnerMayReadIt) {
  open();
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file_).permissions() & (perms::group_all | perms::others_all), perms::none);
}

TEST_F(LedgerTest, ManySubmitsShareFewCommits) {
  open();
  const auto before = store_->commits();
  int done = 0;
  for (int i = 0; i < 2'000; ++i) {
    store_->accept(request(fmt::format("a{:04}", i), fmt::format("+1202{:07}", i)), false,
                   [&done](const Result<Accepted>& accepted) { done += accepted ? 1 : 0; });
  }
  while (done < 2'000) desk_.run_one();
  EXPECT_LT(store_->commits() - before, 200u);
  EXPECT_EQ(load_open().size(), 2'000u);
}

TEST_F(LedgerTest, ATransactionThatIsRefusedIsToldAndLeavesNothing) {
  open();
  ASSERT_TRUE(accept(request("a")).has_value());
  AttemptChange again = end_of(request("a"));
  again.is_new = true;  // it is there already
  const auto refused = record(again);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Ledger);
  EXPECT_EQ(load({"a"})[0].attempt.progress.status, CallStatus::kQueued);
  EXPECT_TRUE(store_->read_after(0, 10)->empty());
  EXPECT_TRUE(accept(request("b", kBert)).has_value()) << "it goes on";
}

}  // namespace
}  // namespace carillon::ledger
