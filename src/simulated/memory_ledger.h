// What the ledger holds, in memory: the semantic twin of ledger/*.cpp, decision by decision, with indexes instead of
// SQL. The gates are the same pure functions; only the facts are gathered from maps. test/sim holds the two together.
// A function here is one transaction, or a part of one; MemoryStore makes the commits. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ulid.h"
#include "core/ports/campaign_store.h"

namespace carillon::simulated {

struct AttemptRow {
  Attempt attempt;                   // as it is read back: a final one is not intended any more
  std::vector<std::uint32_t> notes;  // counted, in their order
  std::uint32_t last_event = 0;      // sequence
  Time resolved_at{};

  bool has_note(std::uint32_t seq) const;
  bool is_open() const { return attempt.progress.is_intended && attempt.request.direction == Direction::kOutbound; }
};

// How many there are of each name; what is zero is not there.
class Counts {
 public:
  void add(std::string_view name, std::int64_t n);
  const std::map<std::string, std::int64_t>& all() const { return all_; }

 private:
  std::map<std::string, std::int64_t> all_;
};

class MemoryLedger {
 public:
  // Keeps the texts of notes and the events, for tests; without them 300,000 attempts take about 250 MB.
  explicit MemoryLedger(bool keeps_texts = true) : keeps_texts_(keeps_texts) {}
  // Rows point to each other.
  MemoryLedger(MemoryLedger&&) = default;
  MemoryLedger& operator=(MemoryLedger&&) = default;

  // ---- memory_attempts.cpp
  Result<Accepted> accept_request(const AttemptRequest& request, const GateRules& rules,
                                  const CallingTime& calling_time);
  void apply_change(const AttemptChange& change);
  std::optional<StoredAttempt> find_stored(const std::string& id) const;
  std::optional<StoredAttempt> find_call(const std::string& call_id) const;
  std::vector<StoredAttempt> find_not_final() const;
  AttemptPage list_attempts(const std::string& campaign_id, const std::string& after, int limit) const;
  std::vector<Attempt> attempts_of(const std::string& number, int limit) const;

  // ---- memory_starting.cpp
  StartResult record_intent(const StartRequest& request);

  // ---- memory_contacts.cpp
  AddedContacts add_contacts(std::int64_t campaign_key, const std::vector<NewContact>& contacts);
  std::vector<LaneCount> count_lanes(std::int64_t campaign_key) const;
  DueContacts fetch_due(std::int64_t campaign_key, int lane, DueKind kind, Time now, int limit) const;
  ContactPage list_contacts(std::int64_t campaign_key, std::optional<ContactState> state, std::int64_t after,
                            int limit) const;

  // ---- memory_campaigns.cpp
  std::vector<Campaign> load_campaigns() const;
  Result<Campaign> create_campaign(Campaign campaign);
  Result<void> change_campaign(const Campaign& campaign);
  CampaignReport report(const std::string& campaign_id) const;
  void write_audit(AuditEntry entry);
  std::vector<AuditEntry> read_audit(const std::string& campaign_id, int limit) const;
  AuditPage list_audit(const std::string& call_id, std::int64_t below, int limit) const;
  Result<void> resolve_attempt(const std::string& attempt_id, Resolution resolution, Time now);

  // ---- memory_facts.cpp
  ContactFactsPage facts_page(std::int64_t campaign_key, std::int64_t after, int limit) const;
  std::vector<ContactFacts> facts_of_number(const std::string& number) const;
  std::vector<Suppression> suppressions_of(const std::string& number) const;
  bool suppress_number(const Suppression& entry);
  Result<void> unsuppress_number(const std::string& number, SuppressionLevel level, const std::string& scope);
  SuppressionPage list_suppressions(const std::string& number, const std::string& after, int limit) const;
  void add_registry_check(const std::string& number, const RegistryCheck& check);
  void add_consent(const std::string& number, const Consent& consent);

