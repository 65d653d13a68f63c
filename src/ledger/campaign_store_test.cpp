// Campaigns and their contacts in the real ledger: lists come in, tries begin and end, operators decide.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "ledger/testing/ledger_test.h"

namespace carillon::ledger {
namespace {

using std::chrono::hours;
using testing::at;
using testing::end_of;
using testing::kAnna;
using testing::kBert;
using testing::kOperator;
using testing::new_contact;
using testing::open_rules;
using testing::opt_out_of;
using testing::start_of;
using Kind = StartResult::Kind;
using Sums = std::map<std::string, std::int64_t>;

class CampaignStoreTest : public testing::LedgerTest {
 protected:
  std::vector<LaneCount> lanes(const Campaign& of) {
    return *ask<std::vector<LaneCount>>([&](CampaignStore& store, Reply<std::vector<LaneCount>> reply) {
      store.count_lanes(of.key, std::move(reply));
    });
  }
  DueContacts due(const Campaign& of, int lane, Time now, int limit = 100, DueKind kind = DueKind::kAll) {
    return *ask<DueContacts>([&](CampaignStore& store, Reply<DueContacts> reply) {
      store.fetch_due(of.key, lane, kind, now, limit, std::move(reply));
    });
  }
  std::vector<Campaign> load_campaigns() {
    return *ask<std::vector<Campaign>>(
        [](CampaignStore& store, Reply<std::vector<Campaign>> reply) { store.load_campaigns(std::move(reply)); });
  }
  Result<void> resolve(const std::string& id, Resolution resolution) {
    return ask<void>(
        [&](CampaignStore& store, Reply<void> reply) { store.resolve(id, resolution, kOperator, std::move(reply)); });
  }
  // "what who detail", newest first.
  std::vector<std::string> audit(const std::string& campaign_id, int limit = 100) {
    const auto entries = *ask<std::vector<AuditEntry>>([&](CampaignStore& store, Reply<std::vector<AuditEntry>> reply) {
      store.audit(campaign_id, limit, std::move(reply));
    });
    std::vector<std::string> lines;
    for (const auto& entry : entries) lines.push_back(fmt::format("{} {} {}", entry.what, entry.who, entry.detail));
    return lines;
  }
};

// ---------------------------------------------------------------- campaigns

TEST_F(CampaignStoreTest, ACampaignComesBackAsItWasLeft) {
  open();
  CampaignSettings settings;
  settings.name = "Spring appeal";
  settings.advertiser = "Acme";
  settings.budget = Budget{100.0, 0.05, Duration(6'000)};
  Campaign spring = campaign("spring", {}, settings);
  spring.state = CampaignState::kStopping;
  spring.stop_mode = StopMode::kFinish;
  spring.settings.weight = 3;
  spring.policy_version = 7;
  spring.started_at = at(100);
  spring.ended_at = at(200);
  spring.detail = "as asked";
  change(spring);
  open();
  const auto loaded = load_campaigns();
  ASSERT_EQ(loaded.size(), 1u);
  EXPECT_EQ(loaded[0].key, spring.key);
  EXPECT_EQ(loaded[0].id, "spring");
  EXPECT_EQ(loaded[0].state, CampaignState::kStopping);
  EXPECT_EQ(loaded[0].stop_mode, StopMode::kFinish);
  EXPECT_EQ(loaded[0].settings, spring.settings);
  EXPECT_EQ(loaded[0].policy_version, 7);
  EXPECT_EQ(loaded[0].created_at, at(0));
  EXPECT_EQ(loaded[0].started_at, at(100));
  EXPECT_EQ(loaded[0].ended_at, at(200));
  EXPECT_EQ(loaded[0].detail, "as asked");
}

TEST_F(CampaignStoreTest, AnIdIsUsedOnceAndWhatIsNotThereCannotBeChanged) {
  open();
  const Campaign spring = campaign("spring", {});
  const auto again = ask<Campaign>(
      [&](CampaignStore& store, Reply<Campaign> reply) { store.create_campaign(spring, kOperator, std::move(reply)); });
  EXPECT_EQ(again.error().code, ErrorCode::Conflict);
  Campaign nowhere = spring;
  nowhere.key = 99;
  const auto changed = ask<void>([&](CampaignStore& store, Reply<void> reply) {
    store.change_campaign(nowhere, kOperator, "campaign.started", std::move(reply));
  });
  EXPECT_EQ(changed.error().code, ErrorCode::NotFound);
  EXPECT_EQ(audit("spring").size(), 1u) << "what was refused was not done";
}

TEST_F(CampaignStoreTest, SettingsThatCannotBeReadPauseTheCampaign) {
  open();
  campaign("spring", {});
  store_.reset();
  Database(file_, Database::Mode::kReadWrite).execute("UPDATE campaign SET settings = '{\"from\":\"the future\"}'");
  open();
  const auto loaded = load_campaigns();
  EXPECT_EQ(loaded.at(0).state, CampaignState::kPaused);
  EXPECT_TRUE(loaded.at(0).detail.starts_with("its settings cannot be read: ")) << loaded.at(0).detail;
}

TEST_F(CampaignStoreTest, TheAuditTellsWhoDidWhatNewestFirst) {
  open();
  Campaign spring = campaign("spring", {});
  campaign("autumn", {});
  spring.detail = "paused by hand";
  change(spring);
  EXPECT_EQ(audit("spring", 1), (std::vector<std::string>{"campaign.changed operator paused by hand"}));
  const auto all = audit("spring");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(all[1].starts_with("campaign.created operator {")) << all[1];
}

TEST_F(CampaignStoreTest, TheAuditOfACallIsInPagesNewestFirst) {
  open();
  campaign("spring", {});
  for (const char* what : {"call.listen", "call.play", "call.hangup"}) {
    AuditEntry entry{at(1'000), "operator", what, "", "to desk"};
    entry.call_id = "a1";
    ASSERT_TRUE(ask<void>([&](CampaignStore& store, Reply<void> reply) {
                  store.record_audit(entry, std::move(reply));
                }).has_value());
  }
  const auto page = [&](const std::string& call_id, std::int64_t below, int limit) {
    return *ask<AuditPage>([&](CampaignStore& store, Reply<AuditPage> reply) {
      store.list_audit(call_id, below, limit, std::move(reply));
    });
  };
  const auto first = page("a1", 0, 2);
  ASSERT_EQ(first.entries.size(), 2u);
  EXPECT_EQ(first.entries[0].what, "call.hangup");
  EXPECT_EQ(first.entries[0].call_id, "a1");
  const auto second = page("a1", first.next, 2);
  ASSERT_EQ(second.entries.size(), 1u);
  EXPECT_EQ(second.entries[0].what, "call.listen");
  EXPECT_EQ(second.entries[0].at, at(1'000));
  EXPECT_EQ(second.next, 0);
  EXPECT_TRUE(page("a2", 0, 10).entries.empty());
  EXPECT_EQ(page("", 0, 10).entries.size(), 4u) << "everything, the campaign's too";
}

// ---------------------------------------------------------------- lists

TEST_F(CampaignStoreTest, AListGivesItsDuplicatesByLineAndAddsNothingTheSecondTime) {
  open();
  const Campaign spring = campaign("spring", {});
  const std::vector<NewContact> list{new_contact(2, kAnna), new_contact(3, kBert), new_contact(4, kAnna)};
  const auto first = add(spring, list);
  EXPECT_EQ(first.added, 2);
  EXPECT_EQ(first.duplicate_lines, (std::vector<std::size_t>{4}));
  const auto second = add(spring, list);
  EXPECT_EQ(second.added, 0);
  EXPECT_EQ(second.duplicate_lines, (std::vector<std::size_t>{2, 3, 4}));
  EXPECT_EQ(contacts(spring).size(), 2u);
  EXPECT_EQ(report("spring").states, (Sums{{"ready", 2}}));
  EXPECT_EQ(drift(), "");
}

TEST_F(CampaignStoreTest, AContactComesBackAsTheListHadIt) {
  open();
  const Campaign spring = campaign("spring", {});
  NewContact contact = new_contact(1, kAnna);
  contact.variables = R"({"name":"Zoë"})";
  add(spring, {contact});
  const auto stored = contacts(spring).at(0);
  EXPECT_EQ(stored.campaign_key, spring.key);
  EXPECT_EQ(stored.campaign_id, "spring");
  EXPECT_EQ(stored.number, kAnna);
  EXPECT_EQ(stored.external_id, "p1");
  EXPECT_EQ(stored.variables, R"({"name":"Zoë"})");
  EXPECT_EQ(stored.state, ContactState::kReady);
  EXPECT_EQ(stored.due_at, Time{});
  EXPECT_EQ(stored.tries, 0);
  EXPECT_EQ(stored.outcome, Outcome::kNone);
}

TEST_F(CampaignStoreTest, AListTellsWhoIsInAnotherUnfinishedCampaign) {
  open();
  const Campaign spring = campaign("spring", {kAnna, kBert});
  const auto call = begin(spring, "a1");
  ASSERT_TRUE(record(end_of(call, Outcome::kHuman, {ContactState::kDone, {}, "human"})).has_value());
  const Campaign autumn = campaign("autumn", {});
  const auto added = add(autumn, {new_contact(1, kAnna), new_contact(2, kBert), new_contact(3, "+12025550103")});
  EXPECT_EQ(added.added, 3);
  EXPECT_EQ(added.in_other_campaigns, 1) << "Anna's turn is over, Bert's is not";
}

TEST_F(CampaignStoreTest, AListKeepsConsentsAlsoOfWhoIsOnItAlready) {
  open();
  const Campaign spring = campaign("spring", {kAnna});
  NewContact anna = new_contact(1, kAnna);
  anna.consent = Consent{"Acme", "written", "file 7", at(0), at(9'000)};
  EXPECT_EQ(add(spring, {anna}).added, 0);
  anna.consent->given_at = at(-5);
  anna.consent->evidence = "an older file";
  add(spring, {anna});
  const auto known = ask<std::vector<ContactFacts>>(
      [](CampaignStore& store, Reply<std::vector<ContactFacts>> reply) { store.facts_of(kAnna, std::move(reply)); });
  EXPECT_EQ(known->at(0).facts.consents, (std::vector<Consent>{{"Acme", "written", "file 7", at(0), at(9'000)}}));
}

// ---------------------------------------------------------------- who is next

TEST_F(CampaignStoreTest, ContactsThatShareTheirZonesShareALane) {
  open();
  const Campaign spring = campaign("spring", {});
  NewContact torn = new_contact(3, "+12025550103");
  const std::vector<std::string> torn_zones{"America/New_York", "America/Chicago"};
  torn.place = make_place(torn_zones, {"US"});
  NewContact lost = new_contact(4, "+12025550104");
  lost.place = unknown_place();
  add(spring, {new_contact(1, kAnna), new_contact(2, kBert), torn, lost});
  const auto all = lanes(spring);
  ASSERT_EQ(all.size(), 3u);
  std::set<std::vector<std::string>> zones;
  for (const auto& lane : all) {
    zones.insert(lane.lane.zones);
    EXPECT_EQ(lane.next_due, Time{}) << "at once";
    EXPECT_EQ(due(spring, lane.lane.id, at(0)).contacts.size(),
              lane.lane.zones == torn_zones || lane.lane.zones.empty() ? 1u : 2u);
  }
  EXPECT_EQ(zones, (std::set<std::vector<std::string>>{{}, {"America/New_York"}, torn_zones}));
  EXPECT_TRUE(lanes(campaign("autumn", {})).empty());
}

TEST_F(CampaignStoreTest, WhoIsToBeCalledAgainComesBeforeTheRestOfTheList) {
  open();
  const Campaign spring = campaign("spring", {});
  for (int i = 0; i < 4; ++i)
    add(spring, {new_contact(static_cast<std::size_t>(i), fmt::format("+120255501{:02}", i))});
  // The first two had their try: they are due again at 9 s and 7 s.
  for (int i = 0; i < 2; ++i) {
    const auto call = next_try(spring, contacts(spring).at(static_cast<std::size_t>(i)), fmt::format("a{}", i));
    ASSERT_EQ(intend(start_of(call, open_rules(spring))).kind, Kind::kStarted);
    ASSERT_TRUE(record(end_of(call, Outcome::kBusy, {ContactState::kReady, at(9'000 - 2'000 * i), "retry-busy"})));
  }
  const int lane = lanes(spring).at(0).lane.id;
  const auto numbers = [](const DueContacts& found) {
    std::string text;
    for (const auto& contact : found.contacts) text += contact.number.substr(10) + " ";
    return text;
  };
  const auto early = due(spring, lane, at(5'000));
  EXPECT_EQ(numbers(early), "02 03 ");
  EXPECT_EQ(early.next_due, at(7'000));
  EXPECT_EQ(numbers(due(spring, lane, at(7'000))), "01 02 03 ");
  const auto late = due(spring, lane, at(9'000));
  EXPECT_EQ(numbers(late), "01 00 02 03 ");
  EXPECT_EQ(late.next_due, std::nullopt);
  EXPECT_EQ(late.contacts[0].tries, 1);
  EXPECT_EQ(numbers(due(spring, lane, at(9'000), 3)), "01 00 02 ");
  EXPECT_EQ(numbers(due(spring, lane, at(9'000), 1)), "01 ");
  EXPECT_EQ(numbers(due(spring, lane, at(9'000), 100, DueKind::kAgain)), "01 00 ");
  EXPECT_EQ(due(spring, lane, at(8'000), 100, DueKind::kAgain).next_due, at(9'000));
  EXPECT_TRUE(due(spring, lane + 1, at(9'000)).contacts.empty());
}

TEST_F(CampaignStoreTest, ContactsComeInPages) {
  open();
  const Campaign spring = campaign("spring", {kAnna, kBert, "+12025550103"});
  const auto page = [&](std::int64_t after, std::optional<ContactState> state = std::nullopt) {
    return *ask<ContactPage>([&](CampaignStore& store, Reply<ContactPage> reply) {
      store.list_contacts(spring.key, state, after, 2, std::move(reply));
    });
  };
  const auto first = page(0);
  EXPECT_EQ(first.contacts.size(), 2u);
  const auto second = page(first.next);
  ASSERT_EQ(second.contacts.size(), 1u);
  EXPECT_EQ(second.contacts[0].number, "+12025550103");
  EXPECT_EQ(second.next, 0);
  begin(spring, "a1");
  EXPECT_EQ(page(0, ContactState::kInCall).contacts.at(0).number, kAnna);
  EXPECT_EQ(page(0, ContactState::kReady).contacts.size(), 2u);
  EXPECT_TRUE(page(0, ContactState::kDone).contacts.empty());
}

// ---------------------------------------------------------------- what operators decide

TEST_F(CampaignStoreTest, AnUnknownAttemptIsResolvedOnce) {
  open();
  const Campaign spring = campaign("spring", {kAnna});
  EXPECT_EQ(resolve("nothing", Resolution::kLeave).error().code, ErrorCode::NotFound);
  const auto call = begin(spring, "a1");
  EXPECT_EQ(resolve("a1", Resolution::kLeave).error().code, ErrorCode::Conflict) << "its fate is not unknown";
  ASSERT_TRUE(record(end_of(call, Outcome::kUnknown, {ContactState::kUnknown, {}, "unknown"})).has_value());
  EXPECT_TRUE(resolve("a1", Resolution::kCallAgain).has_value());
  EXPECT_EQ(resolve("a1", Resolution::kLeave).error().code, ErrorCode::Conflict);
  auto contact = contacts(spring).at(0);
  EXPECT_EQ(contact.state, ContactState::kReady);
  EXPECT_EQ(contact.reason, "resolved-call-again");
  EXPECT_EQ(audit("spring", 1), (std::vector<std::string>{"attempt.resolved.call-again operator a1"}));
  const auto again = next_try(spring, contact, "a2");
  ASSERT_EQ(intend(start_of(again, open_rules(spring), contact.due_at)).kind, Kind::kStarted) << "its number is free";
  ASSERT_TRUE(record(end_of(again, Outcome::kUnknown, {ContactState::kUnknown, {}, "unknown"})).has_value());
  EXPECT_TRUE(resolve("a2", Resolution::kLeave).has_value());
  contact = contacts(spring).at(0);
  EXPECT_EQ(contact.state, ContactState::kDone);
  EXPECT_EQ(contact.reason, "resolved-left");
  EXPECT_EQ(drift(), "");
}

TEST_F(CampaignStoreTest, EvidenceThatComesLateSettlesAnUnknownContactUnlessAnOperatorHasDecided) {
  open();
  const Campaign spring = campaign("spring", {kAnna});
  const Campaign autumn = campaign("autumn", {kBert});
  for (const auto& of : {spring, autumn}) {
    const auto call = begin(of, of.id);
    ASSERT_TRUE(record(end_of(call, Outcome::kUnknown, {ContactState::kUnknown, {}, "unknown"})).has_value());
  }
  ASSERT_TRUE(resolve("autumn", Resolution::kCallAgain).has_value());
  for (const auto& of : {spring, autumn}) {
    auto contact = contacts(of).at(0);
    contact.tries = 0;
    const auto call = next_try(of, contact, of.id);
    ASSERT_TRUE(record(end_of(call, Outcome::kHuman, {ContactState::kDone, {}, "human"})).has_value());
  }
  EXPECT_EQ(contacts(spring).at(0).state, ContactState::kDone);
  EXPECT_EQ(contacts(autumn).at(0).state, ContactState::kReady);
  EXPECT_EQ(drift(), "");
}

}  // namespace
}  // namespace carillon::ledger
