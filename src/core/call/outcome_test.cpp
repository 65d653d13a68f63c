#include "core/call/outcome.h"

#include <gtest/gtest.h>

namespace carillon {
namespace {

struct Row {
  const char* callee;
  EndEvidence evidence;
  Outcome outcome;
};

// What a real Asterisk 22.10 said, row by row: the hangup handler's record (last_sip is what was on the wire).
const Row kFromTheJournal[] = {
    {"answers and listens",
     {.q850 = 16, .last_sip = 200, .state = ChannelState::kUp, .has_answered = true},
     Outcome::kHuman},
    {"answers, we hang up",
     {.q850 = 0, .last_sip = 200, .state = ChannelState::kUp, .has_answered = true},
     Outcome::kHuman},
    {"486 after ringing", {.q850 = 17, .last_sip = 486, .state = ChannelState::kRinging}, Outcome::kBusy},
    {"486 at once", {.q850 = 17, .last_sip = 486, .state = ChannelState::kDown}, Outcome::kBusy},
    {"600", {.q850 = 17, .last_sip = 600, .state = ChannelState::kRinging}, Outcome::kBusy},
    {"603", {.q850 = 21, .last_sip = 603, .state = ChannelState::kRinging}, Outcome::kRejected},
    {"403", {.q850 = 21, .last_sip = 403, .state = ChannelState::kDown}, Outcome::kRejected},
    {"480 on the wire", {.q850 = 19, .last_sip = 480, .state = ChannelState::kRinging}, Outcome::kUnreachable},
    {"404", {.q850 = 1, .last_sip = 404, .state = ChannelState::kRinging}, Outcome::kInvalidNumber},
    {"484", {.q850 = 28, .last_sip = 484, .state = ChannelState::kDown}, Outcome::kInvalidNumber},
    {"503", {.q850 = 34, .last_sip = 503, .state = ChannelState::kRinging}, Outcome::kCongestion},
    {"503 at once", {.q850 = 34, .last_sip = 503, .state = ChannelState::kDown}, Outcome::kCongestion},
    {"429", {.q850 = 0, .last_sip = 429, .state = ChannelState::kDown}, Outcome::kCongestion},
    {"407 that our credentials do not satisfy",
     {.q850 = 21, .last_sip = 407, .state = ChannelState::kDown},
     Outcome::kTrunkDown},
    {"rings past the timeout", {.q850 = 19, .last_sip = 180, .state = ChannelState::kRinging}, Outcome::kNoAnswer},
    {"183 early media, never answers", {.q850 = 19, .last_sip = 183, .state = ChannelState::kDown}, Outcome::kNoAnswer},
    {"100 then silence", {.q850 = 19, .last_sip = 100, .state = ChannelState::kDown}, Outcome::kNoResponse},
    {"carrier process dead", {.q850 = 19, .last_sip = 0, .state = ChannelState::kDown}, Outcome::kNoResponse},
};

// The Hangup event, when the handler's record was lost: TechCause 480 may be made up.
const Row kFromTheHangupEvent[] = {
    {"486", {.q850 = 17, .tech_sip = 486, .state = ChannelState::kRinging, .has_rung = true}, Outcome::kBusy},
    {"603", {.q850 = 21, .tech_sip = 603, .state = ChannelState::kRinging, .has_rung = true}, Outcome::kRejected},
    {"404", {.q850 = 1, .tech_sip = 404, .state = ChannelState::kRinging, .has_rung = true}, Outcome::kInvalidNumber},
    {"503", {.q850 = 34, .tech_sip = 503, .state = ChannelState::kRinging, .has_rung = true}, Outcome::kCongestion},
    {"ring timeout: the 480 is not the carrier's",
     {.q850 = 19, .tech_sip = 480, .state = ChannelState::kRinging, .has_rung = true},
     Outcome::kNoAnswer},
    {"silence: the 480 is not the carrier's",
     {.q850 = 19, .tech_sip = 480, .state = ChannelState::kDown},
     Outcome::kNoResponse},
    {"early media then silence",
     {.q850 = 19, .tech_sip = 480, .state = ChannelState::kDown, .has_rung = true},
     Outcome::kNoAnswer},
    {"before TechCause existed: busy by cause alone", {.q850 = 17, .state = ChannelState::kRinging}, Outcome::kBusy},
    {"before TechCause existed: rejected by cause alone",
     {.q850 = 21, .state = ChannelState::kRinging},
     Outcome::kRejected},
    {"before TechCause existed: no such number", {.q850 = 1, .state = ChannelState::kDown}, Outcome::kInvalidNumber},
    {"hung up while Up", {.q850 = 16, .state = ChannelState::kUp}, Outcome::kHuman},
    {"nothing known at all", {}, Outcome::kNoResponse},
};

// What the engine knows itself.
const Row kFromTheEngine[] = {
    {"unknown endpoint", {.is_refused = true}, Outcome::kTrunkDown},
    {"stopped while ringing",
     {.q850 = 16, .last_sip = 180, .state = ChannelState::kRinging, .is_canceled = true},
     Outcome::kCanceled},
    {"stopped, but the answer won the race",
     {.q850 = 16, .state = ChannelState::kUp, .has_answered = true, .is_canceled = true},
     Outcome::kHuman},
};

template <std::size_t N>
void expect_rows(const Row (&rows)[N]) {
  for (const auto& row : rows) {
    EXPECT_EQ(to_string(decide_outcome(row.evidence)), to_string(row.outcome)) << row.callee;
  }
}

TEST(Outcome, IsDecidedByTheHangupHandlersRecord) { expect_rows(kFromTheJournal); }
TEST(Outcome, IsDecidedByTheHangupEventWhenTheRecordIsMissing) { expect_rows(kFromTheHangupEvent); }
TEST(Outcome, KnowsWhatTheEngineDidItself) { expect_rows(kFromTheEngine); }

TEST(Outcome, EveryOutcomeHasAFinalStatusAndAWord) {
  for (int value = 1; value <= static_cast<int>(Outcome::kUnknown); ++value) {
    const auto outcome = static_cast<Outcome>(value);
    EXPECT_TRUE(is_final(status_of(outcome))) << value;
    EXPECT_EQ(parse_outcome(to_string(outcome)), outcome);
  }
}

// A SIP response is never dropped: whatever final code a carrier invents, the call ends in a definite outcome.
TEST(Outcome, EveryFinalSipCodeMeansSomething) {
  for (int code = 400; code < 700; ++code) {
    const EndEvidence evidence{.q850 = 0, .last_sip = code, .state = ChannelState::kDown};
    EXPECT_NE(decide_outcome(evidence), Outcome::kNone) << code;
    EXPECT_NE(decide_outcome(evidence), Outcome::kHuman) << code;
  }
}

}  // namespace
}  // namespace carillon
