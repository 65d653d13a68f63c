#include "ledger/testing/ledger_test.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/log.h"
#include "core/call/call.h"
#include "ledger/database.h"
#include "ledger/testing/recount.h"

namespace carillon::ledger::testing {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "carillon-ledger-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::shared_ptr<GateRules> open_rules(const Campaign& campaign) {
  auto rules = std::make_shared<GateRules>();
  rules->campaign = campaign;
  rules->policy.id = "test";
  rules->policy.version = 3;
  for (const auto kind : {CampaignClass::kAdvertisement, CampaignClass::kDonation, CampaignClass::kInformational,
                          CampaignClass::kEmergency})
    rules->policy.classes[kind] = {};
  rules->places = std::make_shared<Places>();
  return rules;
}

AttemptRequest request(const std::string& id, const std::string& number) {
  AttemptRequest asked;
  asked.id = id;
  asked.number = number;
  asked.created_at = at(0);
  return asked;
}

StartRequest start_of(const AttemptRequest& asked, std::shared_ptr<const GateRules> rules, Time now) {
  Call call(asked, CallLimits{});
  call.intend("boot-1", now);
  StartRequest start;
  start.change.attempt = {call.request(), call.progress()};
  start.change.is_new = asked.contact_key != 0;
  start.rules = std::move(rules);
  start.calling_time = open_hours();
  start.now = now;
  return start;
}

