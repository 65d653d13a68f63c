// The twin of ledger/campaigns.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "simulated/memory_ledger.h"

namespace carillon::simulated {

void Counts::add(std::string_view name, std::int64_t n) {
  const auto found = all_.try_emplace(std::string(name), 0).first;
  found->second += n;
  if (found->second == 0) all_.erase(found);
}

const MemoryLedger::CampaignRow* MemoryLedger::find_campaign(std::int64_t key) const {
  const bool is_known = key >= 1 && key <= static_cast<std::int64_t>(campaigns_.size());
  return is_known ? &campaigns_[static_cast<std::size_t>(key - 1)] : nullptr;
}

MemoryLedger::CampaignRow* MemoryLedger::find_campaign(std::int64_t key) {
  return const_cast<CampaignRow*>(std::as_const(*this).find_campaign(key));
}

const Campaign* MemoryLedger::campaign(std::int64_t key) const {
  const auto* row = find_campaign(key);
  return row == nullptr ? nullptr : &row->campaign;
}

std::vector<Campaign> MemoryLedger::load_campaigns() const {
  std::vector<Campaign> campaigns;
  for (const auto& row : campaigns_) campaigns.push_back(row.campaign);
  return campaigns;
}

Result<Campaign> MemoryLedger::create_campaign(Campaign campaign) {
  for (const auto& row : campaigns_) {
    if (row.campaign.id != campaign.id) continue;
    return fail(ErrorCode::Conflict, fmt::format("there is a campaign {} already", campaign.id));
  }
  campaign.key = static_cast<std::int64_t>(campaigns_.size()) + 1;
  campaigns_.emplace_back().campaign = campaign;
  return campaign;
}

Result<void> MemoryLedger::change_campaign(const Campaign& campaign) {
  CampaignRow* row = find_campaign(campaign.key);
  if (row == nullptr) return fail(ErrorCode::NotFound, fmt::format("there is no campaign {}", campaign.id));
  const std::string id = row->campaign.id;
  const Time created_at = row->campaign.created_at;
  row->campaign = campaign;
  row->campaign.id = id;
  row->campaign.created_at = created_at;
  return {};
}

CampaignReport MemoryLedger::report(const std::string& campaign_id) const {
  CampaignReport report;
  if (const auto found = sums_.find(campaign_id); found != sums_.end()) {
    const auto& sums = found->second;
    report.states = sums.contacts.all();
    report.reasons = sums.reasons.all();
    report.statuses = sums.statuses.all();
    report.outcomes = sums.outcomes.all();
    report.keys = sums.keys.all();
    for (const auto& [state, n] : report.states) report.contacts += n;
    report.attempts = sums.placed;
    report.opt_outs = sums.opt_outs;
    report.events = sums.events;
  }
  for (const auto& row : campaigns_) {
    if (row.campaign.id == campaign_id) report.spent = static_cast<double>(row.spent_micros) / 1e6;
  }
  return report;
}

void MemoryLedger::write_audit(AuditEntry entry) {
  entry.position = static_cast<std::int64_t>(audit_.size()) + 1;
  audit_.push_back(std::move(entry));
}

std::vector<AuditEntry> MemoryLedger::read_audit(const std::string& campaign_id, int limit) const {
  std::vector<AuditEntry> entries;
  for (const auto& entry : audit_ | std::views::reverse) {
    if (static_cast<int>(entries.size()) >= limit) break;
    if (entry.campaign_id == campaign_id) entries.push_back(entry);
  }
  return entries;
}

AuditPage MemoryLedger::list_audit(const std::string& call_id, std::int64_t below, int limit) const {
  AuditPage page;
  for (const auto& entry : audit_ | std::views::reverse) {
    if (below != 0 && entry.position >= below) continue;
    if (!call_id.empty() && entry.call_id != call_id) continue;
    page.entries.push_back(entry);
    if (static_cast<int>(page.entries.size()) < limit) continue;
    page.next = entry.position;
    break;
  }
  return page;
}

Result<void> MemoryLedger::resolve_attempt(const std::string& attempt_id, Resolution resolution, Time now) {
  AttemptRow* row = find_row(attempt_id);
  if (row == nullptr) return fail(ErrorCode::NotFound, "there is no such attempt");
  if (row->attempt.progress.outcome != Outcome::kUnknown) {
    return fail(ErrorCode::Conflict, "the fate of this attempt is known");
  }
  if (row->resolved_at != Time{}) return fail(ErrorCode::Conflict, "this attempt is resolved already");
  row->resolved_at = now;
  const auto* before = find_contact(row->attempt.request.contact_key);
  if (before == nullptr || before->state != ContactState::kUnknown || before->last_attempt != attempt_id) return {};
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
  change_contact(std::move(after));
  return {};
}

}  // namespace carillon::simulated
