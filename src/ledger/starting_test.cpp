// A contact's try in the real ledger: its gates, its intent, its end, each one transaction.
#include "ledger/starting.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ledger/testing/ledger_test.h"

namespace carillon::ledger {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::at;
using testing::end_of;
using testing::kAnna;
using testing::kBert;
using testing::kOperator;
using testing::open_rules;
using testing::opt_out_of;
using testing::request;
using testing::start_of;
using Kind = StartResult::Kind;
using Sums = std::map<std::string, std::int64_t>;

const Time kNow = at(10);

class StartingTest : public testing::LedgerTest {
 protected:
  // What a gate is to be asked about: Anna's first try in a running campaign. A test spoils something.
  struct Case {
    Campaign of;
    std::shared_ptr<GateRules> rules;
    CallingTime time = testing::open_hours();
    ClassRules& for_class() { return rules->policy.classes[of.settings.kind]; }
  };
  Case begin_case(const CampaignSettings& settings = {}) {
    open();
    CampaignSettings with_name = settings;
    with_name.advertiser = "Acme";
    Case made{campaign("spring", {kAnna}, with_name), nullptr};
    made.rules = open_rules(made.of);
    return made;
  }
  StartResult start(const Case& one, const std::string& id = "a1") {
    auto asked = start_of(next_try(one.of, contacts(one.of).at(0), id), one.rules, kNow);
    asked.calling_time = one.time;
    return intend(asked);
  }

  // The contact waits: it is told when and why, and nothing else is written.
  void expect_held(const Case& one, const std::string& reason, Time until) {
    const auto result = start(one);
    EXPECT_EQ(result.kind, Kind::kHeld);
    ASSERT_TRUE(result.verdict.has_value());
    EXPECT_EQ(result.verdict->reason, reason);
    EXPECT_EQ(result.due_at, until);
    const auto contact = contacts(one.of).at(0);
    EXPECT_EQ(contact.state, ContactState::kReady);
    EXPECT_EQ(contact.due_at, until);
    EXPECT_EQ(contact.reason, reason);
    EXPECT_EQ(contact.detail, result.verdict->detail);
    EXPECT_EQ(contact.tries, 0);
    EXPECT_TRUE(load({"a1"}).empty());
    EXPECT_EQ(report("spring").reasons, (Sums{{"ready/" + reason, 1}}));
    EXPECT_EQ(start(one).kind, Kind::kGone) << "it is not due before";
    EXPECT_EQ(drift(), "");
  }
  // The contact is done with, by a skipped attempt and its event.
  void expect_skipped(const Case& one, const std::string& reason) {
    const auto result = start(one);
    EXPECT_EQ(result.kind, Kind::kSkipped);
    ASSERT_TRUE(result.verdict.has_value());
    EXPECT_EQ(result.verdict->reason, reason);
    const auto contact = contacts(one.of).at(0);
    EXPECT_EQ(contact.state, ContactState::kSkipped);
    EXPECT_EQ(contact.reason, reason);
    EXPECT_EQ(contact.detail, result.verdict->detail);
    EXPECT_EQ(contact.outcome, Outcome::kSkipped);
    EXPECT_EQ(contact.last_attempt, "a1");
    const auto attempt = load({"a1"}).at(0).attempt;
    EXPECT_EQ(attempt.progress.status, CallStatus::kSkipped);
    EXPECT_EQ(attempt.progress.reason, reason);
    EXPECT_EQ(attempt.progress.intended_at, Time{}) << "it was not placed: caps do not count it";
    const auto events = *store_->read_after(0, 100);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().event.attempt_id, "a1");
    EXPECT_NE(events.back().event.data.find(reason), std::string::npos) << events.back().event.data;
    EXPECT_EQ(report("spring").statuses.at("skipped"), 1);
    EXPECT_EQ(start(one, "a2").kind, Kind::kGone);
    EXPECT_EQ(drift(), "");
  }
};

// ---------------------------------------------------------------- the intent

