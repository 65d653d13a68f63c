#include "ledger/schema.h"

#include <array>

namespace carillon::ledger {
namespace {

constexpr std::array kMigrations{
    R"sql(
-- One try to call one person, or one call from outside.
CREATE TABLE attempt (
  id TEXT PRIMARY KEY,
  call_id TEXT NOT NULL,          -- the caller's idempotency key, '' if none
  campaign_id TEXT NOT NULL,
  contact_id TEXT NOT NULL,
  number TEXT NOT NULL,           -- E.164, '' if hidden
  audio TEXT NOT NULL,
  caller_id TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  variables TEXT NOT NULL,        -- JSON object, '' if none
  fingerprint TEXT NOT NULL,
  trunk TEXT NOT NULL,
  direction TEXT NOT NULL,
  ring_timeout_ms INTEGER NOT NULL,
  created_at INTEGER NOT NULL,    -- all times: ms since 1970, 0 = not yet
  state INTEGER NOT NULL,         -- 0 waiting, 1 intended (open), 2 final
  status TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  sip_code INTEGER NOT NULL,
  q850 INTEGER NOT NULL,
  raw_cause TEXT NOT NULL,
  node_boot TEXT NOT NULL,
  next_sequence INTEGER NOT NULL,
  intended_at INTEGER NOT NULL,
  ringing_at INTEGER NOT NULL,
  answered_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  talked_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX attempt_by_call_id ON attempt(call_id) WHERE call_id <> '';
CREATE UNIQUE INDEX attempt_one_open ON attempt(number) WHERE state = 1 AND direction = 'outbound';
CREATE INDEX attempt_not_final ON attempt(state) WHERE state < 2;
CREATE INDEX attempt_waiting_number ON attempt(number) WHERE state < 2;
CREATE INDEX attempt_unknown ON attempt(number) WHERE outcome = 'unknown';
CREATE INDEX attempt_by_campaign ON attempt(campaign_id, number);

-- What the dialplan told, each fact once.
CREATE TABLE note (
  attempt_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (attempt_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_press (
  attempt_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  key TEXT NOT NULL,
  menu TEXT NOT NULL,
  action TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, seq)
) STRICT, WITHOUT ROWID;

-- Numbers that must not be called.
CREATE TABLE suppression (
  number TEXT NOT NULL,
  level TEXT NOT NULL,            -- global, registry, advertiser, campaign
  scope TEXT NOT NULL,            -- which registry, advertiser or campaign; '' for global
  reason TEXT NOT NULL,
  source TEXT NOT NULL,           -- the attempt or person that brought it
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,    -- 0 = never
  PRIMARY KEY (number, level, scope)
) STRICT, WITHOUT ROWID;

-- Events to publish, in the order of their commits.
CREATE TABLE outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  attempt_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  type TEXT NOT NULL,
  time INTEGER NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (attempt_id, sequence)
) STRICT;

-- How far each sink has published.
CREATE TABLE sink (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql",
};

}  // namespace

void prepare_schema(Database& db) {
  db.execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=4000;");
  std::int64_t version = 0;
  {
    auto statement = db.prepare("PRAGMA user_version");
    if (statement.step()) version = statement.integer(0);
  }
  if (version > static_cast<std::int64_t>(kMigrations.size())) {
    throw SqlError("this ledger was written by a newer carillon (schema " + std::to_string(version) + ")");
  }
  for (auto next = static_cast<std::size_t>(version); next < kMigrations.size(); ++next) {
    db.execute("BEGIN IMMEDIATE");
    db.execute(kMigrations[next]);
    db.execute(("PRAGMA user_version=" + std::to_string(next + 1)).c_str());
    db.execute("COMMIT");
  }
}

}  // namespace carillon::ledger
