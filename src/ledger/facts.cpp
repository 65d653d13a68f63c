#include "ledger/facts.h"

#include <algorithm>

#include "core/campaign/phone_number.h"
#include "ledger/contacts.h"
#include "ledger/suppressions.h"

namespace carillon::ledger {
namespace {

// Beyond, caps have spoken long ago; the loopback test trunk's numbers are called without end.
constexpr int kMaxAttempts = 500;
constexpr double kMicros = 1e6;

void add_attempts(Database& db, Facts& facts) {
  auto statement = db.prepare(
      "SELECT intended_at, outcome, resolved_at, ended_at FROM attempt WHERE number = ? AND intended_at > 0 "
      "AND direction = 'outbound' ORDER BY intended_at DESC LIMIT ?");
  statement.bind(facts.number).bind(kMaxAttempts);
  while (statement.step()) {
    facts.attempts.push_back(time_from_ms(statement.integer(0)));
    const bool is_unknown = statement.text(1) == to_string(Outcome::kUnknown) && statement.integer(2) == 0;
    if (is_unknown && !facts.unknown_at) facts.unknown_at = time_from_ms(statement.integer(3));
  }
  std::ranges::reverse(facts.attempts);
}

bool has_open_attempt(Database& db, const std::string& number, const std::string& except_id) {
  auto statement =
      db.prepare("SELECT 1 FROM attempt WHERE number = ? AND state = 1 AND direction = 'outbound' AND id <> ?");
  statement.bind(number).bind(except_id);
  return statement.step();
}

void add_consents(Database& db, Facts& facts) {
  auto statement = db.prepare("SELECT advertiser, basis, evidence, given_at, expires_at FROM consent WHERE number = ?");
  statement.bind(facts.number);
  while (statement.step()) {
    Consent consent{statement.text(0), statement.text(1), statement.text(2), time_from_ms(statement.integer(3)), {}};
    if (statement.integer(4) != 0) consent.expires_at = time_from_ms(statement.integer(4));
    facts.consents.push_back(std::move(consent));
  }
}

void add_registry_checks(Database& db, Facts& facts) {
  auto statement = db.prepare("SELECT registry, is_listed, checked_at FROM registry_check WHERE number = ?");
  statement.bind(facts.number);
  while (statement.step()) {
    facts.registry_checks.push_back({statement.text(0), statement.integer(1) != 0, time_from_ms(statement.integer(2))});
  }
}

void add_budget(Database& db, Facts& facts, std::int64_t campaign_key) {
  auto campaign = db.prepare("SELECT spent_micros FROM campaign WHERE key = ?");
  campaign.bind(campaign_key);
  if (campaign.step()) facts.spent = static_cast<double>(campaign.integer(0)) / kMicros;
}

Facts facts_of(Database& db, const std::string& number, const std::string& except_id) {
  Facts facts;
  facts.number = number;
  facts.suppressions = suppressions_of(db, number);
  facts.has_open_attempt = has_open_attempt(db, number, except_id);
  add_registry_checks(db, facts);
  add_consents(db, facts);
  add_attempts(db, facts);
  return facts;
}

}  // namespace

Facts facts_of_request(Database& db, const AttemptRequest& request) {
  Facts facts = facts_of(db, request.number, request.id);
  const auto number = parse_phone_number(request.number, "");
  if (number) {
    facts.regions = number->regions;
  } else {
    facts.number.clear();
    facts.number_problem = number.error().detail;
  }
  if (!request.time_zone.empty()) facts.zones = {request.time_zone};
  return facts;
}

std::int64_t count_open_attempts(Database& db, std::int64_t campaign_key) {
  auto open = db.prepare("SELECT count(*) FROM attempt WHERE state = 1 AND campaign_key = ?");
  open.bind(campaign_key);
  return open.step() ? open.integer(0) : 0;
}

Facts facts_of_contact(Database& db, std::int64_t campaign_key, const std::string& number, int lane,
                       const std::string& except_attempt) {
  Facts facts = facts_of(db, number, except_attempt);
  if (auto known = find_lane(db, lane)) {
    facts.zones = std::move(known->zones);
    facts.regions = std::move(known->regions);
  }
  add_budget(db, facts, campaign_key);
  return facts;
}

ContactFactsPage facts_page(Database& db, std::int64_t campaign_key, std::int64_t after, int limit) {
  ContactFactsPage page;
  auto contacts = list_contacts(db, campaign_key, std::nullopt, after, limit);
  page.next = contacts.next;
  for (auto& contact : contacts.contacts) {
    Facts facts = facts_of_contact(db, campaign_key, contact.number, contact.lane, "");
    page.contacts.push_back({std::move(contact), std::move(facts)});
  }
  return page;
}

std::vector<ContactFacts> facts_of_number(Database& db, const std::string& number) {
  std::vector<ContactFacts> found;
  for (auto& contact : contacts_of(db, number)) {
    Facts facts = facts_of_contact(db, contact.campaign_key, number, contact.lane, "");
    found.push_back({std::move(contact), std::move(facts)});
  }
  if (found.empty()) {
    AttemptRequest request;
    request.number = number;
    ContactView nobody;
    nobody.number = number;
    found.push_back({std::move(nobody), facts_of_request(db, request)});
  }
  return found;
}

}  // namespace carillon::ledger
