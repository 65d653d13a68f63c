// Numbers that must not be called, in the real ledger: at once effective, everywhere, and listed in pages.
#include "ledger/suppressions.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ledger/testing/ledger_test.h"

namespace carillon::ledger {
namespace {

using testing::at;
using testing::end_of;
using testing::kAnna;
using testing::kBert;
using testing::kOperator;
using testing::opt_out_of;
using testing::request;
using Sums = std::map<std::string, std::int64_t>;

class SuppressionsTest : public testing::LedgerTest {
 protected:
  SuppressionPage list(const std::string& number, const std::string& after = "", int limit = 100) {
    return *ask<SuppressionPage>([&](CampaignStore& store, Reply<SuppressionPage> reply) {
      store.list_suppressions(number, after, limit, std::move(reply));
    });
  }
  Result<void> unsuppress(const std::string& number, SuppressionLevel level, const std::string& scope) {
    return ask<void>([&](CampaignStore& store, Reply<void> reply) {
      store.unsuppress(number, level, scope, kOperator, std::move(reply));
    });
  }
  std::string last_audit() { return sql("SELECT what || ' ' || detail FROM audit ORDER BY position DESC"); }
};

Suppression entry(const std::string& number, SuppressionLevel level = SuppressionLevel::kGlobal,
                  const std::string& scope = "", std::optional<Time> expires_at = std::nullopt) {
  return {number, level, scope, "asked by letter", "operator", at(0), expires_at};
}

TEST_F(SuppressionsTest, AnOptOutByKeySkipsTheNumberInEveryCampaignWithinItsCommit) {
  open();
  const Campaign spring = campaign("spring", {kAnna, kBert});
  const Campaign autumn = campaign("autumn", {kAnna});
  const Campaign winter = campaign("winter", {kAnna});
  const auto done = begin(winter, "w1");
  ASSERT_TRUE(record(end_of(done, Outcome::kHuman, {ContactState::kDone, {}, "human"})).has_value());
  const auto call = begin(spring, "a1");
  const auto before = store_->commits();
  ASSERT_TRUE(record(opt_out_of(call)).has_value());
  EXPECT_LE(store_->commits() - before, 2u) << "its own, and the one that asks for it";

  const auto entries = list(kAnna).entries;
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0], (Suppression{kAnna, SuppressionLevel::kGlobal, "", "opt-out by key", "a1", at(2'000), {}}));
  const auto skipped = contacts(autumn).at(0);
  EXPECT_EQ(skipped.state, ContactState::kSkipped);
  EXPECT_EQ(skipped.reason, "suppressed-global");
  EXPECT_EQ(skipped.detail, "opt-out by key");
  EXPECT_EQ(load({skipped.last_attempt}).at(0).attempt.progress.status, CallStatus::kSkipped);
  EXPECT_EQ(contacts(winter).at(0).state, ContactState::kDone) << "its turn was over";
  EXPECT_EQ(contacts(spring).at(0).state, ContactState::kDone);
  EXPECT_EQ(contacts(spring).at(0).reason, "opted-out");
  EXPECT_EQ(contacts(spring).at(1).state, ContactState::kReady) << "another number";
  EXPECT_EQ(report("spring").opt_outs, 1);
  EXPECT_EQ(report("autumn").statuses, (Sums{{"skipped", 1}}));
  EXPECT_EQ(store_->read_after(0, 100)->back().event.attempt_id, skipped.last_attempt);
  EXPECT_EQ(drift(), "");
}

TEST_F(SuppressionsTest, AnOptOutDuringTheCallLeavesTheContactInIt) {
  open();
  const Campaign spring = campaign("spring", {kAnna});
  const auto call = begin(spring, "a1");
  AttemptChange press = opt_out_of(call);
  press.attempt.progress.status = CallStatus::kInProgress;
  press.attempt.progress.outcome = Outcome::kNone;
  press.contact.reset();
  ASSERT_TRUE(record(press).has_value());
  EXPECT_EQ(contacts(spring).at(0).state, ContactState::kInCall);
  EXPECT_EQ(load_open().size(), 1u);
  EXPECT_EQ(drift(), "");
}

TEST_F(SuppressionsTest, AGlobalEntryOfAnOperatorSkipsReadyContacts) {
  open();
  const Campaign spring = campaign("spring", {kAnna, kBert});
  EXPECT_EQ(suppress(entry(kAnna)), 1);
  EXPECT_EQ(last_audit(), "suppression.added 1 numbers");
  EXPECT_EQ(contacts(spring).at(0).state, ContactState::kSkipped);
  EXPECT_EQ(suppress(entry(kBert, SuppressionLevel::kAdvertiser, "Acme")), 1);
  EXPECT_EQ(contacts(spring).at(1).state, ContactState::kReady) << "only its gate can tell whether it concerns it";
  EXPECT_EQ(drift(), "");
}

TEST_F(SuppressionsTest, AnEntryGivesWayOnlyToOneThatLastsLonger) {
  open();
  EXPECT_EQ(suppress(entry(kAnna, SuppressionLevel::kGlobal, "", at(1'000))), 1);
  EXPECT_EQ(suppress(entry(kAnna, SuppressionLevel::kGlobal, "", at(500))), 0);
  EXPECT_EQ(list(kAnna).entries.at(0).expires_at, at(1'000));
  EXPECT_EQ(suppress(entry(kAnna, SuppressionLevel::kGlobal, "", at(2'000))), 1);
  EXPECT_EQ(list(kAnna).entries.at(0).expires_at, at(2'000));
  EXPECT_EQ(suppress(entry(kAnna)), 1);
  EXPECT_EQ(suppress(entry(kAnna, SuppressionLevel::kGlobal, "", at(9'000))), 0);
  EXPECT_EQ(list(kAnna).entries.at(0).expires_at, std::nullopt);
}

TEST_F(SuppressionsTest, RemovingNamesTheEntryAndIsAuditedWithoutTheNumber) {
  open();
  suppress(entry(kAnna, SuppressionLevel::kCampaign, "spring"));
  EXPECT_EQ(unsuppress(kAnna, SuppressionLevel::kGlobal, "").error().code, ErrorCode::NotFound);
  EXPECT_EQ(unsuppress(kAnna, SuppressionLevel::kCampaign, "autumn").error().code, ErrorCode::NotFound);
  EXPECT_TRUE(unsuppress(kAnna, SuppressionLevel::kCampaign, "spring").has_value());
  EXPECT_TRUE(list(kAnna).entries.empty());
  EXPECT_TRUE(last_audit().starts_with("suppression.removed ")) << last_audit();
  EXPECT_EQ(last_audit().find(kAnna), std::string::npos) << last_audit();
}

TEST_F(SuppressionsTest, TheListComesInPagesInOrderOfNumbers) {
  open();
  std::vector<std::string> expected;
  for (int i = 0; i < 5; ++i) {
    const auto number = fmt::format("+120255501{:02}", i);
    // A scope may hold what the cursor is made of.
    for (const auto* scope : {"Acme/North", "Bell"}) {
      suppress(entry(number, SuppressionLevel::kAdvertiser, scope));
      expected.push_back(number + scope);
    }
  }
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const auto page = list("", cursor, 3);
    EXPECT_LE(page.entries.size(), 3u);
    for (const auto& one : page.entries) seen.push_back(one.number + one.scope);
    cursor = page.next;
  } while (!cursor.empty());
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(list("+12025550103").entries.size(), 2u);
}

// ---------------------------------------------------------------- what is known of a number

TEST_F(SuppressionsTest, ANumbersFactsComeWithEveryCampaignThatHasItNewestFirst) {
  open();
  campaign("spring", {kAnna});
  const Campaign autumn = campaign("autumn", {kAnna});
  begin(autumn, "a1");
  suppress(entry(kAnna, SuppressionLevel::kCampaign, "spring"));
  const auto facts_of = [&](const std::string& number) {
    return *ask<std::vector<ContactFacts>>([&](CampaignStore& store, Reply<std::vector<ContactFacts>> reply) {
      store.facts_of(number, std::move(reply));
    });
  };
  const auto known = facts_of(kAnna);
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0].contact.campaign_id, "autumn");
  EXPECT_EQ(known[1].contact.campaign_id, "spring");
  for (const auto& one : known) {
    EXPECT_EQ(one.facts.number, kAnna);
    EXPECT_TRUE(one.facts.has_open_attempt);
    EXPECT_EQ(one.facts.attempts, (std::vector<Time>{at(10)}));
    EXPECT_EQ(one.facts.suppressions.size(), 1u);
    EXPECT_EQ(one.facts.zones, (std::vector<std::string>{"America/New_York"}));
    EXPECT_EQ(one.facts.regions, (std::vector<std::string>{"US"}));
  }
  const auto nobody = facts_of(kBert);
  ASSERT_EQ(nobody.size(), 1u);
  EXPECT_EQ(nobody[0].contact.key, 0);
  EXPECT_EQ(nobody[0].facts.number, kBert);
  const auto attempts = *ask<std::vector<Attempt>>(
      [&](CampaignStore& store, Reply<std::vector<Attempt>> reply) { store.attempts_of(kAnna, 10, std::move(reply)); });
  EXPECT_EQ(attempts.at(0).request.id, "a1");
}

TEST_F(SuppressionsTest, APreviewReadsContactsWithTheirFactsInPages) {
  open();
  const Campaign spring = campaign("spring", {kAnna, kBert});
  suppress(entry(kBert, SuppressionLevel::kCampaign, "spring"));
  const auto page = [&](std::int64_t after) {
    return *ask<ContactFactsPage>([&](CampaignStore& store, Reply<ContactFactsPage> reply) {
      store.facts_page(spring.key, after, 1, std::move(reply));
    });
  };
  const auto first = page(0);
  EXPECT_EQ(first.contacts.at(0).facts.number, kAnna);
  EXPECT_TRUE(first.contacts.at(0).facts.suppressions.empty());
  const auto second = page(first.next);
  EXPECT_EQ(second.contacts.at(0).facts.suppressions.size(), 1u);
  EXPECT_TRUE(page(second.next).contacts.empty());
}

}  // namespace
}  // namespace carillon::ledger
