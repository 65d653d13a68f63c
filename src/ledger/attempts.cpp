#include "ledger/attempts.h"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "core/call/call.h"

namespace carillon::ledger {
namespace {

constexpr const char* kColumns =
    "id, call_id, campaign_id, contact_id, number, audio, caller_id, time_zone, variables, fingerprint, trunk, "
    "direction, "
    "ring_timeout_ms, created_at, state, status, outcome, reason, sip_code, q850, raw_cause, node_boot, next_sequence, "
    "intended_at, ringing_at, answered_at, ended_at, talked_ms";

int state_of(const AttemptProgress& progress) {
  if (is_final(progress.status)) return 2;
  return progress.is_intended ? 1 : 0;
}

Attempt read_attempt(const Statement& row) {
  Attempt attempt;
  auto& asked = attempt.request;
  asked.id = row.text(0);
  asked.call_id = row.text(1);
  asked.campaign_id = row.text(2);
  asked.contact_id = row.text(3);
  asked.number = row.text(4);
  asked.audio = row.text(5);
  asked.caller_id = row.text(6);
  asked.time_zone = row.text(7);
  asked.variables = row.text(8);
  asked.fingerprint = row.text(9);
  asked.trunk = row.text(10);
  asked.direction = row.text(11) == "inbound" ? Direction::kInbound : Direction::kOutbound;
  asked.ring_timeout = Duration(row.integer(12));
  asked.created_at = time_from_ms(row.integer(13));
  auto& progress = attempt.progress;
  progress.is_intended = row.integer(14) == 1;
  progress.status = parse_call_status(row.text(15)).value_or(CallStatus::kUnknown);
  progress.outcome = parse_outcome(row.text(16)).value_or(Outcome::kUnknown);
  progress.reason = row.text(17);
  progress.sip_code = static_cast<int>(row.integer(18));
  progress.q850 = static_cast<int>(row.integer(19));
  progress.raw_cause = row.text(20);
  progress.node_boot = row.text(21);
  progress.next_sequence = static_cast<std::uint32_t>(row.integer(22));
  progress.intended_at = time_from_ms(row.integer(23));
  progress.ringing_at = time_from_ms(row.integer(24));
  progress.answered_at = time_from_ms(row.integer(25));
  progress.ended_at = time_from_ms(row.integer(26));
  progress.talked = Duration(row.integer(27));
  return attempt;
}

// A constant text for each, because statements are kept by the address of their SQL.
const char* select_where(const char* condition) {
  static std::map<std::string, std::string> texts;
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  auto& text = texts[condition];
  if (text.empty()) text = fmt::format("SELECT {} FROM attempt WHERE {}", kColumns, condition);
  return text.c_str();
}

std::set<std::uint32_t> read_notes(Database& db, const std::string& id) {
  std::set<std::uint32_t> seen;
  auto statement = db.prepare("SELECT seq FROM note WHERE attempt_id = ?");
  statement.bind(id);
  while (statement.step()) seen.insert(static_cast<std::uint32_t>(statement.integer(0)));
  return seen;
}

void bind_progress(Statement& statement, const AttemptProgress& progress) {
  statement.bind(state_of(progress))
      .bind(to_string(progress.status))
      .bind(to_string(progress.outcome))
      .bind(progress.reason)
      .bind(progress.sip_code)
      .bind(progress.q850)
      .bind(progress.raw_cause)
      .bind(progress.node_boot)
      .bind(progress.next_sequence)
      .bind(to_ms(progress.intended_at))
      .bind(to_ms(progress.ringing_at))
      .bind(to_ms(progress.answered_at))
      .bind(to_ms(progress.ended_at))
      .bind(progress.talked.count());
}

void insert_notes(Database& db, const AttemptChange& change) {
  for (const auto& note : change.notes) {
    db.prepare("INSERT OR IGNORE INTO note(attempt_id, seq, at, text) VALUES (?, ?, ?, ?)")
        .bind(change.attempt.request.id)
        .bind(note.seq)
        .bind(to_ms(note.at))
        .bind(note.text)
        .run();
    if (const auto* key = std::get_if<KeyNote>(&note.fact)) {
      db.prepare("INSERT OR IGNORE INTO key_press(attempt_id, seq, key, menu, action, at) VALUES (?, ?, ?, ?, ?, ?)")
          .bind(change.attempt.request.id)
          .bind(note.seq)
          .bind(key->key == 0 ? std::string() : std::string(1, key->key))
          .bind(key->menu)
          .bind(to_string(key->action))
          .bind(to_ms(note.at))
          .run();
    }
  }
}

// Is another attempt to this number open, or waiting in the same campaign?
bool is_number_waiting_or_open(Database& db, const AttemptRequest& request) {
  auto statement = db.prepare(
      "SELECT 1 FROM attempt WHERE number = ? AND state < 2 AND direction = 'outbound' AND (state = 1 OR campaign_id = "
      "?)");
  statement.bind(request.number).bind(request.campaign_id);
  return statement.step();
}

bool is_number_open(Database& db, const std::string& number, const std::string& except_id) {
  auto statement =
      db.prepare("SELECT 1 FROM attempt WHERE number = ? AND state = 1 AND direction = 'outbound' AND id <> ?");
  statement.bind(number).bind(except_id);
  return statement.step();
}

std::map<std::string, std::int64_t> count_by(Database& db, const char* sql, const std::string& campaign_id) {
  std::map<std::string, std::int64_t> counts;
  auto statement = db.prepare(sql);
  statement.bind(campaign_id);
  while (statement.step()) counts[statement.text(0)] = statement.integer(1);
  return counts;
}

}  // namespace

namespace {

// Nobody knows whether the phone rang: it is left alone for so long.
constexpr std::chrono::hours kUnknownHolds{24};

std::optional<std::string> unknown_of(Database& db, const std::string& number, Time now) {
  auto statement = db.prepare("SELECT 1 FROM attempt WHERE number = ? AND outcome = 'unknown' AND ended_at > ?");
  statement.bind(number).bind(to_ms(now - kUnknownHolds));
  if (!statement.step()) return std::nullopt;
  return "an earlier attempt to this number is unknown: held for a day";
}

}  // namespace

std::optional<std::string> suppression_of(Database& db, const std::string& number, Time now) {
  auto statement = db.prepare(
      "SELECT level, reason FROM suppression WHERE number = ? AND level = 'global' AND (expires_at = 0 OR expires_at > "
      "?)");
  statement.bind(number).bind(to_ms(now));
  if (!statement.step()) return std::nullopt;
  return fmt::format("suppressed ({}): {}", statement.text(0), statement.text(1));
}

namespace {

std::optional<std::string> hold_of(Database& db, const std::string& number, Time now) {
  if (auto suppressed = suppression_of(db, number, now)) return suppressed;
  return unknown_of(db, number, now);
}

}  // namespace

std::optional<Attempt> find_by_call_id(Database& db, const std::string& call_id) {
  // The condition repeats the partial index's, or SQLite would scan the table.
  auto statement = db.prepare(select_where("call_id = ? AND call_id <> ''"));
  statement.bind(call_id);
  if (!statement.step()) return std::nullopt;
  return read_attempt(statement);
}

std::optional<StoredAttempt> find_attempt(Database& db, const std::string& id) {
  auto statement = db.prepare(select_where("id = ?"));
  statement.bind(id);
  if (!statement.step()) return std::nullopt;
  return StoredAttempt{read_attempt(statement), read_notes(db, id)};
}

std::vector<StoredAttempt> find_not_final(Database& db) {
  std::vector<StoredAttempt> open;
  auto statement = db.prepare(select_where("state < 2 ORDER BY id"));
  while (statement.step()) {
    auto attempt = read_attempt(statement);
    auto notes = read_notes(db, attempt.request.id);
    open.push_back({std::move(attempt), std::move(notes)});
  }
  return open;
}

void insert_attempt(Database& db, const Attempt& attempt) {
  const auto& asked = attempt.request;
  static const std::string sql =
      fmt::format("INSERT INTO attempt({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", kColumns);
  auto statement = db.prepare(sql.c_str());
  statement.bind(asked.id)
      .bind(asked.call_id)
      .bind(asked.campaign_id)
      .bind(asked.contact_id)
      .bind(asked.number)
      .bind(asked.audio)
      .bind(asked.caller_id)
      .bind(asked.time_zone)
      .bind(asked.variables)
      .bind(asked.fingerprint)
      .bind(asked.trunk)
      .bind(to_string(asked.direction))
      .bind(asked.ring_timeout.count())
      .bind(to_ms(asked.created_at));
  bind_progress(statement, attempt.progress);
  statement.run();
}

Result<Accepted> accept_request(Database& db, const AttemptRequest& request, bool keep_skipped) {
  if (!request.call_id.empty()) {
    if (auto known = find_by_call_id(db, request.call_id)) {
      if (known->request.fingerprint != request.fingerprint) {
        return fail(ErrorCode::Conflict, fmt::format("callId {} was used for a different request", request.call_id));
      }
      return Accepted{std::move(*known), true};
    }
  }
  if (const auto held = hold_of(db, request.number, request.created_at)) {
    if (!keep_skipped) return fail(ErrorCode::Held, *held);
    Call call(request, CallLimits{});
    const CallStep step = call.skip(*held, request.created_at);
    const AttemptChange skipped{{request, call.progress()}, {}, step.events, std::nullopt, true};
    apply_change(db, skipped);
    return Accepted{skipped.attempt, false};
  }
  if (!keep_skipped && is_number_waiting_or_open(db, request)) {
    return fail(ErrorCode::NumberBusy, "another attempt to this number is waiting or under way");
  }
  const Attempt attempt{request, {}};
  insert_attempt(db, attempt);
  return Accepted{attempt, false};
}

Result<void> record_intent(Database& db, const AttemptChange& change) {
  const auto& asked = change.attempt.request;
  if (const auto held = hold_of(db, asked.number, change.attempt.progress.intended_at)) {
    return fail(ErrorCode::Held, *held);
  }
  if (is_number_open(db, asked.number, asked.id)) {
    return fail(ErrorCode::NumberBusy, "another attempt to this number is under way");
  }
  apply_change(db, change);
  return {};
}

void apply_change(Database& db, const AttemptChange& change) {
  const auto& asked = change.attempt.request;
  if (change.is_new) {
    insert_attempt(db, change.attempt);
  } else {
    auto statement = db.prepare(
        "UPDATE attempt SET state=?, status=?, outcome=?, reason=?, sip_code=?, q850=?, raw_cause=?, node_boot=?, "
        "next_sequence=?, intended_at=?, ringing_at=?, answered_at=?, ended_at=?, talked_ms=?, number=? WHERE id=?");
    bind_progress(statement, change.attempt.progress);
    statement.bind(asked.number).bind(asked.id).run();
  }
  insert_notes(db, change);
  if (change.suppress) {
    db.prepare(
          "INSERT OR IGNORE INTO suppression(number, level, scope, reason, source, created_at, expires_at) "
          "VALUES (?, 'global', '', 'opt-out by key', ?, ?, 0)")
        .bind(*change.suppress)
        .bind(asked.id)
        .bind(change.notes.empty() ? to_ms(asked.created_at) : to_ms(change.notes.front().at))
        .run();
  }
  for (const auto& event : change.events) {
    db.prepare("INSERT OR IGNORE INTO outbox(attempt_id, sequence, type, time, data) VALUES (?, ?, ?, ?, ?)")
        .bind(event.attempt_id)
        .bind(event.sequence)
        .bind(to_string(event.type))
        .bind(to_ms(event.time))
        .bind(event.data)
        .run();
  }
}

Report make_report(Database& db, const std::string& campaign_id) {
  Report report;
  report.statuses =
      count_by(db, "SELECT status, count(*) FROM attempt WHERE campaign_id = ? GROUP BY status", campaign_id);
  for (const auto& [status, count] : report.statuses) report.attempts += count;
  report.outcomes =
      count_by(db, "SELECT outcome, count(*) FROM attempt WHERE campaign_id = ? AND outcome <> '' GROUP BY outcome",
               campaign_id);
  report.reasons =
      count_by(db, "SELECT reason, count(*) FROM attempt WHERE campaign_id = ? AND status = 'skipped' GROUP BY reason",
               campaign_id);
  report.keys = count_by(db,
                         "SELECT k.key, count(*) FROM attempt a JOIN key_press k ON k.attempt_id = a.id "
                         "WHERE a.campaign_id = ? GROUP BY k.key",
                         campaign_id);
  const auto count = [&](const char* sql) {
    auto statement = db.prepare(sql);
    statement.bind(campaign_id);
    return statement.step() ? statement.integer(0) : 0;
  };
  report.opt_outs = count(
      "SELECT count(DISTINCT a.number) FROM attempt a JOIN key_press k ON k.attempt_id = a.id "
      "WHERE a.campaign_id = ? AND k.action = 'opt-out'");
  report.events = count("SELECT count(*) FROM attempt a JOIN outbox o ON o.attempt_id = a.id WHERE a.campaign_id = ?");
  return report;
}

}  // namespace carillon::ledger
