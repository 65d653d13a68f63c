// SQL about the contacts of campaigns and their lanes. Inside a transaction; the sums follow every change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ports/campaign_store.h"
#include "ledger/database.h"

namespace carillon::ledger {

std::optional<Lane> find_lane(Database& db, int id);

AddedContacts add_contacts(Database& db, std::int64_t campaign_key, const std::vector<NewContact>& contacts);
std::vector<LaneCount> count_lanes(Database& db, std::int64_t campaign_key);
DueContacts fetch_due(Database& db, std::int64_t campaign_key, int lane, DueKind kind, Time now, int limit);

std::optional<ContactView> find_contact(Database& db, std::int64_t key);
ContactPage list_contacts(Database& db, std::int64_t campaign_key, std::optional<ContactState> state,
                          std::int64_t after, int limit);
// Of every campaign, the newest first.
std::vector<ContactView> contacts_of(Database& db, const std::string& number);

// The contact as it shall be from now on: state, due_at, tries, outcome, reason, detail, last_attempt.
void change_contact(Database& db, const ContactView& before, const ContactView& after);
// The part of an attempt's end that concerns its contact (AttemptChange::contact).
void end_contact_attempt(Database& db, const AttemptChange& change);
// Every ready contact of the number becomes a skipped attempt, with its event.
void skip_ready_contacts(Database& db, const std::string& number, const std::string& reason, const std::string& detail,
                         Time now);
// Writes the skipped attempt of a contact that a gate will never let pass.
void skip_contact(Database& db, const ContactView& contact, const AttemptRequest& request, const std::string& reason,
                  const std::string& detail, Time now);

}  // namespace carillon::ledger
