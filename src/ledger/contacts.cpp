#include "ledger/contacts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "base/text.h"
#include "base/ulid.h"
#include "core/call/call.h"
#include "ledger/attempts.h"
#include "ledger/suppressions.h"

namespace carillon::ledger {
namespace {

constexpr const char* kSelect =
    "SELECT c.key, c.campaign, k.id, c.number, c.external_id, c.variables, c.lane, c.state, c.due_at, c.tries, "
    "c.outcome, c.reason, c.detail, c.last_attempt FROM contact c JOIN campaign k ON k.key = c.campaign WHERE ";

ContactView read_contact(const Statement& row) {
  ContactView contact;
  contact.key = row.integer(0);
  contact.campaign_key = row.integer(1);
  contact.campaign_id = row.text(2);
  contact.number = row.text(3);
  contact.external_id = row.text(4);
  contact.variables = row.text(5);
  contact.lane = static_cast<int>(row.integer(6));
  contact.state = static_cast<ContactState>(row.integer(7));
  contact.due_at = time_from_ms(row.integer(8));
  contact.tries = static_cast<int>(row.integer(9));
  contact.outcome = parse_outcome(row.text(10)).value_or(Outcome::kNone);
  contact.reason = row.text(11);
  contact.detail = row.text(12);
  contact.last_attempt = row.text(13);
  return contact;
}

// Lanes by what their contacts have in common. A list of millions has a few dozens of them: each is looked up once a
// batch.
class LaneIds {
 public:
  explicit LaneIds(Database& db) : db_(db) {}
  int of(const NewContact& contact) {
    if (contact.place.get() == last_) return last_id_;
    const auto [found, is_news] = known_.try_emplace(*contact.place);
    if (is_news) found->second = find_or_make(*contact.place);
    last_ = contact.place.get();
    last_id_ = found->second;
    return found->second;
  }

 private:
  int find_or_make(const ContactPlace& place) {
    const std::string zones = fmt::format("{}", fmt::join(place.zones, ","));
    const std::string regions = fmt::format("{}", fmt::join(place.regions, ","));
    {
      auto known = db_.prepare("SELECT id FROM lane WHERE zones = ? AND regions = ?");
      known.bind(zones).bind(regions);
      if (known.step()) return static_cast<int>(known.integer(0));
    }
    db_.prepare("INSERT INTO lane(zones, regions) VALUES (?, ?)").bind(zones).bind(regions).run();
    return static_cast<int>(db_.last_rowid());
  }

