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
    R"sql(
-- A message, its keys and its rules, for a list of contacts.
CREATE TABLE campaign (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  stop_mode TEXT NOT NULL,
  settings TEXT NOT NULL,         -- JSON, as the API takes it
  policy_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  detail TEXT NOT NULL,
  spent_micros INTEGER NOT NULL DEFAULT 0  -- of the budget, in millionths
) STRICT;

-- Contacts that share zones and regions: windows are looked at lane by lane.
CREATE TABLE lane (
  id INTEGER PRIMARY KEY,
  zones TEXT NOT NULL,            -- IANA names, comma separated
  regions TEXT NOT NULL,          -- ISO 3166, comma separated
  UNIQUE (zones, regions)
) STRICT;

CREATE TABLE contact (
  key INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL,
  number TEXT NOT NULL,
  external_id TEXT NOT NULL,
  lane INTEGER NOT NULL,
  variables TEXT NOT NULL,        -- JSON object, '' if none
  state INTEGER NOT NULL,         -- 0 ready, 1 in a call, 2 done, 3 skipped, 4 unknown
  due_at INTEGER NOT NULL,        -- when ready: not before; 0 = at once
  tries INTEGER NOT NULL,
  outcome TEXT NOT NULL,          -- of the last attempt
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  last_attempt TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX contact_by_number ON contact(number, campaign);
-- The dialer's order. Only ready contacts are in it, so it shrinks as the campaign goes on.
CREATE INDEX contact_due ON contact(campaign, lane, due_at, key) WHERE state = 0;
CREATE INDEX contact_by_campaign ON contact(campaign, key);

-- Sums of each campaign, changed in the transactions that change what they count.
CREATE TABLE tally (
  campaign TEXT NOT NULL,         -- id: calls of /dial may name a campaign that has no contacts
  kind TEXT NOT NULL,             -- see TallyKind
  name TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (campaign, kind, name)
) STRICT, WITHOUT ROWID;

-- What do-not-call registries said of a number.
CREATE TABLE registry_check (
  number TEXT NOT NULL,
  registry TEXT NOT NULL,
  is_listed INTEGER NOT NULL,
  checked_at INTEGER NOT NULL,
  PRIMARY KEY (number, registry)
) STRICT, WITHOUT ROWID;

CREATE TABLE consent (
  number TEXT NOT NULL,
  advertiser TEXT NOT NULL,
  basis TEXT NOT NULL,
  evidence TEXT NOT NULL,
  given_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,    -- 0 = by the policy's rule
  PRIMARY KEY (number, advertiser, basis)
) STRICT, WITHOUT ROWID;

-- Who did what.
CREATE TABLE audit (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_campaign ON audit(campaign_id, position);

ALTER TABLE attempt ADD COLUMN campaign_key INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN contact_key INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN try_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN policy TEXT NOT NULL DEFAULT '';      -- pack and version that let it pass
ALTER TABLE attempt ADD COLUMN verdicts TEXT NOT NULL DEFAULT '';    -- what each gate said
ALTER TABLE attempt ADD COLUMN resolved_at INTEGER NOT NULL DEFAULT 0;  -- of unknown: an operator has decided
DROP INDEX attempt_waiting_number;
DROP INDEX attempt_unknown;
DROP INDEX attempt_by_campaign;
-- For caps, for one open attempt per number, and for the number's history. Those never dialled have intended_at 0.
CREATE INDEX attempt_by_number ON attempt(number, intended_at);
CREATE INDEX attempt_by_campaign ON attempt(campaign_id, id);
INSERT INTO tally SELECT campaign_id, 'attempt', 'placed', count(*) FROM attempt WHERE intended_at > 0 GROUP BY 1;
INSERT INTO tally SELECT campaign_id, 'status', status, count(*) FROM attempt
  WHERE state = 2 AND (intended_at > 0 OR direction = 'inbound' OR outcome = 'skipped') GROUP BY 1, 3;
INSERT INTO tally SELECT campaign_id, 'outcome', outcome, count(*) FROM attempt
  WHERE state = 2 AND (intended_at > 0 OR direction = 'inbound' OR outcome = 'skipped') GROUP BY 1, 3;
INSERT INTO tally SELECT a.campaign_id, 'key', k.key, count(*) FROM attempt a JOIN key_press k ON k.attempt_id = a.id
  GROUP BY 1, 3;
INSERT INTO tally SELECT a.campaign_id, 'opt-out', '', count(*) FROM attempt a
  JOIN key_press k ON k.attempt_id = a.id WHERE k.action = 'opt-out' GROUP BY 1;
INSERT INTO tally SELECT a.campaign_id, 'event', '', count(*) FROM attempt a JOIN outbox o ON o.attempt_id = a.id
  GROUP BY 1;
)sql",
    // Who asked never to be called again, beside the call itself.
    R"sql(
ALTER TABLE attempt ADD COLUMN opted_out INTEGER NOT NULL DEFAULT 0;
UPDATE attempt SET opted_out = 1 WHERE id IN (SELECT attempt_id FROM key_press WHERE action = 'opt-out');
)sql",
    // Events that a sink refused; retention finds old events by their time.
    R"sql(
CREATE TABLE dead_letter (
  sink TEXT NOT NULL,
  position INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (sink, position)
) STRICT, WITHOUT ROWID;
)sql",
    // A dead letter keeps its event, for the outbox forgets by another rule.
    R"sql(
ALTER TABLE dead_letter ADD COLUMN attempt_id TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letter ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letter ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letter ADD COLUMN time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letter ADD COLUMN data TEXT NOT NULL DEFAULT '';
UPDATE dead_letter SET (attempt_id, sequence, type, time, data) =
  (SELECT attempt_id, sequence, type, time, data FROM outbox o WHERE o.position = dead_letter.position)
  WHERE position IN (SELECT position FROM outbox);
DELETE FROM dead_letter WHERE attempt_id = '';
CREATE INDEX dead_letter_by_time ON dead_letter (at);
)sql",
    // What was done to a single call.
    R"sql(
ALTER TABLE audit ADD COLUMN call_id TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_by_call ON audit(call_id, position) WHERE call_id <> '';
)sql",
};

}  // namespace

void prepare_schema(Database& db) {
  // Pages of 4 KiB. A checkpoint each 64 MB writes a fifth less than one each 16 MB, since lists and attempts come in
  // no order of their numbers. The cache of 64 MB holds what ten million contacts keep touching: inner pages, and the
  // leaves of the attempts under way.
  db.execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=16000; "
      "PRAGMA cache_size=-65536;");
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
