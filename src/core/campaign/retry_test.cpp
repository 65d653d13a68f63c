#include "core/campaign/retry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <chrono>

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::array kOutcomes{
    Outcome::kNone,          Outcome::kHuman,       Outcome::kBusy,       Outcome::kNoAnswer,   Outcome::kRejected,
    Outcome::kInvalidNumber, Outcome::kUnreachable, Outcome::kNoResponse, Outcome::kCongestion, Outcome::kTrunkDown,
    Outcome::kCanceled,      Outcome::kSkipped,     Outcome::kUnknown};
const Time kEnd = time_from_ms(1'795'348'800'000);

ContactNext after(Outcome outcome, int tries) {
  return after_attempt(default_retry_rules(), outcome, tries, false, kEnd);
}

void expect_retry(Outcome outcome, int tries, Duration wait) {
  for (int spent = 1; spent < tries; ++spent) {
    const auto next = after(outcome, spent);
    EXPECT_EQ(next.state, ContactState::kReady) << to_string(outcome) << " after try " << spent;
    EXPECT_EQ(next.due_at, kEnd + wait) << to_string(outcome);
    EXPECT_EQ(next.reason, "retry-" + std::string(to_string(outcome)));
  }
  const auto last = after(outcome, tries);
  EXPECT_EQ(last.state, ContactState::kDone) << to_string(outcome);
  EXPECT_EQ(last.due_at, std::nullopt);
  EXPECT_EQ(last.reason, "tries-spent");
}

void expect_final(Outcome outcome, const std::string& reason) {
  const auto next = after(outcome, 1);
  EXPECT_EQ(next.state, ContactState::kDone) << to_string(outcome);
  EXPECT_EQ(next.reason, reason);
}

TEST(Retry, WithoutRulesOfItsOwnACampaignTriesAgainWhereThatHelps) {
  expect_retry(Outcome::kBusy, 3, minutes(15));
  expect_retry(Outcome::kNoAnswer, 3, minutes(60));
  expect_retry(Outcome::kCongestion, 5, minutes(2));
  expect_retry(Outcome::kTrunkDown, 5, minutes(2));
  expect_retry(Outcome::kNoResponse, 3, minutes(15));
  expect_retry(Outcome::kUnreachable, 2, hours(4));
  expect_final(Outcome::kHuman, "human");
  expect_final(Outcome::kRejected, "final-rejected");
  expect_final(Outcome::kInvalidNumber, "final-invalid-number");
}

TEST(Retry, TriesCountWhateverTheyEndedWith) {
  EXPECT_EQ(after(Outcome::kBusy, 4).reason, "tries-spent") << "four congestions before";
}

TEST(Retry, ARuleMayNameWhatIsFinalOtherwise) {
  const RetryRules rules{{Outcome::kHuman, {2, hours(24)}}, {Outcome::kRejected, {2, hours(1)}}};
  EXPECT_EQ(after_attempt(rules, Outcome::kHuman, 1, false, kEnd).due_at, kEnd + hours(24));
  EXPECT_EQ(after_attempt(rules, Outcome::kHuman, 2, false, kEnd).reason, "human") << "reached in the end";
  EXPECT_EQ(after_attempt(rules, Outcome::kRejected, 1, false, kEnd).reason, "retry-rejected");
  EXPECT_EQ(after_attempt(rules, Outcome::kBusy, 1, false, kEnd).reason, "final-busy");
}

TEST(Retry, AStoppedCallIsLeftAloneForAWhile) {
  const auto next = after(Outcome::kCanceled, 5);
  EXPECT_EQ(next.state, ContactState::kReady);
  EXPECT_EQ(next.due_at, kEnd + minutes(15));
  EXPECT_EQ(next.reason, "canceled");
}

TEST(Retry, WhatWasNeverDialledIsReadyAtOnce) {
  const auto stopped = after_attempt({}, Outcome::kCanceled, 3, false, kEnd, false);
  EXPECT_EQ(stopped.state, ContactState::kReady);
  EXPECT_EQ(stopped.due_at, kEnd);
  EXPECT_EQ(stopped.reason, "never-sent");
  EXPECT_EQ(after(Outcome::kNone, 1).reason, "never-sent") << "put back into the queue";
}

TEST(Retry, OnlyOutcomesOfAPersonOrACarrierMayHaveARule) {
  for (const auto& [outcome, rule] : default_retry_rules()) EXPECT_TRUE(may_be_retried(outcome)) << to_string(outcome);
  for (const auto outcome : {Outcome::kNone, Outcome::kCanceled, Outcome::kSkipped, Outcome::kUnknown}) {
    EXPECT_FALSE(may_be_retried(outcome)) << to_string(outcome);
  }
}

TEST(Retry, ContactStatesHaveTheirWords) {
  for (const auto state : {ContactState::kReady, ContactState::kInCall, ContactState::kDone, ContactState::kSkipped,
                           ContactState::kUnknown}) {
    EXPECT_EQ(parse_contact_state(to_string(state)), state);
  }
  EXPECT_EQ(parse_contact_state(""), std::nullopt);
}

RetryRules any_rules() {
  RetryRules rules;
  for (const Outcome outcome : kOutcomes) {
    if (*rc::gen::arbitrary<bool>()) rules[outcome] = {*rc::gen::inRange(1, 10), minutes(*rc::gen::inRange(0, 600))};
  }
  return rules;
}

// Whatever the rules and the outcome: what is not safe to redial is not redialled.
RC_GTEST_PROP(Retry, NobodyIsCalledAgainWhoMustNotBe, ()) {
  const auto outcome = *rc::gen::elementOf(kOutcomes);
  const int tries = *rc::gen::inRange(0, 12);
  const bool was_placed = *rc::gen::arbitrary<bool>();
  const auto rules = any_rules();
  RC_ASSERT(after_attempt(rules, outcome, tries, true, kEnd, was_placed).state == ContactState::kDone);
  const auto next = after_attempt(rules, outcome, tries, false, kEnd, was_placed);
  RC_ASSERT(!next.reason.empty());
  RC_ASSERT((next.state == ContactState::kReady) == next.due_at.has_value());
  RC_ASSERT((outcome == Outcome::kUnknown) == (next.state == ContactState::kUnknown));
  RC_ASSERT((outcome == Outcome::kSkipped) == (next.state == ContactState::kSkipped));
  if (!may_be_retried(outcome)) return;
  const auto rule = rules.find(outcome);
  const bool has_tries = rule != rules.end() && tries < rule->second.tries;
  RC_ASSERT((next.state == ContactState::kReady) == has_tries);
}

}  // namespace
}  // namespace carillon
