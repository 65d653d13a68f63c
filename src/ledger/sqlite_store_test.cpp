// Calls in the real ledger: what it is told comes back, its rules hold, and one process at a time has it.
#include "ledger/sqlite_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/database.h"
#include "ledger/testing/ledger_test.h"

namespace carillon::ledger {
namespace {

using testing::at;
using testing::end_of;
using testing::kAnna;
using testing::kBert;
using testing::open_hours;
using testing::open_rules;
using testing::opt_out_of;
using testing::request;
using testing::start_of;
using Kind = StartResult::Kind;

using SqliteStoreTest = testing::LedgerTest;

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

AttemptChange ring_in(const std::string& id, const std::string& number) {
  AttemptRequest asked = request(id, number);
  asked.direction = Direction::kInbound;
  AttemptChange change = opt_out_of(asked);
  change.is_new = true;
  return change;
}

std::string words(const AttemptRequest& asked) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", asked.id, asked.call_id, asked.campaign_id,
                     asked.contact_id, asked.campaign_key, asked.contact_key, asked.try_number, asked.number,
                     asked.audio, asked.caller_id, asked.time_zone, asked.variables, asked.fingerprint, asked.trunk,
                     to_string(asked.direction), asked.ring_timeout.count(), to_ms(asked.created_at));
}

std::string words(const AttemptProgress& progress) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {}", to_string(progress.status),
                     to_string(progress.outcome), progress.reason, progress.sip_code, progress.q850, progress.raw_cause,
                     progress.is_intended, progress.node_boot, progress.next_sequence, to_ms(progress.intended_at),
                     to_ms(progress.ringing_at), to_ms(progress.answered_at), to_ms(progress.ended_at),
                     progress.talked.count());
}

