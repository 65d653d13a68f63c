#include "ledger/campaigns.h"

#include <fmt/format.h>

#include <limits>

#include "ledger/attempts.h"
#include "ledger/contacts.h"

namespace carillon::ledger {
namespace {

Campaign read_campaign(const Statement& row) {
  Campaign campaign;
  campaign.key = row.integer(0);
  campaign.id = row.text(1);
  campaign.state = parse_campaign_state(row.text(2)).value_or(CampaignState::kPaused);
  campaign.stop_mode = parse_stop_mode(row.text(3)).value_or(StopMode::kDrain);
  campaign.policy_version = static_cast<int>(row.integer(5));
  campaign.created_at = time_from_ms(row.integer(6));
  campaign.started_at = time_from_ms(row.integer(7));
  campaign.ended_at = time_from_ms(row.integer(8));
  campaign.detail = row.text(9);
  if (auto settings = parse_campaign_settings(row.text(4))) {
    campaign.settings = std::move(*settings);
  } else {
    // Written by a newer version, or damaged: never dialled by half-understood rules.
    campaign.state = CampaignState::kPaused;
    campaign.detail = "its settings cannot be read: " + settings.error().detail;
  }
  return campaign;
}

std::map<std::string, std::int64_t> sums_of(Database& db, const std::string& campaign_id, TallyKind kind) {
  std::map<std::string, std::int64_t> sums;
  auto statement = db.prepare("SELECT name, n FROM tally WHERE campaign = ? AND kind = ? AND n <> 0");
  statement.bind(campaign_id).bind(to_string(kind));
  while (statement.step()) sums[statement.text(0)] = statement.integer(1);
  return sums;
}

std::int64_t total_of(const std::map<std::string, std::int64_t>& sums) {
  std::int64_t total = 0;
  for (const auto& [name, n] : sums) total += n;
  return total;
}

}  // namespace

std::vector<Campaign> load_campaigns(Database& db) {
  std::vector<Campaign> campaigns;
  auto statement = db.prepare(
      "SELECT key, id, state, stop_mode, settings, policy_version, created_at, started_at, ended_at, detail "
      "FROM campaign ORDER BY key");
  while (statement.step()) campaigns.push_back(read_campaign(statement));
  return campaigns;
}

Result<Campaign> create_campaign(Database& db, Campaign campaign) {
  const auto settings = to_json_text(campaign.settings);
  db.prepare(
        "INSERT OR IGNORE INTO campaign(id, state, stop_mode, settings, policy_version, created_at, started_at, "
        "ended_at, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(campaign.id)
      .bind(to_string(campaign.state))
      .bind(to_string(campaign.stop_mode))
      .bind(settings)
      .bind(campaign.policy_version)
      .bind(to_ms(campaign.created_at))
      .bind(to_ms(campaign.started_at))
      .bind(to_ms(campaign.ended_at))
      .bind(campaign.detail)
      .run();
  if (db.changes() == 0) return fail(ErrorCode::Conflict, fmt::format("there is a campaign {} already", campaign.id));
  campaign.key = db.last_rowid();
  return campaign;
}

Result<void> change_campaign(Database& db, const Campaign& campaign) {
  const auto settings = to_json_text(campaign.settings);
  db.prepare(
        "UPDATE campaign SET state = ?, stop_mode = ?, settings = ?, policy_version = ?, started_at = ?, ended_at = ?, "
        "detail = ? WHERE key = ?")
      .bind(to_string(campaign.state))
      .bind(to_string(campaign.stop_mode))
      .bind(settings)
      .bind(campaign.policy_version)
      .bind(to_ms(campaign.started_at))
      .bind(to_ms(campaign.ended_at))
      .bind(campaign.detail)
      .bind(campaign.key)
      .run();
  if (db.changes() == 0) return fail(ErrorCode::NotFound, fmt::format("there is no campaign {}", campaign.id));
  return {};
}

bool is_running(Database& db, std::int64_t campaign_key) {
  auto statement = db.prepare("SELECT 1 FROM campaign WHERE key = ? AND state = 'running'");
  statement.bind(campaign_key);
  return statement.step();
}

CampaignReport make_report(Database& db, const std::string& campaign_id) {
  CampaignReport report;
  report.states = sums_of(db, campaign_id, TallyKind::kContact);
  report.contacts = total_of(report.states);
  report.reasons = sums_of(db, campaign_id, TallyKind::kReason);
  report.statuses = sums_of(db, campaign_id, TallyKind::kStatus);
  report.outcomes = sums_of(db, campaign_id, TallyKind::kOutcome);
  report.attempts = total_of(sums_of(db, campaign_id, TallyKind::kAttempt));
  report.keys = sums_of(db, campaign_id, TallyKind::kKey);
  report.opt_outs = total_of(sums_of(db, campaign_id, TallyKind::kOptOut));
  report.events = total_of(sums_of(db, campaign_id, TallyKind::kEvent));
  auto spent = db.prepare("SELECT spent_micros FROM campaign WHERE id = ?");
  spent.bind(campaign_id);
  if (spent.step()) report.spent = static_cast<double>(spent.integer(0)) / 1e6;
  return report;
}

void write_audit(Database& db, const AuditEntry& entry) {
  db.prepare("INSERT INTO audit(at, who, what, campaign_id, detail, call_id) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(to_ms(entry.at))
      .bind(entry.who)
      .bind(entry.what)
      .bind(entry.campaign_id)
      .bind(entry.detail)
      .bind(entry.call_id)
      .run();
}

std::vector<AuditEntry> read_audit(Database& db, const std::string& campaign_id, int limit) {
  std::vector<AuditEntry> entries;
  auto statement = db.prepare(
      "SELECT at, who, what, campaign_id, detail FROM audit WHERE campaign_id = ? ORDER BY position DESC LIMIT ?");
  statement.bind(campaign_id).bind(limit);
  while (statement.step()) {
    entries.push_back({time_from_ms(statement.integer(0)), statement.text(1), statement.text(2), statement.text(3),
                       statement.text(4)});
  }
  return entries;
}

constexpr const char* kAudit =
    "SELECT at, who, what, campaign_id, detail, call_id, position FROM audit WHERE position < ? "
    "ORDER BY position DESC LIMIT ?";
constexpr const char* kAuditOfCall =
    "SELECT at, who, what, campaign_id, detail, call_id, position FROM audit WHERE call_id = ? AND call_id <> '' "
    "AND position < ? ORDER BY position DESC LIMIT ?";

AuditPage list_audit(Database& db, const std::string& call_id, std::int64_t below, int limit) {
  AuditPage page;
  auto statement = db.prepare(call_id.empty() ? kAudit : kAuditOfCall);
  if (!call_id.empty()) statement.bind(call_id);
  statement.bind(below == 0 ? std::numeric_limits<std::int64_t>::max() : below).bind(limit);
  while (statement.step()) {
    page.entries.push_back({time_from_ms(statement.integer(0)), statement.text(1), statement.text(2), statement.text(3),
                            statement.text(4), statement.text(5), statement.integer(6)});
  }
  if (static_cast<int>(page.entries.size()) == limit) page.next = page.entries.back().position;
  return page;
}

Result<void> resolve_attempt(Database& db, const std::string& attempt_id, Resolution resolution, Time now) {
  const auto attempt = find_attempt(db, attempt_id);
  if (!attempt) return fail(ErrorCode::NotFound, "there is no such attempt");
  if (attempt->attempt.progress.outcome != Outcome::kUnknown) {
    return fail(ErrorCode::Conflict, "the fate of this attempt is known");
  }
  db.prepare("UPDATE attempt SET resolved_at = ? WHERE id = ? AND resolved_at = 0")
      .bind(to_ms(now))
      .bind(attempt_id)
      .run();
  if (db.changes() == 0) return fail(ErrorCode::Conflict, "this attempt is resolved already");
  const auto before = find_contact(db, attempt->attempt.request.contact_key);
  if (!before || before->state != ContactState::kUnknown || before->last_attempt != attempt_id) return {};
  ContactView after = *before;
  switch (resolution) {
    case Resolution::kCallAgain:
      after.state = ContactState::kReady;
      after.due_at = now;
      after.reason = "resolved-call-again";
      break;
    case Resolution::kLeave:
      after.state = ContactState::kDone;
      after.reason = "resolved-left";
      break;
  }
  change_contact(db, *before, after);
  return {};
}

}  // namespace carillon::ledger
