#include "core/campaign/retry.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Somebody whose phone was stopped while it rang is left alone for as long as somebody who was busy.
constexpr Duration kWaitAfterCancel = minutes(15);

ContactNext ready_at(Time due_at, std::string reason) { return {ContactState::kReady, due_at, std::move(reason)}; }
ContactNext ends(ContactState state, std::string reason) { return {state, std::nullopt, std::move(reason)}; }

ContactNext by_rule(const RetryRules& rules, Outcome outcome, int tries, Time ended_at) {
  const auto rule = rules.find(outcome);
  if (rule != rules.end() && tries < rule->second.tries) {
    return ready_at(ended_at + rule->second.wait, fmt::format("retry-{}", to_string(outcome)));
  }
  if (outcome == Outcome::kHuman) return ends(ContactState::kDone, "human");
  if (rule != rules.end()) return ends(ContactState::kDone, "tries-spent");
  return ends(ContactState::kDone, fmt::format("final-{}", to_string(outcome)));
}

}  // namespace

std::string_view to_string(ContactState state) {
  switch (state) {
    case ContactState::kReady: return "ready";
    case ContactState::kInCall: return "in-call";
    case ContactState::kDone: return "done";
    case ContactState::kSkipped: return "skipped";
    case ContactState::kUnknown: return "unknown";
  }
  return "";
}

std::optional<ContactState> parse_contact_state(std::string_view word) {
  for (const auto state : {ContactState::kReady, ContactState::kInCall, ContactState::kDone, ContactState::kSkipped,
                           ContactState::kUnknown}) {
    if (to_string(state) == word) return state;
  }
  return std::nullopt;
}

// A busy line is free again soon, who did not hear it rings later, a carrier's trouble passes within minutes and costs
// nobody a ringing phone; a phone that is off stays off for hours. All else would be the same again.
RetryRules default_retry_rules() {
  return {
      {Outcome::kBusy, {3, minutes(15)}},       {Outcome::kNoAnswer, {3, minutes(60)}},
      {Outcome::kCongestion, {5, minutes(2)}},  {Outcome::kTrunkDown, {5, minutes(2)}},
      {Outcome::kNoResponse, {3, minutes(15)}}, {Outcome::kUnreachable, {2, hours(4)}},
  };
}

bool may_be_retried(Outcome outcome) {
  switch (outcome) {
    case Outcome::kHuman:
    case Outcome::kBusy:
    case Outcome::kNoAnswer:
    case Outcome::kRejected:
    case Outcome::kInvalidNumber:
    case Outcome::kUnreachable:
    case Outcome::kNoResponse:
    case Outcome::kCongestion:
    case Outcome::kTrunkDown: return true;
    case Outcome::kNone:
    case Outcome::kCanceled:
    case Outcome::kSkipped:
    case Outcome::kUnknown: return false;
  }
  return false;
}

ContactNext after_attempt(const RetryRules& rules, Outcome outcome, int tries, bool has_opted_out, Time ended_at,
                          bool was_placed) {
  if (has_opted_out) return ends(ContactState::kDone, "opted-out");
  switch (outcome) {
    case Outcome::kNone: return ready_at(ended_at, "never-sent");  // put back into the queue
    case Outcome::kCanceled:
      return was_placed ? ready_at(ended_at + kWaitAfterCancel, "canceled") : ready_at(ended_at, "never-sent");
    case Outcome::kSkipped: return ends(ContactState::kSkipped, "skipped");
    case Outcome::kUnknown: return ends(ContactState::kUnknown, "unknown");
    case Outcome::kHuman:
    case Outcome::kBusy:
    case Outcome::kNoAnswer:
    case Outcome::kRejected:
    case Outcome::kInvalidNumber:
    case Outcome::kUnreachable:
    case Outcome::kNoResponse:
    case Outcome::kCongestion:
    case Outcome::kTrunkDown: return by_rule(rules, outcome, tries, ended_at);
  }
  return ends(ContactState::kUnknown, "unknown");
}

}  // namespace carillon
