#include "ledger/tally.h"

#include "ledger/database.h"

namespace carillon::ledger {

std::string_view to_string(TallyKind kind) {
  switch (kind) {
    case TallyKind::kContact: return "contact";
    case TallyKind::kReason: return "reason";
    case TallyKind::kAttempt: return "attempt";
    case TallyKind::kStatus: return "status";
    case TallyKind::kOutcome: return "outcome";
    case TallyKind::kKey: return "key";
    case TallyKind::kOptOut: return "opt-out";
    case TallyKind::kEvent: return "event";
  }
  return "";
}

void Tally::add(std::string_view campaign_id, TallyKind kind, std::string_view name, std::int64_t n) {
  changes_[{std::string(campaign_id), kind, std::string(name)}] += n;
}

void Tally::write(Database& db) {
  for (const auto& [what, n] : changes_) {
    if (n == 0) continue;
    const auto& [campaign_id, kind, name] = what;
    db.prepare(
          "INSERT INTO tally(campaign, kind, name, n) VALUES (?, ?, ?, ?) "
          "ON CONFLICT(campaign, kind, name) DO UPDATE SET n = n + excluded.n")
        .bind(campaign_id)
        .bind(to_string(kind))
        .bind(name)
        .bind(n)
        .run();
  }
  changes_.clear();
}

}  // namespace carillon::ledger