TEST_F(StartingTest, AnIntentInsertsTheAttemptAndMovesTheContact) {
  const auto one = begin_case();
  ASSERT_EQ(start(one).kind, Kind::kStarted);
  const auto attempt = load_open().at(0).attempt;
  EXPECT_EQ(attempt.request.id, "a1");
  EXPECT_EQ(attempt.request.contact_key, contacts(one.of).at(0).key);
  EXPECT_TRUE(attempt.progress.is_intended);
  const auto contact = contacts(one.of).at(0);
  EXPECT_EQ(contact.state, ContactState::kInCall);
  EXPECT_EQ(contact.tries, 1);
  EXPECT_EQ(contact.last_attempt, "a1");
  EXPECT_EQ(contact.reason, "");
  EXPECT_EQ(report("spring").attempts, 1);
  EXPECT_EQ(report("spring").states, (Sums{{"in-call", 1}}));
  EXPECT_EQ(sql("SELECT policy FROM attempt"), "test@3");
  EXPECT_EQ(drift(), "");
}

TEST_F(StartingTest, AnIntentThatComesTooLateIsGoneAndWritesNothing) {
  const auto one = begin_case();
  auto asked = start_of(next_try(one.of, contacts(one.of).at(0), "a1"), one.rules, kNow);
  asked.change.attempt.request.try_number = 2;
  EXPECT_EQ(intend(asked).kind, Kind::kGone) << "the hopper's copy is of another try";
  asked.change.attempt.request.try_number = 1;
  asked.change.attempt.request.contact_key = 99;
  EXPECT_EQ(intend(asked).kind, Kind::kGone) << "there is no such contact";
  for (const auto state : {CampaignState::kDraft, CampaignState::kScheduled, CampaignState::kPaused,
                           CampaignState::kStopping, CampaignState::kCompleted, CampaignState::kCanceled}) {
    Campaign stopped = one.of;
    stopped.state = state;
    change(stopped);
    EXPECT_EQ(start(one).kind, Kind::kGone) << to_string(state);
  }
  EXPECT_TRUE(load_open().empty());
  change(one.of);
  ASSERT_EQ(start(one).kind, Kind::kStarted);
  EXPECT_EQ(start(one, "a2").kind, Kind::kGone) << "it is in a call";
  EXPECT_EQ(report("spring").attempts, 1);
  EXPECT_EQ(drift(), "");
}

// ---------------------------------------------------------------- gates that hold

TEST_F(StartingTest, CallingTimesHoldUntilTheyOpen) {
  for (const auto* gate : {"window", "holiday", "jewish-day"}) {
    SCOPED_TRACE(gate);
    file_ = folder_.path() / gate;
    auto one = begin_case();
    one.time = {false, gate, fmt::format("{}-closed", gate), "come back later", at(3'600'000), {}};
    expect_held(one, fmt::format("{}-closed", gate), at(3'600'000));
  }
}

TEST_F(StartingTest, ARegistryThatWasNotAskedHolds) {
  auto one = begin_case();
  one.for_class().registries = {{"us-dnc", hours(24), hours(0)}};
  expect_held(one, "registry-stale", kNow + minutes(10));
}

TEST_F(StartingTest, AMissingConsentHolds) {
  auto one = begin_case();
  one.for_class().needs_consent = true;
  expect_held(one, "consent-missing", kNow + minutes(10));
}

TEST_F(StartingTest, AnExpiredConsentHoldsAndAFreshOneLetsPass) {
  auto one = begin_case();
  one.for_class().needs_consent = true;
  const auto consent = [&](Consent given) {
    const auto added = ask<std::int64_t>([&](CampaignStore& store, Reply<std::int64_t> reply) {
      store.add_consents({{kAnna, given}}, kOperator, std::move(reply));
    });
    EXPECT_EQ(*added, 1);
  };
  consent({"Acme", "written", "file 7", at(-2'000), at(-1'000)});
  expect_held(one, "consent-expired", kNow + minutes(10));
  consent({"Acme", "written", "file 8", at(-500), {}});
  auto later = start_of(next_try(one.of, contacts(one.of).at(0), "a2"), one.rules, kNow + minutes(10));
  EXPECT_EQ(intend(later).kind, Kind::kStarted);
}

