// The outbox of the ledger: what the relay reads, how far each sink is, what sinks refused, and what is forgotten.
#include "ledger/sqlite_store.h"

namespace carillon::ledger {
namespace {

constexpr const char* kColumns = "position, attempt_id, sequence, type, time, data";

OutboxRow read_row(const Statement& row) {
  OutboxRow event;
  event.position = row.integer(0);
  event.event.attempt_id = row.text(1);
  event.event.sequence = static_cast<std::uint32_t>(row.integer(2));
  event.event.type = parse_event_type(row.text(3)).value_or(EventType::kCallStatus);
  event.event.time = time_from_ms(row.integer(4));
  event.event.data = row.text(5);
  return event;
}

void done(const Result<void>& /*result*/) {}

}  // namespace

template <class T, class Ask>
Result<T> SqliteStore::ask_outbox(Ask ask) {
  const std::scoped_lock lock(relay_mutex_);
  try {
    return ask(*relay_db_);
  } catch (const SqlError& error) {
    return fail(ErrorCode::Ledger, error.what());
  }
}

Result<std::vector<OutboxRow>> SqliteStore::read_after(std::int64_t position, int limit) {
  return ask_outbox<std::vector<OutboxRow>>([&](Database& db) {
    std::vector<OutboxRow> rows;
    static const std::string sql =
        std::string("SELECT ") + kColumns + " FROM outbox WHERE position > ? ORDER BY position LIMIT ?";
    auto statement = db.prepare(sql.c_str());
    statement.bind(position).bind(limit);
    while (statement.step()) rows.push_back(read_row(statement));
    return rows;
  });
}

// Events are committed about in the order of their times, so halving finds the place without an index.
Result<std::int64_t> SqliteStore::position_before(Time time) {
  const auto known = bounds();
  if (!known) return std::unexpected(known.error());
  return ask_outbox<std::int64_t>([&](Database& db) -> std::int64_t {
    std::int64_t before = known->first == 0 ? 0 : known->first - 1;  // all up to it are older
    std::int64_t after = known->last + 1;                            // this one and all behind it are not
    while (before + 1 < after) {
      const auto middle = before + (after - before) / 2;
      auto statement = db.prepare("SELECT position, time FROM outbox WHERE position >= ? ORDER BY position LIMIT 1");
      statement.bind(middle);
      const bool is_old = statement.step() && statement.integer(1) < to_ms(time);
      (is_old ? before : after) = middle;
    }
    return known->first == 0 || before < known->first ? 0 : before;
  });
}

Result<OutboxBounds> SqliteStore::bounds() {
  return ask_outbox<OutboxBounds>([](Database& db) {
    OutboxBounds bounds;
    {
      auto first = db.prepare("SELECT position, time FROM outbox ORDER BY position LIMIT 1");
      if (first.step()) {
        bounds.first = first.integer(0);
        bounds.first_at = time_from_ms(first.integer(1));
      }
    }
    // The last one ever given out: an outbox that was emptied is at its end, not at its begin.
    auto last = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'");
    if (last.step()) bounds.last = last.integer(0);
    return bounds;
  });
}

Result<std::int64_t> SqliteStore::cursor(const std::string& sink) {
  return ask_outbox<std::int64_t>([&](Database& db) -> std::int64_t {
    auto statement = db.prepare("SELECT position FROM sink WHERE name = ?");
    statement.bind(sink);
    return statement.step() ? statement.integer(0) : 0;
  });
}

Result<std::vector<DeadLetter>> SqliteStore::dead_letters(const std::string& sink, std::int64_t after, int limit) {
  return ask_outbox<std::vector<DeadLetter>>([&](Database& db) {
    std::vector<DeadLetter> letters;
    auto statement = db.prepare(
        "SELECT position, reason, at FROM dead_letter WHERE sink = ? AND position > ? ORDER BY position LIMIT ?");
    statement.bind(sink).bind(after).bind(limit);
    while (statement.step()) {
      letters.push_back({sink, statement.integer(0), statement.text(1), time_from_ms(statement.integer(2))});
    }
    return letters;
  });
}

Result<std::vector<OutboxRow>> SqliteStore::dead_letter_events(const std::string& sink, std::int64_t after, int limit) {
  return ask_outbox<std::vector<OutboxRow>>([&](Database& db) {
    std::vector<OutboxRow> rows;
    static const std::string sql = std::string("SELECT ") + kColumns +
                                   " FROM dead_letter WHERE sink = ? AND position > ? ORDER BY position LIMIT ?";
    auto statement = db.prepare(sql.c_str());
    statement.bind(sink).bind(after).bind(limit);
    while (statement.step()) rows.push_back(read_row(statement));
    return rows;
  });
}

Result<std::int64_t> SqliteStore::count_dead_letters(const std::string& sink) {
  return ask_outbox<std::int64_t>([&](Database& db) -> std::int64_t {
    auto statement = db.prepare("SELECT count(*) FROM (SELECT 1 FROM dead_letter WHERE sink = ? LIMIT 100000)");
    statement.bind(sink);
    return statement.step() ? statement.integer(0) : 0;
  });
}

void SqliteStore::keep_progress(const std::string& sink, std::int64_t position, std::vector<DeadLetter> refused) {
  auto work = [sink, position, refused = std::move(refused)](Database& db) -> Result<void> {
    for (const auto& letter : refused) {
      db.prepare(
            "INSERT OR REPLACE INTO dead_letter(sink, position, reason, at, attempt_id, sequence, type, time, data) "
            "SELECT ?, position, ?, ?, attempt_id, sequence, type, time, data FROM outbox WHERE position = ?")
          .bind(sink)
          .bind(letter.reason)
          .bind(to_ms(letter.at))
          .bind(letter.position)
          .run();
    }
    db.prepare(
          "INSERT INTO sink(name, position) VALUES (?, ?) "
          "ON CONFLICT(name) DO UPDATE SET position = excluded.position")
        .bind(sink)
        .bind(position)
        .run();
    return {};
  };
  submit<void>(*writer_, done, std::move(work));
}

void SqliteStore::remove_dead_letters(const std::string& sink, std::vector<std::int64_t> positions) {
  auto work = [sink, positions = std::move(positions)](Database& db) -> Result<void> {
    for (const auto position : positions) {
      db.prepare("DELETE FROM dead_letter WHERE sink = ? AND position = ?").bind(sink).bind(position).run();
    }
    return {};
  };
  submit<void>(*writer_, done, std::move(work));
}

void SqliteStore::trim(std::int64_t position) {
  auto work = [position](Database& db) -> Result<void> {
    db.prepare("DELETE FROM outbox WHERE position <= ?").bind(position).run();
    return {};
  };
  submit<void>(*writer_, done, std::move(work));
}

void SqliteStore::forget_dead_letters(Time before) {
  auto work = [before](Database& db) -> Result<void> {
    db.prepare("DELETE FROM dead_letter WHERE at < ?").bind(to_ms(before)).run();
    return {};
  };
  submit<void>(*writer_, done, std::move(work));
}

}  // namespace carillon::ledger