AttemptChange end_of(const AttemptRequest& asked, Outcome outcome, const ContactNext& next) {
  AttemptChange change;
  change.attempt.request = asked;
  auto& progress = change.attempt.progress;
  progress.is_intended = true;
  progress.node_boot = "boot-1";
  progress.status = status_of(outcome);
  progress.outcome = outcome;
  progress.next_sequence = 2;
  progress.intended_at = at(10);
  progress.ended_at = at(5'000);
  change.events = {{EventType::kCallStatus, asked.id, 1, at(5'000), "{}"}};
  if (asked.contact_key != 0) change.contact = ContactChange{next};
  return change;
}

AttemptChange opt_out_of(const AttemptRequest& asked) {
  AttemptChange change = end_of(asked, Outcome::kHuman, {ContactState::kDone, std::nullopt, "opted-out"});
  auto& progress = change.attempt.progress;
  progress.reason = "because";
  progress.sip_code = 200;
  progress.q850 = 16;
  progress.raw_cause = "call-ended:1700000005000:16:200:Up:4000";
  progress.next_sequence = 3;
  progress.ringing_at = at(20);
  progress.answered_at = at(1'000);
  progress.talked = Duration(4'000);
  change.notes = {*parse_note(1, "dtmf-action:1700000002000:9:main:opt-out:"),
                  *parse_note(2, "call-ended:1700000005000:16:200:Up:4000")};
  change.events = {{EventType::kOptOut, asked.id, 1, at(2'000), R"({"key":"9"})"},
                   {EventType::kCallStatus, asked.id, 2, at(5'000), R"({"status":"completed"})"}};
  change.suppress = asked.number;
  return change;
}

NewContact new_contact(std::size_t line, const std::string& number, const std::string& zone) {
  NewContact contact;
  contact.line = line;
  contact.number = number;
  contact.external_id = fmt::format("p{}", line);
  contact.place = make_place({zone}, {"US"});
  return contact;
}

LedgerTest::LedgerTest() {
  log::set_up(log::Format::kText, "off");
  file_ = folder_.path() / "ledger.db";
}

void LedgerTest::open() {
  store_.reset();
  auto opened = SqliteStore::open(file_, desk_.post());
  ASSERT_TRUE(opened.has_value()) << to_string(opened.error());
  store_ = std::move(*opened);
}

Result<Accepted> LedgerTest::accept(const AttemptRequest& asked, std::shared_ptr<const GateRules> rules) {
  return ask<Accepted>([&](Store& store, Reply<Accepted> reply) {
    store.accept(asked, std::move(rules), open_hours(), std::move(reply));
  });
}

StartResult LedgerTest::intend(const StartRequest& start) {
  const auto result =
      ask<StartResult>([&](Store& store, Reply<StartResult> reply) { store.intend(start, std::move(reply)); });
  EXPECT_TRUE(result.has_value()) << to_string(result.error());
  return result.value_or(StartResult{});
}

Result<void> LedgerTest::record(const AttemptChange& change) {
  return ask<void>([&](Store& store, Reply<void> reply) { store.record(change, std::move(reply)); });
}

std::vector<StoredAttempt> LedgerTest::load(const std::vector<std::string>& ids) {
  return *ask<std::vector<StoredAttempt>>(
      [&](Store& store, Reply<std::vector<StoredAttempt>> reply) { store.load(ids, std::move(reply)); });
}

std::vector<StoredAttempt> LedgerTest::load_open() {
  return *ask<std::vector<StoredAttempt>>(
      [](Store& store, Reply<std::vector<StoredAttempt>> reply) { store.load_open(std::move(reply)); });
}

CampaignReport LedgerTest::report(const std::string& campaign_id) {
  return *ask<CampaignReport>(
      [&](CampaignStore& store, Reply<CampaignReport> reply) { store.report(campaign_id, std::move(reply)); });
}

Campaign LedgerTest::campaign(const std::string& id, const std::vector<std::string>& numbers,
                              const CampaignSettings& settings) {
  Campaign asked;
  asked.id = id;
  asked.state = CampaignState::kRunning;
  asked.settings = settings;
  asked.created_at = at(0);
  const auto made = ask<Campaign>(
      [&](CampaignStore& store, Reply<Campaign> reply) { store.create_campaign(asked, kOperator, std::move(reply)); });
  EXPECT_TRUE(made.has_value()) << to_string(made.error());
  std::vector<NewContact> contacts;
  for (const auto& number : numbers) contacts.push_back(new_contact(contacts.size() + 1, number));
  add(*made, contacts);
  return *made;
}

void LedgerTest::change(const Campaign& changed) {
  const auto done = ask<void>([&](CampaignStore& store, Reply<void> reply) {
    store.change_campaign(changed, kOperator, "campaign.changed", std::move(reply));
  });
  EXPECT_TRUE(done.has_value()) << to_string(done.error());
}

AddedContacts LedgerTest::add(const Campaign& of, const std::vector<NewContact>& contacts) {
  return *ask<AddedContacts>([&](CampaignStore& store, Reply<AddedContacts> reply) {
    store.add_contacts(of.key, contacts, std::move(reply));
  });
}

std::vector<ContactView> LedgerTest::contacts(const Campaign& of, std::optional<ContactState> state) {
  return ask<ContactPage>([&](CampaignStore& store, Reply<ContactPage> reply) {
           store.list_contacts(of.key, state, 0, 1'000, std::move(reply));
         })
      ->contacts;
}

AttemptRequest LedgerTest::next_try(const Campaign& of, const ContactView& contact, const std::string& id) {
  AttemptRequest asked = request(id, contact.number);
  asked.campaign_id = of.id;
  asked.campaign_key = of.key;
  asked.contact_key = contact.key;
  asked.contact_id = contact.external_id;
  asked.try_number = contact.tries + 1;
  return asked;
}

AttemptRequest LedgerTest::begin(const Campaign& of, const std::string& id, Time now) {
  const auto asked = next_try(of, contacts(of).at(0), id);
  EXPECT_EQ(intend(start_of(asked, open_rules(of), now)).kind, StartResult::Kind::kStarted);
  return asked;
}

std::int64_t LedgerTest::suppress(const Suppression& entry) {
  return *ask<std::int64_t>(
      [&](CampaignStore& store, Reply<std::int64_t> reply) { store.suppress({entry}, kOperator, std::move(reply)); });
}

std::string LedgerTest::sql(const std::string& query) {
  Database db(file_, Database::Mode::kReadOnly);
  auto statement = db.prepare(query.c_str());
  return statement.step() ? statement.text(0) : "";
}

std::string LedgerTest::drift() {
  Database db(file_, Database::Mode::kReadOnly);
  return drift_of(db);
}

}  // namespace carillon::ledger::testing
