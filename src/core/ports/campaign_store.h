// What the engine and the API need of the ledger for campaigns, contacts, suppressions and reports. As in store.h: each
// write is one transaction, callbacks come after the commit, on the engine's thread. Reads of much come in pages.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/campaign/contact_place.h"
#include "core/ports/store.h"

namespace carillon {

// A contact as an import brings it.
struct NewContact {
  std::size_t line = 0;                                         // of the list, for messages
  std::string number;                                           // E.164
  std::string external_id;                                      // the list's own id
  std::shared_ptr<const ContactPlace> place = unknown_place();  // never null
  std::string variables;                                        // JSON object; empty = none
  std::optional<Consent> consent;
};

struct AddedContacts {
  std::int64_t added = 0;
  std::vector<std::size_t> duplicate_lines;  // the campaign has the number already, also from earlier lines
  std::int64_t in_other_campaigns = 0;       // of the added: known to an unfinished other campaign, too
};

// Contacts that share their zones; the dialer looks at windows lane by lane, not contact by contact.
struct Lane {
  int id = 0;
  std::vector<std::string> zones;    // IANA
  std::vector<std::string> regions;  // ISO 3166
};

struct LaneCount {
  Lane lane;
  std::optional<Time> next_due;
};

// A contact that may be called, as the hopper holds it.
struct DueContact {
  std::int64_t key = 0;
  std::string number;
  std::string external_id;
  std::string variables;
  int lane = 0;
  int tries = 0;
  Time due_at{};
  // Once it is known; only of campaigns that speak to each contact. The dialer's: a ledger leaves it empty.
  std::optional<ContactPrompt> prompt{};
};

struct DueContacts {
  std::vector<DueContact>
      contacts;                  // those to be called again first, by due_at; then the new ones, in the list's order
  std::optional<Time> next_due;  // of the first ready contact that is not due yet
};

enum class DueKind : std::uint8_t {
  kAll,
  kAgain,  // only contacts with a due time: retries, and those that a gate held
};

// A contact as people see it.
struct ContactView {
  std::int64_t key = 0;
  std::int64_t campaign_key = 0;
  std::string campaign_id;
  std::string number;
  std::string external_id;
  std::string variables;
  int lane = 0;
  ContactState state = ContactState::kReady;
  Time due_at{};  // when ready: Time{} = at once
  int tries = 0;
  Outcome outcome = Outcome::kNone;  // of the last attempt
  std::string reason;                // the fixed word of its state
  std::string detail;                // the deciding verdict's sentence, if a gate holds or skips it
  std::string last_attempt;
};

// Sums of one campaign. Kept up to date with each commit: reading them costs nothing, whatever its size.
struct CampaignReport {
  std::int64_t contacts = 0;
  std::map<std::string, std::int64_t> states;    // of contacts, by ContactState's word
  std::map<std::string, std::int64_t> reasons;   // of contacts that are skipped, or ready and held by a gate
  std::int64_t attempts = 0;                     // placed; those never sent are not counted
  std::map<std::string, std::int64_t> statuses;  // of attempts
  std::map<std::string, std::int64_t> outcomes;
  std::map<std::string, std::int64_t> keys;
  std::int64_t opt_outs = 0;  // calls in which it was asked for
  std::int64_t events = 0;
  double spent = 0;
};

// Who did what to a campaign or a suppression, for the audit.
struct Actor {
  std::string name;  // of the API key, "cli", "engine"
  bool is_admin = false;
};

struct AuditEntry {
  Time at{};
  std::string who;
  std::string what;           // "campaign.started", "suppression.removed", …
  std::string campaign_id;    // empty if it concerns none
  std::string detail;         // never a whole number
  std::string call_id = {};   // the attempt's id; empty if it concerns none
  std::int64_t position = 0;  // filled in by the ledger
};

struct AuditPage {
  std::vector<AuditEntry> entries;  // newest first
  std::int64_t next = 0;            // position to go on below; 0 = the end
};

struct SuppressionPage {
  std::vector<Suppression> entries;
  std::string next;  // cursor; empty = the end
};

struct ContactPage {
  std::vector<ContactView> contacts;
  std::int64_t next = 0;  // key to go on after; 0 = the end
};

struct AttemptPage {
  std::vector<Attempt> attempts;
  std::string next;  // id to go on after; empty = the end
};

// One contact with the facts its gates need.
struct ContactFacts {
  ContactView contact;
  Facts facts;
};

struct ContactFactsPage {
  std::vector<ContactFacts> contacts;
  std::int64_t next = 0;
};

// What an operator decides about an attempt whose fate is unknown.
enum class Resolution : std::uint8_t {
  kCallAgain,  // it did not reach anybody: the contact is ready again
  kLeave,      // it may have: the contact is done
};

class CampaignStore {
 public:
  virtual ~CampaignStore() = default;