TEST_F(StartingTest, CapsHoldUntilTheOldestTryNoLongerCounts) {
  auto one = begin_case();
  const Campaign autumn = campaign("autumn", {kAnna});
  const auto other = begin(autumn, "b1", at(1));
  ASSERT_TRUE(record(end_of(other, Outcome::kBusy, {ContactState::kDone, {}, "final-busy"})).has_value());
  one.for_class().caps.per_day = 1;
  expect_held(one, "cap-day", at(10) + hours(24));  // end_of says that it was intended at 10
}

TEST_F(StartingTest, AnOpenAttemptToTheNumberHolds) {
  const auto one = begin_case();
  begin(campaign("autumn", {kAnna}), "b1");
  expect_held(one, "number-open", kNow + seconds(30));
}

TEST_F(StartingTest, AnAttemptWhoseFateIsUnknownHolds) {
  const auto one = begin_case();
  const auto other = begin(campaign("autumn", {kAnna}), "b1");
  ASSERT_TRUE(record(end_of(other, Outcome::kUnknown, {ContactState::kUnknown, {}, "unknown"})).has_value());
  expect_held(one, "unknown-attempt", kNow + minutes(10));
}

TEST_F(StartingTest, ACampaignThatHasNotStartedHolds) {
  CampaignSettings settings;
  settings.starts_at = at(60'000);
  expect_held(begin_case(settings), "not-started", at(60'000));
}

TEST_F(StartingTest, ASpentBudgetHolds) {
  CampaignSettings settings;
  settings.budget = Budget{0.9, 0.1, Duration(60'000)};  // one call of ten minutes may cost 1.0
  expect_held(begin_case(settings), "budget-spent", kNow + minutes(10));
}

TEST_F(StartingTest, ABudgetThatIsReservedHoldsAndEndedCallsSpendIt) {
  CampaignSettings settings;
  settings.budget = Budget{1.5, 0.1, Duration(60'000)};
  const auto one = begin_case(settings);
  ASSERT_EQ(start(one).kind, Kind::kStarted);
  add(one.of, {testing::new_contact(2, kBert)});
  const auto bert = [&](const std::string& id, Time now) {
    return intend(start_of(next_try(one.of, contacts(one.of).at(1), id), one.rules, now));
  };
  const auto held = bert("b1", kNow);
  EXPECT_EQ(held.kind, Kind::kHeld);
  EXPECT_EQ(held.due_at, kNow + seconds(30)) << "what is reserved becomes free again";
  auto end =
      end_of(next_try(one.of, contacts(one.of).at(0), "a1"), Outcome::kHuman, {ContactState::kDone, {}, "human"});
  end.attempt.progress.talked = Duration(50'000);
  end.cost = 0.1;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(record(end).has_value()) << "told twice, it is spent once";
  EXPECT_DOUBLE_EQ(report("spring").spent, 0.1);
  EXPECT_EQ(bert("b2", kNow + seconds(30)).kind, Kind::kStarted);
}

// ---------------------------------------------------------------- gates that skip

TEST_F(StartingTest, EveryLevelOfSuppressionSkips) {
  const std::vector<std::pair<SuppressionLevel, std::string>> levels{{SuppressionLevel::kGlobal, ""},
                                                                     {SuppressionLevel::kRegistry, "own-list"},
                                                                     {SuppressionLevel::kAdvertiser, "Acme"},
                                                                     {SuppressionLevel::kCampaign, "spring"}};
  for (const auto& [level, scope] : levels) {
    SCOPED_TRACE(to_string(level));
    file_ = folder_.path() / to_string(level);
    const auto one = begin_case();
    // One that ends leaves the contact ready until its turn comes.
    EXPECT_EQ(suppress({kAnna, level, scope, "asked", "operator", at(0), at(3'600'000)}), 1);
    EXPECT_EQ(contacts(one.of).at(0).state, ContactState::kReady);
    expect_skipped(one, fmt::format("suppressed-{}", to_string(level)));
  }
}

TEST_F(StartingTest, ANumberThatARegistryListsIsSkipped) {
  auto one = begin_case();
  one.for_class().registries = {{"us-dnc", hours(24), hours(0)}};
  const auto checked = ask<std::int64_t>([&](CampaignStore& store, Reply<std::int64_t> reply) {
    store.add_registry_checks(
        {{kAnna, {"us-dnc", false, at(-20)}}, {kAnna, {"us-dnc", true, at(-10)}}, {kAnna, {"us-dnc", false, at(-30)}}},
        kOperator, std::move(reply));
  });
  EXPECT_EQ(*checked, 3) << "the newest counts, whatever comes after it";
  expect_skipped(one, "registry-listed");
}

TEST_F(StartingTest, ASpentLifetimeSkips) {
  auto one = begin_case();
  const auto other = begin(campaign("autumn", {kAnna}), "b1");
  ASSERT_TRUE(record(end_of(other, Outcome::kBusy, {ContactState::kDone, {}, "final-busy"})).has_value());
  one.for_class().caps.lifetime = 1;
  expect_skipped(one, "cap-lifetime");
}

TEST_F(StartingTest, ACampaignThatIsOverSkips) {
  CampaignSettings settings;
  settings.ends_at = at(30'000);
  expect_skipped(begin_case(settings), "campaign-over");
}

// ---------------------------------------------------------------- the end

TEST_F(StartingTest, AnEndMovesTheContactOnce) {
  const auto one = begin_case();
  ASSERT_EQ(start(one).kind, Kind::kStarted);
  const auto first = load_open().at(0).attempt.request;
  const auto busy = end_of(first, Outcome::kBusy, {ContactState::kReady, at(20), "retry-busy"});
  ASSERT_TRUE(record(busy).has_value());
  auto contact = contacts(one.of).at(0);
  EXPECT_EQ(contact.state, ContactState::kReady);
  EXPECT_EQ(contact.due_at, at(20));
  EXPECT_EQ(contact.reason, "retry-busy");
  EXPECT_EQ(contact.outcome, Outcome::kBusy);
  EXPECT_EQ(contact.tries, 1);
  auto repeated = busy;
  repeated.contact->next.due_at = at(99'000);
  ASSERT_TRUE(record(repeated).has_value());
  EXPECT_EQ(contacts(one.of).at(0).due_at, at(20)) << "told twice";

  const auto second = next_try(one.of, contact, "a2");
  ASSERT_EQ(intend(start_of(second, one.rules, at(20))).kind, Kind::kStarted);
  ASSERT_TRUE(record(end_of(first, Outcome::kHuman, {ContactState::kDone, {}, "human"})).has_value());
  EXPECT_EQ(contacts(one.of).at(0).state, ContactState::kInCall) << "told late: the second try is under way";
  ASSERT_TRUE(record(end_of(second, Outcome::kHuman, {ContactState::kDone, {}, "human"})).has_value());
  EXPECT_EQ(contacts(one.of).at(0).state, ContactState::kDone);
  EXPECT_EQ(report("spring").states, (Sums{{"done", 1}}));
  EXPECT_EQ(report("spring").attempts, 2);
  EXPECT_EQ(drift(), "");
}

TEST_F(StartingTest, WhatWasNeverSentGivesTheTryBackAndDoesNotCountForCaps) {
  auto one = begin_case();
  one.for_class().caps.per_day = 1;
  ASSERT_EQ(start(one).kind, Kind::kStarted);
  auto end = end_of(load_open().at(0).attempt.request, Outcome::kCanceled, {ContactState::kReady, kNow, "never-sent"});
  end.attempt.progress.is_intended = false;
  end.attempt.progress.intended_at = {};
  end.contact->is_try_spent = false;
  ASSERT_TRUE(record(end).has_value());
  EXPECT_EQ(contacts(one.of).at(0).tries, 0);
  EXPECT_EQ(report("spring").attempts, 0);
  EXPECT_EQ(drift(), "");
  EXPECT_EQ(start(one, "a2").kind, Kind::kStarted);
}

}  // namespace
}  // namespace carillon::ledger
