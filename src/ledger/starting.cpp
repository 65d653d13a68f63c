#include "ledger/starting.h"

#include <fmt/format.h>

#include "core/campaign/budget.h"
#include "ledger/attempts.h"
#include "ledger/campaigns.h"
#include "ledger/contacts.h"
#include "ledger/facts.h"

namespace carillon::ledger {
namespace {

// When a hold does not say when to ask again: a fact is missing that people must bring.
constexpr std::chrono::minutes kAskAgain{10};

Evidence evidence_of(const PolicyPack& policy, const std::vector<Verdict>& verdicts) {
  Evidence evidence{fmt::format("{}@{}", policy.id, policy.version), ""};
  // "number; suppression; registry: checked 2026-11-20; …"
  for (const auto& verdict : verdicts) {
    if (!evidence.verdicts.empty()) evidence.verdicts += "; ";
    evidence.verdicts += verdict.gate;
    if (!verdict.detail.empty()) evidence.verdicts += ": " + verdict.detail;
  }
  return evidence;
}

StartResult hold(const Verdict& verdict, Time now) {
  StartResult result{StartResult::Kind::kHeld, verdict, verdict.until.value_or(now + kAskAgain)};
  // Never at once again: a gate whose end is now would make this a busy loop.
  result.due_at = std::max(*result.due_at, now + std::chrono::seconds(1));
  return result;
}

std::vector<Verdict> ask_gates(const StartRequest& request, Facts facts, std::int64_t open_attempts) {
  const auto& budget = request.rules->campaign.settings.budget;
  if (budget) {
    facts.reserved = static_cast<double>(open_attempts) * worst_cost(*budget, request.rules->max_call);
  }
  return evaluate_gates(facts, request.rules->context(request.now, &request.calling_time, prompt_of(request)));
}

StartResult start_call(Database& db, const StartRequest& request) {
  const auto& asked = request.change.attempt.request;
  const auto verdicts = ask_gates(request, facts_of_request(db, asked), 0);
  if (const auto verdict = deciding_verdict(verdicts)) {
    if (verdict->decision == Decision::kSkip) return {StartResult::Kind::kSkipped, verdict, std::nullopt};
    return hold(*verdict, request.now);
  }
  apply_change(db, request.change, evidence_of(request.rules->policy, verdicts));
  return {StartResult::Kind::kStarted, std::nullopt, std::nullopt};
}

StartResult start_contact(Database& db, const StartRequest& request) {
  const auto& asked = request.change.attempt.request;
  const auto before = find_contact(db, asked.contact_key);
  // The hopper's copy may be behind, by a whole try even, and a stop may have been committed meanwhile.
  const bool is_due = before && before->state == ContactState::kReady && before->due_at <= request.now &&
                      before->tries + 1 == asked.try_number;
  if (!is_due || !is_running(db, asked.campaign_key)) return {StartResult::Kind::kGone, std::nullopt, std::nullopt};

  const std::int64_t open = request.rules->campaign.settings.budget ? count_open_attempts(db, asked.campaign_key) : 0;
  const auto facts = facts_of_contact(db, asked.campaign_key, asked.number, before->lane, asked.id);
  const auto verdicts = ask_gates(request, facts, open);
  const auto verdict = deciding_verdict(verdicts);
  if (verdict && verdict->decision == Decision::kSkip) {
    skip_contact(db, *before, asked, verdict->reason, verdict->detail, request.now);
    return {StartResult::Kind::kSkipped, verdict, std::nullopt};
  }
  ContactView after = *before;
  if (verdict) {
    const StartResult held = hold(*verdict, request.now);
    after.due_at = *held.due_at;
    after.reason = verdict->reason;
    after.detail = verdict->detail;
    change_contact(db, *before, after);
    return held;
  }
  apply_change(db, request.change, evidence_of(request.rules->policy, verdicts));
  after.state = ContactState::kInCall;
  after.tries = asked.try_number;
  after.reason.clear();
  after.detail.clear();
  after.last_attempt = asked.id;
  change_contact(db, *before, after);
  return {StartResult::Kind::kStarted, std::nullopt, std::nullopt};
}

}  // namespace

StartResult record_intent(Database& db, const StartRequest& request) {
  return request.change.attempt.request.contact_key == 0 ? start_call(db, request) : start_contact(db, request);
}

}  // namespace carillon::ledger