  virtual void load_campaigns(Reply<std::vector<Campaign>> reply) = 0;
  // Conflict if the id is taken.
  virtual void create_campaign(Campaign campaign, Actor actor, Reply<Campaign> reply) = 0;
  // State, settings and detail as given; `what` goes to the audit. Urgent: a stop is acknowledged by it.
  virtual void change_campaign(Campaign campaign, Actor actor, std::string what, Reply<void> reply) = 0;

  virtual void add_contacts(std::int64_t campaign_key, std::vector<NewContact> contacts,
                            Reply<AddedContacts> reply) = 0;
  virtual void count_lanes(std::int64_t campaign_key, Reply<std::vector<LaneCount>> reply) = 0;
  // Ready contacts of the lane, due by `now`, at most `limit`.
  virtual void fetch_due(std::int64_t campaign_key, int lane, DueKind kind, Time now, int limit,
                         Reply<DueContacts> reply) = 0;

  virtual void report(std::string campaign_id, Reply<CampaignReport> reply) = 0;
  virtual void list_contacts(std::int64_t campaign_key, std::optional<ContactState> state, std::int64_t after,
                             int limit, Reply<ContactPage> reply) = 0;
  virtual void list_attempts(std::string campaign_id, std::string after, int limit, Reply<AttemptPage> reply) = 0;
  // Contacts after the key, with facts as of now: for previews.
  virtual void facts_page(std::int64_t campaign_key, std::int64_t after, int limit, Reply<ContactFactsPage> reply) = 0;
  // The number in every campaign that has it, newest campaign first; without a campaign its facts alone (key 0).
  virtual void facts_of(std::string number, Reply<std::vector<ContactFacts>> reply) = 0;
  virtual void attempts_of(std::string number, int limit, Reply<std::vector<Attempt>> reply) = 0;

  // Adds or replaces. Ready contacts of a globally suppressed number are skipped in the same transaction.
  virtual void suppress(std::vector<Suppression> entries, Actor actor, Reply<std::int64_t> reply) = 0;
  // NotFound if there is no such entry.
  virtual void unsuppress(std::string number, SuppressionLevel level, std::string scope, Actor actor,
                          Reply<void> reply) = 0;
  virtual void list_suppressions(std::string number, std::string after, int limit, Reply<SuppressionPage> reply) = 0;
  virtual void add_registry_checks(std::vector<std::pair<std::string, RegistryCheck>> checks, Actor actor,
                                   Reply<std::int64_t> reply) = 0;
  virtual void add_consents(std::vector<std::pair<std::string, Consent>> consents, Actor actor,
                            Reply<std::int64_t> reply) = 0;

  // Of an attempt whose outcome is unknown and that is not resolved yet; else Conflict or NotFound.
  virtual void resolve(std::string attempt_id, Resolution resolution, Actor actor, Reply<void> reply) = 0;
  virtual void audit(std::string campaign_id, int limit, Reply<std::vector<AuditEntry>> reply) = 0;
  // Everything, or what concerns one call, from below the position on; 0 = from the newest.
  virtual void list_audit(std::string call_id, std::int64_t below, int limit, Reply<AuditPage> reply) = 0;
  // For what is done elsewhere than in the ledger: durable before it is done. The entry's time is its own.
  virtual void record_audit(AuditEntry entry, Reply<void> reply) = 0;
};

}  // namespace carillon
