#include "simulated/memory_store.h"

#include <fmt/format.h>

#include "base/text.h"

namespace carillon::simulated {

// ---------------------------------------------------------------- queues

void MemoryStore::move_on(std::deque<Job>& jobs, std::deque<Answer>& answers, std::size_t n) {
  for (; n > 0 && !jobs.empty(); --n) {
    const Job job = std::move(jobs.front());
    jobs.pop_front();
    answers.push_back(job());
  }
}

void MemoryStore::let_go(std::deque<Answer>& answers, std::size_t n) {
  for (; n > 0 && !answers.empty(); --n) {
    const Answer answer = std::move(answers.front());
    answers.pop_front();
    answer();
  }
}

void MemoryStore::crash() {
  writes_.clear();
  replies_.clear();
  reads_.clear();
  read_replies_.clear();
}

void MemoryStore::note_audit(const Actor& actor, std::string what, std::string campaign_id, std::string detail) {
  ledger.write_audit({clock_(), actor.name, std::move(what), std::move(campaign_id), std::move(detail)});
}

// ---------------------------------------------------------------- calls

void MemoryStore::accept(AttemptRequest request, std::shared_ptr<const GateRules> rules, CallingTime calling_time,
                         Reply<Accepted> reply) {
  write<Accepted>(std::move(reply), [this, request = std::move(request), rules = std::move(rules),
                                     calling_time = std::move(calling_time)] {
    return ledger.accept_request(request, *rules, calling_time);
  });
}

void MemoryStore::intend(StartRequest request, Reply<StartResult> reply) {
  write<StartResult>(std::move(reply), [this, request = std::move(request)]() -> Result<StartResult> {
    return ledger.record_intent(request);
  });
}

void MemoryStore::record(AttemptChange change, Reply<void> reply) {
  write<void>(std::move(reply), [this, change = std::move(change)]() -> Result<void> {
    ledger.apply_change(change);
    return {};
  });
}

void MemoryStore::load_open(Reply<std::vector<StoredAttempt>> reply) {
  write<std::vector<StoredAttempt>>(std::move(reply),
                                    [this]() -> Result<std::vector<StoredAttempt>> { return ledger.find_not_final(); });
}

void MemoryStore::load(std::vector<std::string> ids, Reply<std::vector<StoredAttempt>> reply) {
  write<std::vector<StoredAttempt>>(std::move(reply),
                                    [this, ids = std::move(ids)]() -> Result<std::vector<StoredAttempt>> {
                                      std::vector<StoredAttempt> found;
                                      for (const auto& id : ids) {
                                        if (auto one = ledger.find_stored(id)) found.push_back(std::move(*one));
                                      }
                                      return found;
                                    });
}

void MemoryStore::find_call(std::string call_id, Reply<std::optional<StoredAttempt>> reply) {
  write<std::optional<StoredAttempt>>(std::move(reply),
                                      [this, call_id = std::move(call_id)]() -> Result<std::optional<StoredAttempt>> {
                                        return ledger.find_call(call_id);
                                      });
}

// ---------------------------------------------------------------- campaigns and contacts

void MemoryStore::load_campaigns(Reply<std::vector<Campaign>> reply) {
  write<std::vector<Campaign>>(std::move(reply),
                               [this]() -> Result<std::vector<Campaign>> { return ledger.load_campaigns(); });
}

void MemoryStore::create_campaign(Campaign campaign, Actor actor, Reply<Campaign> reply) {
  write<Campaign>(std::move(reply), [this, campaign = std::move(campaign), actor = std::move(actor)] {
    auto created = ledger.create_campaign(campaign);
    if (created) note_audit(actor, "campaign.created", campaign.id, to_json_text(campaign.settings));
    return created;
  });
}

void MemoryStore::change_campaign(Campaign campaign, Actor actor, std::string what, Reply<void> reply) {
  write<void>(std::move(reply),
              [this, campaign = std::move(campaign), actor = std::move(actor), what = std::move(what)] {
                auto changed = ledger.change_campaign(campaign);
                if (changed) note_audit(actor, what, campaign.id, campaign.detail);
                return changed;
              });
}

void MemoryStore::add_contacts(std::int64_t campaign_key, std::vector<NewContact> contacts,
                               Reply<AddedContacts> reply) {
  write<AddedContacts>(std::move(reply),
                       [this, campaign_key, contacts = std::move(contacts)]() -> Result<AddedContacts> {
                         return ledger.add_contacts(campaign_key, contacts);
                       });
}

void MemoryStore::count_lanes(std::int64_t campaign_key, Reply<std::vector<LaneCount>> reply) {
  look_up<std::vector<LaneCount>>(std::move(reply), [this, campaign_key]() -> Result<std::vector<LaneCount>> {
    return ledger.count_lanes(campaign_key);
  });
}

void MemoryStore::fetch_due(std::int64_t campaign_key, int lane, DueKind kind, Time now, int limit,
                            Reply<DueContacts> reply) {
  look_up<DueContacts>(std::move(reply), [this, campaign_key, lane, kind, now, limit]() -> Result<DueContacts> {
    return ledger.fetch_due(campaign_key, lane, kind, now, limit);
  });
}

void MemoryStore::resolve(std::string attempt_id, Resolution resolution, Actor actor, Reply<void> reply) {
  write<void>(std::move(reply), [this, attempt_id = std::move(attempt_id), resolution, actor = std::move(actor)] {
    auto resolved = ledger.resolve_attempt(attempt_id, resolution, clock_());
    if (resolved) {
      const auto* what = resolution == Resolution::kCallAgain ? "attempt.resolved.call-again" : "attempt.resolved.left";
      note_audit(actor, what, ledger.find(attempt_id)->request.campaign_id, attempt_id);
    }
    return resolved;
  });
}

// ---------------------------------------------------------------- numbers

void MemoryStore::suppress(std::vector<Suppression> entries, Actor actor, Reply<std::int64_t> reply) {
  write<std::int64_t>(std::move(reply),
                      [this, entries = std::move(entries), actor = std::move(actor)]() -> Result<std::int64_t> {
                        std::int64_t added = 0;
                        for (const auto& entry : entries) added += ledger.suppress_number(entry) ? 1 : 0;
                        note_audit(actor, "suppression.added", "", fmt::format("{} numbers", added));
                        return added;
                      });
}

void MemoryStore::unsuppress(std::string number, SuppressionLevel level, std::string scope, Actor actor,
                             Reply<void> reply) {
  write<void>(std::move(reply),
              [this, number = std::move(number), level, scope = std::move(scope), actor = std::move(actor)] {
                auto removed = ledger.unsuppress_number(number, level, scope);
                if (removed) {
                  note_audit(actor, "suppression.removed", "",
                             fmt::format("{} {} {}", mask_number(number), to_string(level), scope));
                }
                return removed;
              });
}

void MemoryStore::add_registry_checks(std::vector<std::pair<std::string, RegistryCheck>> checks, Actor actor,
                                      Reply<std::int64_t> reply) {
  write<std::int64_t>(std::move(reply),
                      [this, checks = std::move(checks), actor = std::move(actor)]() -> Result<std::int64_t> {
                        for (const auto& [number, check] : checks) ledger.add_registry_check(number, check);
                        note_audit(actor, "registry.checked", "", fmt::format("{} numbers", checks.size()));
                        return static_cast<std::int64_t>(checks.size());
                      });
}

void MemoryStore::add_consents(std::vector<std::pair<std::string, Consent>> consents, Actor actor,
                               Reply<std::int64_t> reply) {
  write<std::int64_t>(std::move(reply),
                      [this, consents = std::move(consents), actor = std::move(actor)]() -> Result<std::int64_t> {
                        for (const auto& [number, consent] : consents) ledger.add_consent(number, consent);
                        note_audit(actor, "consent.added", "", fmt::format("{} numbers", consents.size()));
                        return static_cast<std::int64_t>(consents.size());
                      });
}

// ---------------------------------------------------------------- for people

void MemoryStore::report(std::string campaign_id, Reply<CampaignReport> reply) {
  look_up<CampaignReport>(std::move(reply), [this, campaign_id = std::move(campaign_id)]() -> Result<CampaignReport> {
    return ledger.report(campaign_id);
  });
}

void MemoryStore::list_contacts(std::int64_t campaign_key, std::optional<ContactState> state, std::int64_t after,
                                int limit, Reply<ContactPage> reply) {
  look_up<ContactPage>(std::move(reply), [this, campaign_key, state, after, limit]() -> Result<ContactPage> {
    return ledger.list_contacts(campaign_key, state, after, limit);
  });
}

void MemoryStore::list_attempts(std::string campaign_id, std::string after, int limit, Reply<AttemptPage> reply) {
  look_up<AttemptPage>(std::move(reply),
                       [this, campaign_id = std::move(campaign_id), after = std::move(after),
                        limit]() -> Result<AttemptPage> { return ledger.list_attempts(campaign_id, after, limit); });
}

void MemoryStore::facts_page(std::int64_t campaign_key, std::int64_t after, int limit, Reply<ContactFactsPage> reply) {
  look_up<ContactFactsPage>(std::move(reply), [this, campaign_key, after, limit]() -> Result<ContactFactsPage> {
    return ledger.facts_page(campaign_key, after, limit);
  });
}

void MemoryStore::facts_of(std::string number, Reply<std::vector<ContactFacts>> reply) {
  look_up<std::vector<ContactFacts>>(std::move(reply),
                                     [this, number = std::move(number)]() -> Result<std::vector<ContactFacts>> {
                                       return ledger.facts_of_number(number);
                                     });
}

void MemoryStore::attempts_of(std::string number, int limit, Reply<std::vector<Attempt>> reply) {
  look_up<std::vector<Attempt>>(std::move(reply),
                                [this, number = std::move(number), limit]() -> Result<std::vector<Attempt>> {
                                  return ledger.attempts_of(number, limit);
                                });
}

void MemoryStore::list_suppressions(std::string number, std::string after, int limit, Reply<SuppressionPage> reply) {
  look_up<SuppressionPage>(
      std::move(reply),
      [this, number = std::move(number), after = std::move(after), limit]() -> Result<SuppressionPage> {
        return ledger.list_suppressions(number, after, limit);
      });
}

void MemoryStore::audit(std::string campaign_id, int limit, Reply<std::vector<AuditEntry>> reply) {
  look_up<std::vector<AuditEntry>>(
      std::move(reply), [this, campaign_id = std::move(campaign_id), limit]() -> Result<std::vector<AuditEntry>> {
        return ledger.read_audit(campaign_id, limit);
      });
}

void MemoryStore::list_audit(std::string call_id, std::int64_t below, int limit, Reply<AuditPage> reply) {
  look_up<AuditPage>(std::move(reply), [this, call_id = std::move(call_id), below, limit]() -> Result<AuditPage> {
    return ledger.list_audit(call_id, below, limit);
  });
}

void MemoryStore::record_audit(AuditEntry entry, Reply<void> reply) {
  write<void>(std::move(reply), [this, entry = std::move(entry)]() -> Result<void> {
    ledger.write_audit(entry);
    return {};
  });
}

}  // namespace carillon::simulated
