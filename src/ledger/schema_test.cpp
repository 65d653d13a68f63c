// Ledgers of older versions: what is in them is kept, and the sums that they did not have are made.
#include "ledger/schema.h"

#include <gtest/gtest.h>

#include "ledger/testing/ledger_test.h"
#include "ledger/testing/recount.h"

namespace carillon::ledger {
namespace {

using testing::at;
using testing::kAnna;
using Sums = std::map<std::string, std::int64_t>;

// Version 1 as it was released.
constexpr const char* kVersion1 = R"sql(
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
PRAGMA user_version=1;
)sql";

// Of campaign "autumn": one who asked not to be called again, one busy, one under way, one that waits, one skipped; and
// a call of nobody's.
constexpr const char* kRows = R"sql(
INSERT INTO attempt VALUES
  ('a1','order-1','autumn','p1','+12025550101','','','America/New_York','{}','f','t','outbound',30000,1700000000000,
   2,'completed','human','',200,16,'raw','boot-1',4,1700000000010,1700000000020,1700000001000,1700000005000,4000),
  ('a2','','autumn','p2','+12025550102','','','','','','t','outbound',30000,1700000000000,
   2,'busy','busy','',486,17,'','boot-1',2,1700000000010,0,0,1700000005000,0),
  ('a3','','autumn','p3','+12025550103','','','','','','t','outbound',30000,1700000000000,
   1,'ringing','','',0,0,'','boot-1',2,1700000000010,1700000000020,0,0,0),
  ('a4','','autumn','p4','+12025550104','','','','','','t','outbound',30000,1700000000000,
   0,'queued','','',0,0,'','',1,0,0,0,0,0),
  ('a5','','autumn','p5','+12025550105','','','','','','t','outbound',30000,1700000000000,
   2,'skipped','skipped','suppressed (global): opt-out by key',0,0,'','',2,0,0,0,1700000005000,0),
  ('a6','','autumn','p6','+12025550106','','','','','','t','outbound',30000,1700000000000,
   2,'canceled','canceled','stopped',0,0,'','',2,0,0,0,1700000005000,0),
  ('in-1','','','','+12025550106','','','','','','','inbound',30000,1700000000000,
   2,'completed','human','',0,16,'','',1,0,0,1700000001000,1700000005000,4000);
INSERT INTO note VALUES ('a1',1,1700000002000,'dtmf-action:1700000002000:9:main:opt-out:');
INSERT INTO key_press VALUES ('a1',1,'9','main','opt-out',1700000002000), ('a1',2,'1','main','donation',1700000001500);
INSERT INTO suppression VALUES ('+12025550101','global','','opt-out by key','a1',1700000002000,0);
INSERT INTO outbox(attempt_id, sequence, type, time, data) VALUES
  ('a1',1,'carillon.opt-out.requested',1700000002000,'{}'), ('a1',2,'carillon.call.status',1700000005000,'{}'),
  ('a2',1,'carillon.call.status',1700000005000,'{}'), ('in-1',1,'carillon.call.status',1700000005000,'{}');
INSERT INTO sink VALUES ('file', 3);
)sql";

class SchemaTest : public testing::LedgerTest {
 protected:
  void make_version_1() {
    Database db(file_, Database::Mode::kReadWrite);
    db.execute(kVersion1);
    db.execute(kRows);
  }
};

TEST_F(SchemaTest, AttemptsOfVersion1AreKept) {
  make_version_1();
  open();
  const auto loaded = load({"a1", "a2", "a3", "a4", "a5", "a6", "in-1"});
  ASSERT_EQ(loaded.size(), 7u);
  const auto& [asked, progress] = loaded[0].attempt;
  EXPECT_EQ(asked.call_id, "order-1");
  EXPECT_EQ(asked.campaign_id, "autumn");
  EXPECT_EQ(asked.time_zone, "America/New_York");
  EXPECT_EQ(asked.contact_key, 0);
  EXPECT_EQ(asked.try_number, 0);
  EXPECT_EQ(progress.outcome, Outcome::kHuman);
  EXPECT_EQ(progress.sip_code, 200);
  EXPECT_EQ(progress.talked, Duration(4'000));
  EXPECT_EQ(loaded[0].notes, (std::set<std::uint32_t>{1}));
  EXPECT_TRUE(loaded[2].attempt.progress.is_intended);
  EXPECT_EQ(load_open().size(), 2u);
  EXPECT_EQ(store_->read_after(0, 100)->size(), 4u);
  EXPECT_EQ(*store_->cursor("file"), 3);
}

TEST_F(SchemaTest, TheSumsOfVersion1AreMade) {
  make_version_1();
  open();
  const auto sums = report("autumn");
  EXPECT_EQ(sums.attempts, 3);
  EXPECT_EQ(sums.statuses, (Sums{{"busy", 1}, {"completed", 1}, {"skipped", 1}}));
  EXPECT_EQ(sums.outcomes, (Sums{{"busy", 1}, {"human", 1}, {"skipped", 1}}));
  EXPECT_EQ(sums.keys, (Sums{{"1", 1}, {"9", 1}}));
  EXPECT_EQ(sums.opt_outs, 1);
  EXPECT_EQ(sums.events, 3);
  EXPECT_EQ(drift(), "");
}

TEST_F(SchemaTest, ALedgerOfVersion1GoesOn) {
  make_version_1();
  open();
  EXPECT_EQ(accept(testing::request("a7", kAnna)).error().code, ErrorCode::Held) << "who opted out is not called";
  ASSERT_TRUE(record(testing::end_of(load({"a3"}).at(0).attempt.request, Outcome::kNoAnswer)).has_value());
  const Campaign spring = campaign("spring", {"+12025550103"});
  begin(spring, "b1", at(10'000));
  open();
  EXPECT_EQ(report("autumn").statuses.at("no-answer"), 1);
  EXPECT_EQ(contacts(spring).at(0).state, ContactState::kInCall);
  EXPECT_EQ(drift(), "");
}

TEST_F(SchemaTest, AMigratedLedgerIsLikeANewOne) {
  const auto schema_of = [](Database& db) {
    std::string text;
    auto statement = db.prepare("SELECT name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name");
    while (statement.step()) text += statement.text(0) + "\n";
    return text;
  };
  make_version_1();
  Database migrated(file_, Database::Mode::kReadWrite);
  prepare_schema(migrated);
  Database fresh(":memory:", Database::Mode::kReadWrite);
  prepare_schema(fresh);
  EXPECT_EQ(schema_of(migrated), schema_of(fresh));
}

TEST_F(SchemaTest, AFileOfANewerVersionIsRefusedAndLeftAlone) {
  open();
  store_.reset();
  Database(file_, Database::Mode::kReadWrite).execute("PRAGMA user_version=99");
  const auto opened = SqliteStore::open(file_, desk_.post());
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::Ledger);
  EXPECT_NE(opened.error().detail.find("newer carillon"), std::string::npos) << opened.error().detail;
}

}  // namespace
}  // namespace carillon::ledger
