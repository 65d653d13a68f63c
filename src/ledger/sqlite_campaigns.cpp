// SqliteStore's part for campaigns: each function is one job of the writer or of the reader.
#include <fmt/format.h>

#include "base/text.h"
#include "ledger/attempts.h"
#include "ledger/campaigns.h"
#include "ledger/contacts.h"
#include "ledger/facts.h"
#include "ledger/sqlite_store.h"
#include "ledger/suppressions.h"

namespace carillon::ledger {
namespace {

AuditEntry entry_of(const Actor& actor, std::string what, std::string campaign_id, std::string detail) {
  return {wall_clock_now(), actor.name, std::move(what), std::move(campaign_id), std::move(detail)};
}

constexpr auto kNow = StoreThread::Urgency::kNow;

}  // namespace

void SqliteStore::load_campaigns(Reply<std::vector<Campaign>> reply) {
  auto work = [](Database& db) -> Result<std::vector<Campaign>> { return ledger::load_campaigns(db); };
  submit<std::vector<Campaign>>(*writer_, std::move(reply), work, kNow);
}

void SqliteStore::create_campaign(Campaign campaign, Actor actor, Reply<Campaign> reply) {
  auto work = [campaign = std::move(campaign), actor = std::move(actor)](Database& db) {
    auto created = ledger::create_campaign(db, campaign);
    if (created) write_audit(db, entry_of(actor, "campaign.created", campaign.id, to_json_text(campaign.settings)));
    return created;
  };
  submit<Campaign>(*writer_, std::move(reply), std::move(work), kNow);
}

void SqliteStore::change_campaign(Campaign campaign, Actor actor, std::string what, Reply<void> reply) {
  auto work = [campaign = std::move(campaign), actor = std::move(actor), what = std::move(what)](Database& db) {
    auto changed = ledger::change_campaign(db, campaign);
    if (changed) write_audit(db, entry_of(actor, what, campaign.id, campaign.detail));
    return changed;
  };
  submit<void>(*writer_, std::move(reply), std::move(work), kNow);
}

void SqliteStore::add_contacts(std::int64_t campaign_key, std::vector<NewContact> contacts,
                               Reply<AddedContacts> reply) {
  auto work = [campaign_key, contacts = std::move(contacts)](Database& db) -> Result<AddedContacts> {
    return ledger::add_contacts(db, campaign_key, contacts);
  };
  submit<AddedContacts>(*writer_, std::move(reply), std::move(work), kNow);
}

void SqliteStore::count_lanes(std::int64_t campaign_key, Reply<std::vector<LaneCount>> reply) {
  auto work = [campaign_key](Database& db) -> Result<std::vector<LaneCount>> {
    return ledger::count_lanes(db, campaign_key);
  };
  submit<std::vector<LaneCount>>(*reader_, std::move(reply), work);
}

void SqliteStore::fetch_due(std::int64_t campaign_key, int lane, DueKind kind, Time now, int limit,
                            Reply<DueContacts> reply) {
  auto work = [=](Database& db) -> Result<DueContacts> {
    return ledger::fetch_due(db, campaign_key, lane, kind, now, limit);
  };
  submit<DueContacts>(*reader_, std::move(reply), work);
}

void SqliteStore::report(std::string campaign_id, Reply<CampaignReport> reply) {
  auto work = [campaign_id = std::move(campaign_id)](Database& db) -> Result<CampaignReport> {
    return make_report(db, campaign_id);
  };
  submit<CampaignReport>(*reader_, std::move(reply), std::move(work));
}

void SqliteStore::list_contacts(std::int64_t campaign_key, std::optional<ContactState> state, std::int64_t after,
                                int limit, Reply<ContactPage> reply) {
  auto work = [=](Database& db) -> Result<ContactPage> {
    return ledger::list_contacts(db, campaign_key, state, after, limit);
  };
  submit<ContactPage>(*reader_, std::move(reply), work);
}

void SqliteStore::list_attempts(std::string campaign_id, std::string after, int limit, Reply<AttemptPage> reply) {
  auto work = [campaign_id = std::move(campaign_id), after = std::move(after), limit](
                  Database& db) -> Result<AttemptPage> { return ledger::list_attempts(db, campaign_id, after, limit); };
  submit<AttemptPage>(*reader_, std::move(reply), std::move(work));
}

void SqliteStore::facts_page(std::int64_t campaign_key, std::int64_t after, int limit, Reply<ContactFactsPage> reply) {
  auto work = [=](Database& db) -> Result<ContactFactsPage> {
    return ledger::facts_page(db, campaign_key, after, limit);
  };
  submit<ContactFactsPage>(*reader_, std::move(reply), work);
}

void SqliteStore::facts_of(std::string number, Reply<std::vector<ContactFacts>> reply) {
  auto work = [number = std::move(number)](Database& db) -> Result<std::vector<ContactFacts>> {
    return facts_of_number(db, number);
  };
  submit<std::vector<ContactFacts>>(*reader_, std::move(reply), std::move(work));
}

void SqliteStore::attempts_of(std::string number, int limit, Reply<std::vector<Attempt>> reply) {
  auto work = [number = std::move(number), limit](Database& db) -> Result<std::vector<Attempt>> {
    return ledger::attempts_of(db, number, limit);
  };
  submit<std::vector<Attempt>>(*reader_, std::move(reply), std::move(work));
}

void SqliteStore::suppress(std::vector<Suppression> entries, Actor actor, Reply<std::int64_t> reply) {
  auto work = [entries = std::move(entries), actor = std::move(actor)](Database& db) -> Result<std::int64_t> {
    std::int64_t added = 0;
    for (const auto& entry : entries) added += suppress_number(db, entry) ? 1 : 0;
    write_audit(db, entry_of(actor, "suppression.added", "", fmt::format("{} numbers", added)));
    return added;
  };
  submit<std::int64_t>(*writer_, std::move(reply), std::move(work), kNow);
}

void SqliteStore::unsuppress(std::string number, SuppressionLevel level, std::string scope, Actor actor,
                             Reply<void> reply) {
  auto work = [number = std::move(number), level, scope = std::move(scope), actor = std::move(actor)](Database& db) {
    auto removed = unsuppress_number(db, number, level, scope);
    if (removed) {
      const auto detail = fmt::format("{} {} {}", mask_number(number), to_string(level), scope);
      write_audit(db, entry_of(actor, "suppression.removed", "", detail));
    }
    return removed;
  };
  submit<void>(*writer_, std::move(reply), std::move(work), kNow);
}

void SqliteStore::list_suppressions(std::string number, std::string after, int limit, Reply<SuppressionPage> reply) {
  auto work = [number = std::move(number), after = std::move(after), limit](Database& db) -> Result<SuppressionPage> {
    return ledger::list_suppressions(db, number, after, limit);
  };
  submit<SuppressionPage>(*reader_, std::move(reply), std::move(work));
}

void SqliteStore::add_registry_checks(std::vector<std::pair<std::string, RegistryCheck>> checks, Actor actor,
                                      Reply<std::int64_t> reply) {
  auto work = [checks = std::move(checks), actor = std::move(actor)](Database& db) -> Result<std::int64_t> {
    for (const auto& [number, check] : checks) add_registry_check(db, number, check);
    write_audit(db, entry_of(actor, "registry.checked", "", fmt::format("{} numbers", checks.size())));
    return static_cast<std::int64_t>(checks.size());
  };
  submit<std::int64_t>(*writer_, std::move(reply), std::move(work), kNow);
}

void SqliteStore::add_consents(std::vector<std::pair<std::string, Consent>> consents, Actor actor,
                               Reply<std::int64_t> reply) {
  auto work = [consents = std::move(consents), actor = std::move(actor)](Database& db) -> Result<std::int64_t> {
    for (const auto& [number, consent] : consents) add_consent(db, number, consent);
    write_audit(db, entry_of(actor, "consent.added", "", fmt::format("{} numbers", consents.size())));
    return static_cast<std::int64_t>(consents.size());
  };
  submit<std::int64_t>(*writer_, std::move(reply), std::move(work), kNow);
}

void SqliteStore::resolve(std::string attempt_id, Resolution resolution, Actor actor, Reply<void> reply) {
  auto work = [attempt_id = std::move(attempt_id), resolution, actor = std::move(actor)](Database& db) {
    auto resolved = resolve_attempt(db, attempt_id, resolution, wall_clock_now());
    if (resolved) {
      const auto* what = resolution == Resolution::kCallAgain ? "attempt.resolved.call-again" : "attempt.resolved.left";
      const auto attempt = find_attempt(db, attempt_id);
      write_audit(db, entry_of(actor, what, attempt->attempt.request.campaign_id, attempt_id));
    }
    return resolved;
  };
  submit<void>(*writer_, std::move(reply), std::move(work), kNow);
}

void SqliteStore::audit(std::string campaign_id, int limit, Reply<std::vector<AuditEntry>> reply) {
  auto work = [campaign_id = std::move(campaign_id), limit](Database& db) -> Result<std::vector<AuditEntry>> {
    return read_audit(db, campaign_id, limit);
  };
  submit<std::vector<AuditEntry>>(*reader_, std::move(reply), std::move(work));
}

void SqliteStore::list_audit(std::string call_id, std::int64_t below, int limit, Reply<AuditPage> reply) {
  auto work = [call_id = std::move(call_id), below, limit](Database& db) -> Result<AuditPage> {
    return ledger::list_audit(db, call_id, below, limit);
  };
  submit<AuditPage>(*reader_, std::move(reply), std::move(work));
}

void SqliteStore::record_audit(AuditEntry entry, Reply<void> reply) {
  auto work = [entry = std::move(entry)](Database& db) -> Result<void> {
    write_audit(db, entry);
    return {};
  };
  submit<void>(*writer_, std::move(reply), std::move(work), kNow);
}

}  // namespace carillon::ledger