  // ---- for tests
  const std::map<std::string, AttemptRow>& attempts() const { return attempts_; }
  const Attempt* find(const std::string& id) const;
  bool has_note(const std::string& id, std::uint32_t seq) const;
  bool is_suppressed(const std::string& number) const;  // globally
  const ContactView* find_contact(std::int64_t key) const;
  const Campaign* campaign(std::int64_t key) const;
  std::int64_t contacts() const { return static_cast<std::int64_t>(contacts_.size()); }
  // In the order of their commits; empty if texts are not kept.
  const std::vector<PublishedEvent>& outbox() const { return outbox_; }
  const std::map<std::string, std::map<std::uint32_t, Note>>& notes() const { return notes_; }

  // What a real ledger would refuse, or lose without a word.
  std::vector<std::string> violations;

 private:
  struct NumberRow {
    std::vector<const AttemptRow*> attempts;
    std::vector<std::int64_t> contacts;
    const AttemptRow* open = nullptr;
  };
  struct CampaignRow {
    Campaign campaign;
    std::int64_t spent_micros = 0;
    std::int64_t open_attempts = 0;
    std::vector<std::int64_t> contacts;                          // keys, which rise
    std::map<int, std::set<std::pair<Time, std::int64_t>>> due;  // ready ones by lane: due_at and key
  };
  // The sums of everything that names one campaign.
  struct Sums {
    Counts contacts, reasons, statuses, outcomes, keys;
    std::int64_t placed = 0;
    std::int64_t opt_outs = 0;
    std::int64_t events = 0;
  };

  AttemptRow* find_row(const std::string& id);
  void insert(const Attempt& attempt);
  void link(AttemptRow& row);
  void unlink(AttemptRow& row);
  void count(const Attempt& attempt, std::int64_t n);
  void insert_notes(AttemptRow& row, const AttemptChange& change);
  void insert_events(AttemptRow& row, const AttemptChange& change);
  bool is_number_waiting_or_open(const AttemptRequest& request) const;

  StartResult start_call(const StartRequest& request);
  StartResult start_contact(const StartRequest& request);

  int lane_of(const NewContact& contact);
  bool is_in_another_campaign(const std::string& number, std::int64_t campaign_key) const;
  void change_contact(ContactView after);
  void count(const ContactView& contact, std::int64_t n);
  void end_contact_attempt(const AttemptChange& change);
  void skip_ready_contacts(const std::string& number, const std::string& reason, const std::string& detail, Time now);
  void skip_contact(const ContactView& contact, const AttemptRequest& request, const std::string& reason,
                    const std::string& detail, Time now);
  std::vector<ContactView> contacts_of(const std::string& number) const;
  CampaignRow* find_campaign(std::int64_t key);
  const CampaignRow* find_campaign(std::int64_t key) const;

  Facts facts_of(const std::string& number, const std::string& except_attempt) const;
  Facts facts_of_request(const AttemptRequest& request) const;
  Facts facts_of_contact(const ContactView& contact, const std::string& except_attempt) const;
  void add_attempts(Facts& facts) const;

  bool keeps_texts_;
  UlidGenerator ids_{1};  // of attempts that are skipped without having been started
  std::map<std::string, AttemptRow> attempts_;
  std::set<std::string> not_final_;
  std::unordered_map<std::string, const AttemptRow*> by_call_id_;
  std::unordered_map<std::string, std::vector<const AttemptRow*>> by_campaign_;  // by id
  std::unordered_map<std::string, NumberRow> numbers_;
  std::deque<CampaignRow> campaigns_;  // the one with key 1 first
  std::deque<ContactView> contacts_;   // the one with key 1 first
  std::vector<Lane> lanes_;            // the one with id 1 first
  std::map<ContactPlace, int> lane_ids_;
  std::unordered_map<std::string, Sums> sums_;
  // In the order of SQLite's primary keys; level by its word.
  std::map<std::tuple<std::string, std::string, std::string>, Suppression> suppressions_;
  std::map<std::pair<std::string, std::string>, RegistryCheck> registry_checks_;   // number, registry
  std::map<std::tuple<std::string, std::string, std::string>, Consent> consents_;  // number, advertiser, basis
  std::vector<AuditEntry> audit_;
  std::vector<PublishedEvent> outbox_;
  std::map<std::string, std::map<std::uint32_t, Note>> notes_;
};

}  // namespace carillon::simulated