  Database& db_;
  std::map<ContactPlace, int> known_;
  const ContactPlace* last_ = nullptr;  // neighbours on a list are mostly of one place
  int last_id_ = 0;
};

std::string campaign_id_of(Database& db, std::int64_t key) {
  auto statement = db.prepare("SELECT id FROM campaign WHERE key = ?");
  statement.bind(key);
  return statement.step() ? statement.text(0) : std::string();
}

std::vector<std::string> names_of(const std::string& joined) {
  return joined.empty() ? std::vector<std::string>() : split(joined, ',');
}

bool is_in_another_campaign(Database& db, const std::string& number, std::int64_t campaign_key) {
  auto statement = db.prepare("SELECT 1 FROM contact WHERE number = ? AND campaign <> ? AND state < 2");
  statement.bind(number).bind(campaign_key);
  return statement.step();
}

void count(Database& db, const ContactView& contact, std::int64_t n) {
  const auto state = to_string(contact.state);
  db.tally().add(contact.campaign_id, TallyKind::kContact, state, n);
  if (contact.reason.empty()) return;
  db.tally().add(contact.campaign_id, TallyKind::kReason, fmt::format("{}/{}", state, contact.reason), n);
}

}  // namespace

std::optional<Lane> find_lane(Database& db, int id) {
  auto statement = db.prepare("SELECT zones, regions FROM lane WHERE id = ?");
  statement.bind(id);
  if (!statement.step()) return std::nullopt;
  return Lane{id, names_of(statement.text(0)), names_of(statement.text(1))};
}

AddedContacts add_contacts(Database& db, std::int64_t campaign_key, const std::vector<NewContact>& contacts) {
  AddedContacts result;
  const std::string campaign_id = campaign_id_of(db, campaign_key);
  LaneIds lanes(db);
  for (const auto& contact : contacts) {
    {
      auto insert = db.prepare(
          "INSERT OR IGNORE INTO contact(campaign, number, external_id, lane, variables, state, due_at, tries, "
          "outcome, reason, detail, last_attempt) VALUES (?, ?, ?, ?, ?, 0, 0, 0, '', '', '', '')");
      const int lane = lanes.of(contact);
      insert.bind(campaign_key).bind(contact.number).bind(contact.external_id).bind(lane).bind(contact.variables).run();
    }
    if (db.changes() == 0) {
      result.duplicate_lines.push_back(contact.line);
    } else {
      ++result.added;
      if (is_in_another_campaign(db, contact.number, campaign_key)) ++result.in_other_campaigns;
    }
    // A consent is news also of somebody who is on the list already.
    if (contact.consent) add_consent(db, contact.number, *contact.consent);
  }
  db.tally().add(campaign_id, TallyKind::kContact, to_string(ContactState::kReady), result.added);
  return result;
}

std::vector<LaneCount> count_lanes(Database& db, std::int64_t campaign_key) {
  // Jumps from lane to lane in the index; counting them all would cost a walk through the whole campaign.
  std::vector<LaneCount> lanes;
  int last = -1;
  for (;;) {
    auto next = db.prepare(
        "SELECT lane, due_at FROM contact WHERE campaign = ? AND state = 0 AND lane > ? "
        "ORDER BY lane, due_at LIMIT 1");
    next.bind(campaign_key).bind(last);
    if (!next.step()) return lanes;
    last = static_cast<int>(next.integer(0));
    LaneCount lane;
    lane.next_due = time_from_ms(next.integer(1));
    if (auto known = find_lane(db, last)) lane.lane = std::move(*known);
    lanes.push_back(std::move(lane));
  }
}

DueContacts fetch_due(Database& db, std::int64_t campaign_key, int lane, DueKind kind, Time now, int limit) {
  DueContacts due;
  const auto read = [&](Statement& statement) {
    while (statement.step()) {
      DueContact contact;
      contact.key = statement.integer(0);
      contact.number = statement.text(1);
      contact.external_id = statement.text(2);
      contact.variables = statement.text(3);
      contact.lane = lane;
      contact.tries = static_cast<int>(statement.integer(4));
      contact.due_at = time_from_ms(statement.integer(5));
      due.contacts.push_back(std::move(contact));
    }
  };
  {
    // Whoever was told to be called again comes before the rest of the list, however long that is.
    auto again = db.prepare(
        "SELECT key, number, external_id, variables, tries, due_at FROM contact WHERE campaign = ? AND state = 0 "
        "AND lane = ? AND due_at > 0 AND due_at <= ? ORDER BY due_at, key LIMIT ?");
    again.bind(campaign_key).bind(lane).bind(to_ms(now)).bind(limit);
    read(again);
  }
  if (kind == DueKind::kAll) {
    auto fresh = db.prepare(
        "SELECT key, number, external_id, variables, tries, due_at FROM contact WHERE campaign = ? AND state = 0 "
        "AND lane = ? AND due_at = 0 ORDER BY key LIMIT ?");
    fresh.bind(campaign_key).bind(lane).bind(limit - static_cast<std::int64_t>(due.contacts.size()));
    read(fresh);
  }
  auto later = db.prepare(
      "SELECT due_at FROM contact WHERE campaign = ? AND state = 0 AND lane = ? AND due_at > ? ORDER BY due_at LIMIT "
      "1");
  later.bind(campaign_key).bind(lane).bind(to_ms(now));
  if (later.step()) due.next_due = time_from_ms(later.integer(0));
  return due;
}

std::optional<ContactView> find_contact(Database& db, std::int64_t key) {
  static const std::string sql = std::string(kSelect) + "c.key = ?";
  auto statement = db.prepare(sql.c_str());
  statement.bind(key);
  if (!statement.step()) return std::nullopt;
  return read_contact(statement);
}

ContactPage list_contacts(Database& db, std::int64_t campaign_key, std::optional<ContactState> state,
                          std::int64_t after, int limit) {
  static const std::string sql =
      std::string(kSelect) + "c.campaign = ? AND c.key > ? AND (? < 0 OR c.state = ?) ORDER BY c.key LIMIT ?";
  ContactPage page;
  auto statement = db.prepare(sql.c_str());
  const std::int64_t wanted = state ? static_cast<std::int64_t>(*state) : -1;
  statement.bind(campaign_key).bind(after).bind(wanted).bind(wanted).bind(limit);
  while (statement.step()) page.contacts.push_back(read_contact(statement));
  if (static_cast<int>(page.contacts.size()) == limit) page.next = page.contacts.back().key;
  return page;
}

std::vector<ContactView> contacts_of(Database& db, const std::string& number) {
  static const std::string sql = std::string(kSelect) + "c.number = ? ORDER BY c.campaign DESC";
  std::vector<ContactView> contacts;
  auto statement = db.prepare(sql.c_str());
  statement.bind(number);
  while (statement.step()) contacts.push_back(read_contact(statement));
  return contacts;
}

void change_contact(Database& db, const ContactView& before, const ContactView& after) {
  db.prepare(
        "UPDATE contact SET state = ?, due_at = ?, tries = ?, outcome = ?, reason = ?, detail = ?, last_attempt = ? "
        "WHERE key = ?")
      .bind(static_cast<std::int64_t>(after.state))
      .bind(to_ms(after.due_at))
      .bind(after.tries)
      .bind(to_string(after.outcome))
      .bind(after.reason)
      .bind(after.detail)
      .bind(after.last_attempt)
      .bind(before.key)
      .run();
  count(db, before, -1);
  count(db, after, 1);
}

void end_contact_attempt(Database& db, const AttemptChange& change) {
  const auto& asked = change.attempt.request;
  const auto before = find_contact(db, asked.contact_key);
  // What is told twice, or late, must not move a contact that has gone on.
  if (!before || before->last_attempt != asked.id) return;
  if (before->state != ContactState::kInCall && before->state != ContactState::kUnknown) return;
  ContactView after = *before;
  after.state = change.contact->next.state;
  after.due_at = change.contact->next.due_at.value_or(Time{});
  after.reason = change.contact->next.reason;
  after.detail.clear();
  after.outcome = change.attempt.progress.outcome;
  if (!change.contact->is_try_spent) after.tries = std::max(0, after.tries - 1);
  change_contact(db, *before, after);
}

void skip_ready_contacts(Database& db, const std::string& number, const std::string& reason, const std::string& detail,
                         Time now) {
  for (const auto& contact : contacts_of(db, number)) {
    if (contact.state != ContactState::kReady) continue;
    AttemptRequest request;
    thread_local UlidGenerator ids = UlidGenerator::from_entropy();
    request.id = ids.next(now);
    request.campaign_id = contact.campaign_id;
    request.campaign_key = contact.campaign_key;
    request.contact_key = contact.key;
    request.contact_id = contact.external_id;
    request.number = contact.number;
    request.variables = contact.variables;
    request.created_at = now;
    skip_contact(db, contact, request, reason, detail, now);
  }
}

void skip_contact(Database& db, const ContactView& contact, const AttemptRequest& request, const std::string& reason,
                  const std::string& detail, Time now) {
  Call call(request, CallLimits{});
  const CallStep step = call.skip(reason, now);
  AttemptChange skipped;
  skipped.attempt = {request, call.progress()};
  skipped.events = step.events;
  skipped.is_new = true;
  apply_change(db, skipped);
  ContactView after = contact;
  after.state = ContactState::kSkipped;
  after.reason = reason;
  after.detail = detail;
  after.outcome = Outcome::kSkipped;
  after.last_attempt = request.id;
  change_contact(db, contact, after);
}

}  // namespace carillon::ledger
