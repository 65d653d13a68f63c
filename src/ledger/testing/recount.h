// The sums of campaigns, counted anew from the rows that they sum up.
#pragma once

#include <string>

#include "ledger/database.h"

namespace carillon::ledger::testing {

inline constexpr const char* kDrift = R"sql(
WITH counted AS (
  SELECT * FROM attempt WHERE state = 2 AND (intended_at > 0 OR direction = 'inbound' OR outcome = 'skipped')
),
recount(campaign, kind, name, n) AS (
  SELECT k.id, 'contact', CASE c.state WHEN 0 THEN 'ready' WHEN 1 THEN 'in-call' WHEN 2 THEN 'done'
                                       WHEN 3 THEN 'skipped' ELSE 'unknown' END, count(*)
    FROM contact c JOIN campaign k ON k.key = c.campaign GROUP BY 1, 3
  UNION ALL
  SELECT k.id, 'reason', CASE c.state WHEN 0 THEN 'ready' WHEN 1 THEN 'in-call' WHEN 2 THEN 'done'
                                      WHEN 3 THEN 'skipped' ELSE 'unknown' END || '/' || c.reason, count(*)
    FROM contact c JOIN campaign k ON k.key = c.campaign WHERE c.reason <> '' GROUP BY 1, 3
  UNION ALL
  SELECT campaign_id, 'attempt', 'placed', count(*) FROM attempt WHERE intended_at > 0 GROUP BY 1
  UNION ALL
  SELECT campaign_id, 'status', status, count(*) FROM counted GROUP BY 1, 3
  UNION ALL
  SELECT campaign_id, 'outcome', outcome, count(*) FROM counted GROUP BY 1, 3
  UNION ALL
  SELECT a.campaign_id, 'key', p.key, count(*) FROM attempt a JOIN key_press p ON p.attempt_id = a.id GROUP BY 1, 3
  UNION ALL
  SELECT a.campaign_id, 'opt-out', '', count(*) FROM attempt a JOIN key_press p ON p.attempt_id = a.id
    WHERE p.action = 'opt-out' GROUP BY 1
  UNION ALL
  SELECT a.campaign_id, 'event', '', count(*) FROM attempt a JOIN outbox o ON o.attempt_id = a.id GROUP BY 1
),
kept AS (SELECT campaign, kind, name, n FROM tally WHERE n <> 0)
SELECT 'tally ' || campaign || ' ' || kind || ' ' || name || ' ' || n FROM (SELECT * FROM kept EXCEPT SELECT * FROM recount)
UNION ALL
SELECT 'rows ' || campaign || ' ' || kind || ' ' || name || ' ' || n FROM (SELECT * FROM recount EXCEPT SELECT * FROM kept)
)sql";

// What the tallies say and a recount does not, and the other way round, a line each; empty = they agree.
inline std::string drift_of(Database& db) {
  std::string lines;
  auto statement = db.prepare(kDrift);
  while (statement.step()) lines += statement.text(0) + "\n";
  return lines;
}

}  // namespace carillon::ledger::testing