TEST_F(SqliteStoreTest, AnAttemptComesBackWithAllItsFieldsAlsoAfterReopening) {
  open();
  const auto asked = full_request();
  const auto accepted = accept(asked);
  ASSERT_TRUE(accepted.has_value());
  EXPECT_FALSE(accepted->is_repeat);
  ASSERT_EQ(load_open().size(), 1u);
  EXPECT_EQ(words(load_open()[0].attempt.request), words(asked));
  EXPECT_EQ(words(load_open()[0].attempt.progress), words(AttemptProgress{}));

  const auto start = start_of(asked, open_rules());
  ASSERT_EQ(intend(start).kind, Kind::kStarted);
  open();
  EXPECT_EQ(words(load_open()[0].attempt.progress), words(start.change.attempt.progress));

  auto end = opt_out_of(asked);
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

TEST_F(SqliteStoreTest, AnIntentKeepsTheEvidenceThatTheCallWasAllowed) {
  open();
  ASSERT_TRUE(accept(full_request()).has_value());
  ASSERT_EQ(intend(full_request()).kind, Kind::kStarted);
  EXPECT_EQ(sql("SELECT policy FROM attempt"), "test@3");
  const auto verdicts = sql("SELECT verdicts FROM attempt");
  EXPECT_TRUE(verdicts.starts_with("number; duplicate; suppression; registry;")) << verdicts;
  ASSERT_TRUE(record(end_of(full_request(), Outcome::kBusy)).has_value());
  EXPECT_EQ(sql("SELECT verdicts FROM attempt"), verdicts);
}

TEST_F(SqliteStoreTest, ACallFromOutsideIsInsertedWithItsFirstNote) {
  open();
  const auto change = ring_in("in-1700000000.1", kBert);
  ASSERT_TRUE(record(change).has_value());
  EXPECT_EQ(words(load({"in-1700000000.1"})[0].attempt.request), words(change.attempt.request));
}

TEST_F(SqliteStoreTest, ARepeatedCallIdGivesTheAttemptFromBeforeAndAnotherRequestConflicts) {
  open();
  ASSERT_TRUE(accept(full_request()).has_value());
  AttemptRequest again = full_request();
  again.id = "01HF0000000000000000000002";
  const auto repeated = accept(again);
  ASSERT_TRUE(repeated.has_value());
  EXPECT_TRUE(repeated->is_repeat);
  EXPECT_EQ(repeated->attempt.request.id, full_request().id);
  again.fingerprint = "another";
  EXPECT_EQ(accept(again).error().code, ErrorCode::Conflict);
  const auto find = [&](const std::string& id) {
    return *ask<std::optional<StoredAttempt>>(
        [&](Store& store, Reply<std::optional<StoredAttempt>> reply) { store.find_call(id, std::move(reply)); });
  };
  EXPECT_EQ(find("order-7")->attempt.request.id, full_request().id);
  EXPECT_EQ(find(full_request().id)->attempt.request.call_id, "order-7");
  EXPECT_FALSE(find("order-8").has_value());
}

TEST_F(SqliteStoreTest, ASuppressedNumberIsRefusedAndItsWaitingIntentLeavesNothing) {
  open();
  ASSERT_TRUE(accept(request("waiting", kAnna)).has_value());
  ASSERT_TRUE(record(ring_in("in-1", kAnna)).has_value());

  const auto refused = intend(request("waiting"));
  EXPECT_EQ(refused.kind, Kind::kSkipped);
  EXPECT_EQ(refused.verdict->reason, "suppressed-global");
  EXPECT_FALSE(load({"waiting"})[0].attempt.progress.is_intended);
  AttemptRequest asked = request("now");
  asked.campaign_id = "another";
  const auto now = accept(asked);
  ASSERT_FALSE(now.has_value());
  EXPECT_EQ(now.error().code, ErrorCode::Held);
  EXPECT_TRUE(now.error().detail.starts_with("suppression (suppressed-global): ")) << now.error().detail;
  EXPECT_TRUE(load({"now"}).empty());
}

TEST_F(SqliteStoreTest, AClosedWindowHoldsACallUntilItOpens) {
  open();
  ASSERT_TRUE(accept(full_request()).has_value());
  auto start = start_of(full_request(), open_rules());
  start.calling_time = {false, "window", "window-closed", "outside 09:00-20:00", at(3'600'000), {}};
  const auto held = intend(start);
  EXPECT_EQ(held.kind, Kind::kHeld);
  EXPECT_EQ(held.due_at, at(3'600'000));
  EXPECT_EQ(held.verdict->reason, "window-closed");
  EXPECT_EQ(words(load_open()[0].attempt.progress), words(AttemptProgress{}));
  start.calling_time.opens_at = start.now;
  EXPECT_EQ(intend(start).due_at, start.now + std::chrono::seconds(1)) << "never at once again";
}

TEST_F(SqliteStoreTest, ANumberThatIsNotOneIsRefused) {
  open();
  const auto refused = accept(request("odd", "12"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Held);
  EXPECT_TRUE(refused.error().detail.starts_with("number (number-invalid): ")) << refused.error().detail;
}

TEST_F(SqliteStoreTest, OneAttemptIsOpenPerNumber) {
  open();
  ASSERT_TRUE(accept(request("first")).has_value());
  EXPECT_EQ(accept(request("impatient")).error().code, ErrorCode::NumberBusy);
  AttemptRequest second = request("second");
  second.campaign_id = "autumn";
  ASSERT_TRUE(accept(second).has_value()) << "it waits in another campaign";
  ASSERT_EQ(intend(request("first")).kind, Kind::kStarted);
  const auto held = intend(second);
  EXPECT_EQ(held.kind, Kind::kHeld);
  EXPECT_EQ(held.verdict->reason, "number-open");
  ASSERT_EQ(intend(request("first")).kind, Kind::kStarted) << "its own intent, repeated";
  EXPECT_EQ(accept(request("late")).error().code, ErrorCode::NumberBusy);
  ASSERT_TRUE(record(end_of(request("first"), Outcome::kHuman)).has_value());
  EXPECT_EQ(intend(second).kind, Kind::kStarted);
}

TEST_F(SqliteStoreTest, ARepeatedChangeChangesNothing) {
  open();
  AttemptRequest asked = full_request();
  ASSERT_TRUE(accept(asked).has_value());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(record(opt_out_of(asked)).has_value());
  EXPECT_EQ(store_->read_after(0, 100)->size(), 2u);
  const auto sums = report("autumn");
  EXPECT_EQ(sums.keys.at("9"), 1);
  EXPECT_EQ(sums.opt_outs, 1);
  EXPECT_EQ(sums.events, 2);
  EXPECT_EQ(drift(), "");
}

TEST_F(SqliteStoreTest, AReportSumsCallsThatNameACampaign) {
  open();
  for (int i = 0; i < 6; ++i) {
    AttemptRequest asked = request(fmt::format("a{}", i), fmt::format("+120255501{:02}", i));
    asked.campaign_id = i < 5 ? "autumn" : "winter";
    ASSERT_TRUE(accept(asked).has_value());
    if (i == 0 || i == 5) ASSERT_TRUE(record(opt_out_of(asked)).has_value());
    if (i == 1) ASSERT_TRUE(record(end_of(asked, Outcome::kBusy)).has_value());
    if (i == 2) ASSERT_EQ(intend(asked).kind, Kind::kStarted);
  }
  const auto sums = report("autumn");
  EXPECT_EQ(sums.attempts, 3) << "two wait";
  using Sums = std::map<std::string, std::int64_t>;
  EXPECT_EQ(sums.statuses, (Sums{{"busy", 1}, {"completed", 1}}));
  EXPECT_EQ(sums.outcomes, (Sums{{"busy", 1}, {"human", 1}}));
  EXPECT_EQ(sums.keys, (Sums{{"9", 1}}));
  EXPECT_EQ(sums.opt_outs, 1);
  EXPECT_EQ(sums.events, 3);
  EXPECT_EQ(report("spring").attempts, 0);
  EXPECT_EQ(drift(), "");
}

TEST_F(SqliteStoreTest, TheOutboxIsTrimmedFromItsBeginAndDeadLettersStay) {
  open();
  ASSERT_TRUE(accept(request("b", kBert)).has_value());
  ASSERT_TRUE(record(opt_out_of(request("b", kBert))).has_value());
  const auto all = *store_->read_after(0, 100);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(store_->bounds()->first, 1);
  EXPECT_EQ(*store_->position_before(all.back().event.time + Duration(1)), 2);
  EXPECT_EQ(*store_->position_before(all.front().event.time), 0);
  store_->keep_progress("web", 2, {{"web", 1, "HTTP 422", at(0)}, {"web", 2, "HTTP 400", at(1)}});
  load({"b"});
  EXPECT_EQ(*store_->cursor("web"), 2);
  EXPECT_EQ(*store_->count_dead_letters("web"), 2);
  ASSERT_EQ(store_->dead_letters("web", 0, 10)->size(), 2u);
  EXPECT_EQ(store_->dead_letters("web", 1, 10)->front().reason, "HTTP 400");
  EXPECT_TRUE(store_->dead_letters("file", 0, 10)->empty());
  store_->remove_dead_letters("web", {2});
  store_->trim(1);
  load({"b"});
  EXPECT_EQ(store_->bounds()->first, 2);
  EXPECT_EQ(store_->bounds()->last, 2);
  const auto dead = *store_->dead_letter_events("web", 0, 10);
  ASSERT_EQ(dead.size(), 1u) << "it keeps its event";
  EXPECT_EQ(event_id(dead[0].event), event_id(all[0].event));
  EXPECT_EQ(dead[0].event.data, all[0].event.data);
  EXPECT_EQ(dead[0].event.time, all[0].event.time);
  store_->trim(2);
  store_->forget_dead_letters(at(0));
  load({"b"});
  open();
  EXPECT_EQ(*store_->count_dead_letters("web"), 1);
  store_->forget_dead_letters(at(1));
  load({"b"});
  EXPECT_EQ(*store_->count_dead_letters("web"), 0);
  EXPECT_EQ(store_->bounds()->first, 0);
  EXPECT_EQ(store_->bounds()->last, 2) << "positions are never given out again";
}

TEST_F(SqliteStoreTest, TheOutboxKeepsItsOrderAndHowFarASinkIs) {
  open();
  for (const char* id : {"b", "a"})
    ASSERT_TRUE(accept(request(id, id == std::string("b") ? kBert : kAnna)).has_value());
  ASSERT_TRUE(record(opt_out_of(request("b", kBert))).has_value());
  ASSERT_TRUE(record(opt_out_of(request("a", kAnna))).has_value());
  store_->keep_progress("file", 3, {});
  load({"a"});
  open();
  EXPECT_EQ(*store_->cursor("file"), 3);
  EXPECT_EQ(*store_->cursor("another"), 0);
  EXPECT_EQ(store_->bounds()->last, 4);
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

TEST_F(SqliteStoreTest, ASecondOpenIsLockedInThisProcessAndInAnother) {
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

TEST_F(SqliteStoreTest, OnlyItsOwnerMayReadIt) {
  open();
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file_).permissions() & (perms::group_all | perms::others_all), perms::none);
}

TEST_F(SqliteStoreTest, ManySubmitsShareFewCommits) {
  open();
  const auto before = store_->commits();
  int done = 0;
  for (int i = 0; i < 2'000; ++i) {
    store_->accept(request(fmt::format("a{:04}", i), fmt::format("+1202555{:04}", i)), open_rules(), open_hours(),
                   [&done](const Result<Accepted>& accepted) { done += accepted ? 1 : -100'000; });
  }
  while (done >= 0 && done < 2'000) desk_.run_one();
  EXPECT_EQ(done, 2'000);
  EXPECT_LT(store_->commits() - before, 200u);
  EXPECT_EQ(load_open().size(), 2'000u);
}

TEST_F(SqliteStoreTest, ATransactionThatIsRefusedIsToldAndLeavesNothing) {
  open();
  ASSERT_TRUE(accept(request("a")).has_value());
  AttemptChange again = opt_out_of(request("a"));
  again.is_new = true;  // it is there already
  const auto refused = record(again);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Ledger);
  EXPECT_EQ(load({"a"})[0].attempt.progress.status, CallStatus::kQueued);
  EXPECT_TRUE(store_->read_after(0, 10)->empty());
  EXPECT_EQ(drift(), "") << "no sum of it is left for the next transaction";
  EXPECT_TRUE(accept(request("b", kBert)).has_value()) << "it goes on";
  EXPECT_EQ(drift(), "");
}

}  // namespace
}  // namespace carillon::ledger
