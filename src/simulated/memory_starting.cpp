// The twin of ledger/starting.cpp.
#include <algorithm>

#include "core/campaign/budget.h"
#include "simulated/memory_ledger.h"

namespace carillon::simulated {
namespace {

constexpr std::chrono::minutes kAskAgain{10};

StartResult hold(const Verdict& verdict, Time now) {
  StartResult result{StartResult::Kind::kHeld, verdict, verdict.until.value_or(now + kAskAgain)};
  result.due_at = std::max(*result.due_at, now + std::chrono::seconds(1));
  return result;
}

std::optional<Verdict> ask_gates(const StartRequest& request, const Facts& facts) {
  return deciding_verdict(
      evaluate_gates(facts, request.rules->context(request.now, &request.calling_time, prompt_of(request))));
}

StartResult started() { return {StartResult::Kind::kStarted, std::nullopt, std::nullopt}; }

}  // namespace

StartResult MemoryLedger::record_intent(const StartRequest& request) {
  return request.change.attempt.request.contact_key == 0 ? start_call(request) : start_contact(request);
}

StartResult MemoryLedger::start_call(const StartRequest& request) {
  const auto verdict = ask_gates(request, facts_of_request(request.change.attempt.request));
  if (verdict && verdict->decision == Decision::kSkip) return {StartResult::Kind::kSkipped, verdict, std::nullopt};
  if (verdict) return hold(*verdict, request.now);
  apply_change(request.change);
  return started();
}

StartResult MemoryLedger::start_contact(const StartRequest& request) {
  const auto& asked = request.change.attempt.request;
  const auto* before = find_contact(asked.contact_key);
  const auto* campaign = find_campaign(asked.campaign_key);
  const bool is_due = before != nullptr && before->state == ContactState::kReady && before->due_at <= request.now &&
                      before->tries + 1 == asked.try_number;
  const bool is_running = campaign != nullptr && campaign->campaign.state == CampaignState::kRunning;
  if (!is_due || !is_running) return {StartResult::Kind::kGone, std::nullopt, std::nullopt};

  Facts facts = facts_of_contact(*before, asked.id);
  if (const auto& budget = request.rules->campaign.settings.budget) {
    facts.reserved = static_cast<double>(campaign->open_attempts) * worst_cost(*budget, request.rules->max_call);
  }
  const auto verdict = ask_gates(request, facts);
  if (verdict && verdict->decision == Decision::kSkip) {
    skip_contact(*before, asked, verdict->reason, verdict->detail, request.now);
    return {StartResult::Kind::kSkipped, verdict, std::nullopt};
  }
  ContactView after = *before;
  if (verdict) {
    const StartResult held = hold(*verdict, request.now);
    after.due_at = *held.due_at;
    after.reason = verdict->reason;
    after.detail = verdict->detail;
    change_contact(std::move(after));
    return held;
  }
  apply_change(request.change);
  after.state = ContactState::kInCall;
  after.tries = asked.try_number;
  after.reason.clear();
  after.detail.clear();
  after.last_attempt = asked.id;
  change_contact(std::move(after));
  return started();
}

}  // namespace carillon::simulated
