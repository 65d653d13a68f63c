#include "ledger/attempts.h"

#include <fmt/format.h>

#include <cmath>

#include "core/call/call.h"
#include "ledger/contacts.h"
#include "ledger/facts.h"
#include "ledger/suppressions.h"

namespace carillon::ledger {
namespace {

constexpr const char* kColumns =
    "id, call_id, campaign_id, contact_id, number, audio, time_zone, variables, fingerprint, direction, "
    "ring_timeout_ms, created_at, campaign_key, contact_key, try_number, state, intended_at, status, outcome, reason, "
    "sip_code, q850, raw_cause, node_boot, next_sequence, ringing_at, answered_at, ended_at, talked_ms, trunk, "
    "caller_id, opted_out";

int state_of(const AttemptProgress& progress) {
  if (is_final(progress.status)) return 2;
  return progress.is_intended ? 1 : 0;
}

Attempt read_attempt(const Statement& row) {
  Attempt attempt;
  auto& [asked, progress] = attempt;
  asked.id = row.text(0);
  asked.call_id = row.text(1);
  asked.campaign_id = row.text(2);
  asked.contact_id = row.text(3);
  asked.number = row.text(4);
  asked.audio = row.text(5);
  asked.time_zone = row.text(6);
  asked.variables = row.text(7);
  asked.fingerprint = row.text(8);
  asked.direction = row.text(9) == "inbound" ? Direction::kInbound : Direction::kOutbound;
  asked.ring_timeout = Duration(row.integer(10));
  asked.created_at = time_from_ms(row.integer(11));
  asked.campaign_key = row.integer(12);
  asked.contact_key = row.integer(13);
  asked.try_number = static_cast<int>(row.integer(14));
  progress.is_intended = row.integer(15) == 1;
  progress.intended_at = time_from_ms(row.integer(16));
  progress.status = parse_call_status(row.text(17)).value_or(CallStatus::kUnknown);
  progress.outcome = parse_outcome(row.text(18)).value_or(Outcome::kUnknown);
  progress.reason = row.text(19);
  progress.sip_code = static_cast<int>(row.integer(20));
  progress.q850 = static_cast<int>(row.integer(21));
  progress.raw_cause = row.text(22);
  progress.node_boot = row.text(23);
  progress.next_sequence = static_cast<std::uint32_t>(row.integer(24));
  progress.ringing_at = time_from_ms(row.integer(25));
  progress.answered_at = time_from_ms(row.integer(26));
  progress.ended_at = time_from_ms(row.integer(27));
  progress.talked = Duration(row.integer(28));
  asked.trunk = row.text(29);
  asked.caller_id = row.text(30);
  progress.has_opted_out = row.integer(31) != 0;
  return attempt;
}

std::string select_where(std::string_view condition) {
  return fmt::format("SELECT {} FROM attempt WHERE {}", kColumns, condition);
}

std::set<std::uint32_t> read_notes(Database& db, const std::string& id) {
  std::set<std::uint32_t> seen;
  auto statement = db.prepare("SELECT seq FROM note WHERE attempt_id = ?");
  statement.bind(id);
  while (statement.step()) seen.insert(static_cast<std::uint32_t>(statement.integer(0)));
  return seen;
}

// What a step of an open call may change. No index has these columns: SQLite writes an index anew for every column that
// an UPDATE names, changed or not.
constexpr const char* kStepColumns =
    "status=?, outcome=?, reason=?, sip_code=?, q850=?, raw_cause=?, node_boot=?, next_sequence=?, ringing_at=?, "
    "answered_at=?, ended_at=?, talked_ms=?, trunk=?, caller_id=?, opted_out=?";

void bind_step(Statement& statement, const Attempt& attempt) {
  const auto& [asked, progress] = attempt;
  statement.bind(to_string(progress.status))
      .bind(to_string(progress.outcome))
      .bind(progress.reason)
      .bind(progress.sip_code)
      .bind(progress.q850)
      .bind(progress.raw_cause)
      .bind(progress.node_boot)
      .bind(progress.next_sequence)
      .bind(to_ms(progress.ringing_at))
      .bind(to_ms(progress.answered_at))
      .bind(to_ms(progress.ended_at))
      .bind(progress.talked.count())
      .bind(asked.trunk)
      .bind(asked.caller_id)
      .bind(progress.has_opted_out ? 1 : 0);
}

void insert_key(Database& db, const AttemptRequest& asked, const Note& note, const KeyNote& key) {
  const std::string name = key.key == 0 ? "" : std::string(1, key.key);
  db.prepare("INSERT OR IGNORE INTO key_press(attempt_id, seq, key, menu, action, at) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(asked.id)
      .bind(note.seq)
      .bind(name)
      .bind(key.menu)
      .bind(to_string(key.action))
      .bind(to_ms(note.at))
      .run();
  db.tally().add(asked.campaign_id, TallyKind::kKey, name, 1);
  if (key.action == KeyAction::kOptOut) db.tally().add(asked.campaign_id, TallyKind::kOptOut, "", 1);
}

void insert_notes(Database& db, const AttemptChange& change) {
  for (const auto& note : change.notes) {
    db.prepare("INSERT OR IGNORE INTO note(attempt_id, seq, at, text) VALUES (?, ?, ?, ?)")
        .bind(change.attempt.request.id)
        .bind(note.seq)
        .bind(to_ms(note.at))
        .bind(note.text)
        .run();
    const auto* key = std::get_if<KeyNote>(&note.fact);
    if (key != nullptr && db.changes() > 0) insert_key(db, change.attempt.request, note, *key);
  }
}

void insert_events(Database& db, const AttemptChange& change) {
  for (const auto& event : change.events) {
    db.prepare("INSERT OR IGNORE INTO outbox(attempt_id, sequence, type, time, data) VALUES (?, ?, ?, ?, ?)")
        .bind(event.attempt_id)
        .bind(event.sequence)
        .bind(to_string(event.type))
        .bind(to_ms(event.time))
        .bind(event.data)
        .run();
    if (db.changes() > 0) db.tally().add(change.attempt.request.campaign_id, TallyKind::kEvent, "", 1);
  }
}

// What counts for the campaign's sums: an attempt that was placed, and how a final one ended.
struct Counted {
  bool is_placed = false;
  bool is_ended = false;
  std::string status;
  std::string outcome;
  Duration talked{0};
};

Counted counted_of(const Attempt& attempt) {
  const auto& progress = attempt.progress;
  return {progress.intended_at != Time{}, is_counted(attempt), std::string(to_string(progress.status)),
          std::string(to_string(progress.outcome)), progress.talked};
}

Counted counted_before(Database& db, const std::string& id) {
  auto statement = db.prepare("SELECT intended_at, direction, status, outcome, talked_ms FROM attempt WHERE id = ?");
  statement.bind(id);
  if (!statement.step()) return {};
  Attempt before;
  before.progress.intended_at = time_from_ms(statement.integer(0));
  before.request.direction = statement.text(1) == "inbound" ? Direction::kInbound : Direction::kOutbound;
  before.progress.status = parse_call_status(statement.text(2)).value_or(CallStatus::kUnknown);
  before.progress.outcome = parse_outcome(statement.text(3)).value_or(Outcome::kUnknown);
  before.progress.talked = Duration(statement.integer(4));
  return counted_of(before);
}

void count(Database& db, const std::string& campaign_id, const Counted& counted, std::int64_t n) {
  if (counted.is_placed) db.tally().add(campaign_id, TallyKind::kAttempt, "placed", n);
  if (!counted.is_ended) return;
  db.tally().add(campaign_id, TallyKind::kStatus, counted.status, n);
  db.tally().add(campaign_id, TallyKind::kOutcome, counted.outcome, n);
}

void charge_campaign(Database& db, std::int64_t campaign_key, double cost) {
  if (cost <= 0) return;
  db.prepare("UPDATE campaign SET spent_micros = spent_micros + ? WHERE key = ?")
      .bind(static_cast<std::int64_t>(std::llround(cost * 1e6)))
      .bind(campaign_key)
      .run();
}

void insert_attempt(Database& db, const Attempt& attempt, const Evidence& evidence) {
  const auto& asked = attempt.request;
  static const std::string sql = fmt::format(
      "INSERT INTO attempt({}, policy, verdicts) VALUES "
      "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      kColumns);
  auto statement = db.prepare(sql.c_str());
  statement.bind(asked.id)
      .bind(asked.call_id)
      .bind(asked.campaign_id)
      .bind(asked.contact_id)
      .bind(asked.number)
      .bind(asked.audio)
      .bind(asked.time_zone)
      .bind(asked.variables)
      .bind(asked.fingerprint)
      .bind(to_string(asked.direction))
      .bind(asked.ring_timeout.count())
      .bind(to_ms(asked.created_at))
      .bind(asked.campaign_key)
      .bind(asked.contact_key)
      .bind(asked.try_number)
      .bind(state_of(attempt.progress))
      .bind(to_ms(attempt.progress.intended_at));
  bind_step(statement, attempt);
  statement.bind(evidence.policy).bind(evidence.verdicts).run();
  count(db, asked.campaign_id, counted_of(attempt), 1);
}

// False if it is not open, or if more than that has changed.
bool write_step(Database& db, const Attempt& attempt) {
  static const std::string sql =
      fmt::format("UPDATE attempt SET {} WHERE id=? AND state=1 AND number=? AND intended_at=?", kStepColumns);
  const auto& [asked, progress] = attempt;
  auto statement = db.prepare(sql.c_str());
  bind_step(statement, attempt);
  statement.bind(asked.id).bind(asked.number).bind(to_ms(progress.intended_at)).run();
  return db.changes() > 0;
}

void write_progress(Database& db, const Attempt& attempt) {
  static const std::string sql = fmt::format("UPDATE attempt SET {}, state=? WHERE id=?", kStepColumns);
  const auto& [asked, progress] = attempt;
  auto statement = db.prepare(sql.c_str());
  bind_step(statement, attempt);
  statement.bind(state_of(progress)).bind(asked.id).run();
  db.prepare("UPDATE attempt SET number=?1, intended_at=?2 WHERE id=?3 AND (number<>?1 OR intended_at<>?2)")
      .bind(asked.number)
      .bind(to_ms(progress.intended_at))
      .bind(asked.id)
      .run();
}

void update_attempt(Database& db, const AttemptChange& change) {
  const auto& [asked, progress] = change.attempt;
  // A step within an open call changes nothing that is counted: most steps need no look at what was before.
  if (state_of(progress) == 1 && change.cost <= 0 && write_step(db, change.attempt)) return;
  const Counted before = counted_before(db, asked.id);
  count(db, asked.campaign_id, before, -1);
  count(db, asked.campaign_id, counted_of(change.attempt), 1);
  if (progress.talked > before.talked) charge_campaign(db, asked.campaign_key, change.cost);
  write_progress(db, change.attempt);
}

void keep_evidence(Database& db, const std::string& attempt_id, const Evidence& evidence) {
  db.prepare("UPDATE attempt SET policy = ?, verdicts = ? WHERE id = ?")
      .bind(evidence.policy)
      .bind(evidence.verdicts)
      .bind(attempt_id)
      .run();
}

// Is another attempt to this number open, or waiting in the same campaign?
bool is_number_waiting_or_open(Database& db, const AttemptRequest& request) {
  auto statement = db.prepare(
      "SELECT 1 FROM attempt WHERE number = ? AND state < 2 AND direction = 'outbound' AND (state = 1 OR campaign_id = "
      "?)");
  statement.bind(request.number).bind(request.campaign_id);
  return statement.step();
}

}  // namespace

std::optional<Attempt> find_by_call_id(Database& db, const std::string& call_id) {
  // The condition repeats the partial index's, or SQLite would scan the table.
  static const std::string sql = select_where("call_id = ? AND call_id <> ''");
  auto statement = db.prepare(sql.c_str());
  statement.bind(call_id);
  if (!statement.step()) return std::nullopt;
  return read_attempt(statement);
}

std::optional<StoredAttempt> find_attempt(Database& db, const std::string& id) {
  static const std::string sql = select_where("id = ?");
  auto statement = db.prepare(sql.c_str());
  statement.bind(id);
  if (!statement.step()) return std::nullopt;
  return StoredAttempt{read_attempt(statement), read_notes(db, id)};
}

std::vector<StoredAttempt> find_not_final(Database& db) {
  std::vector<StoredAttempt> open;
  static const std::string sql = select_where("state < 2 ORDER BY id");
  auto statement = db.prepare(sql.c_str());
  while (statement.step()) {
    auto attempt = read_attempt(statement);
    auto notes = read_notes(db, attempt.request.id);
    open.push_back({std::move(attempt), std::move(notes)});
  }
  return open;
}

AttemptPage list_attempts(Database& db, const std::string& campaign_id, const std::string& after, int limit) {
  AttemptPage page;
  static const std::string sql = select_where("campaign_id = ? AND id > ? ORDER BY id LIMIT ?");
  auto statement = db.prepare(sql.c_str());
  statement.bind(campaign_id).bind(after).bind(limit);
  while (statement.step()) page.attempts.push_back(read_attempt(statement));
  if (static_cast<int>(page.attempts.size()) == limit) page.next = page.attempts.back().request.id;
  return page;
}

std::vector<Attempt> attempts_of(Database& db, const std::string& number, int limit) {
  std::vector<Attempt> attempts;
  static const std::string sql = select_where("number = ? ORDER BY intended_at DESC LIMIT ?");
  auto statement = db.prepare(sql.c_str());
  statement.bind(number).bind(limit);
  while (statement.step()) attempts.push_back(read_attempt(statement));
  return attempts;
}

Result<Accepted> accept_request(Database& db, const AttemptRequest& request, const GateRules& rules,
                                const CallingTime& calling_time) {
  if (!request.call_id.empty()) {
    if (auto known = find_by_call_id(db, request.call_id)) {
      if (known->request.fingerprint != request.fingerprint) {
        return fail(ErrorCode::Conflict, fmt::format("callId {} was used for a different request", request.call_id));
      }
      return Accepted{std::move(*known), true};
    }
  }
  if (is_number_waiting_or_open(db, request)) {
    return fail(ErrorCode::NumberBusy, "another attempt to this number is waiting or under way");
  }
  const Facts facts = facts_of_request(db, request);
  const auto verdicts = evaluate_gates(facts, rules.context(request.created_at, &calling_time));
  if (const auto verdict = deciding_verdict(verdicts)) {
    return fail(ErrorCode::Held, fmt::format("{} ({}): {}", verdict->gate, verdict->reason, verdict->detail));
  }
  const Attempt attempt{request, {}};
  insert_attempt(db, attempt, {});
  return Accepted{attempt, false};
}

void apply_change(Database& db, const AttemptChange& change, const Evidence& evidence) {
  const auto& asked = change.attempt.request;
  if (change.is_new) {
    insert_attempt(db, change.attempt, evidence);
  } else {
    update_attempt(db, change);
    if (!evidence.policy.empty()) keep_evidence(db, asked.id, evidence);
  }
  insert_notes(db, change);
  insert_events(db, change);
  if (change.contact) end_contact_attempt(db, change);
  if (change.suppress) {
    const Time at = change.notes.empty() ? asked.created_at : change.notes.front().at;
    suppress_number(db,
                    {*change.suppress, SuppressionLevel::kGlobal, "", "opt-out by key", asked.id, at, std::nullopt});
  }
}

}  // namespace carillon::ledger
