#include "core/call/outcome.h"

namespace carillon {
namespace {

// RFC 3261 section 21 and its kin. kNone where the code says nothing about the callee.
Outcome outcome_of_sip(int code) {
  switch (code) {
    case 486:
    case 600: return Outcome::kBusy;
    case 403:
    case 603:
    case 607:
    case 608: return Outcome::kRejected;
    case 404:
    case 410:
    case 484:
    case 485:
    case 604: return Outcome::kInvalidNumber;
    case 480:
    case 430:
    case 482:
    case 488:
    case 606: return Outcome::kUnreachable;
    case 408:
    case 504: return Outcome::kNoResponse;
    case 429:
    case 500:
    case 502:
    case 503: return Outcome::kCongestion;
    case 401:
    case 407: return Outcome::kTrunkDown;
    case 487: return Outcome::kCanceled;
    default: break;
  }
  if (code >= 400 && code < 500) return Outcome::kUnreachable;
  if (code >= 500 && code < 600) return Outcome::kCongestion;
  if (code >= 600) return Outcome::kRejected;
  return Outcome::kNone;
}

// ITU-T Q.850 causes, for evidence without a SIP code.
Outcome outcome_of_q850(int cause) {
  switch (cause) {
    case 17: return Outcome::kBusy;
    case 21: return Outcome::kRejected;
    case 1:
    case 22:
    case 28: return Outcome::kInvalidNumber;
    case 2:
    case 3:
    case 20:
    case 27: return Outcome::kUnreachable;
    case 34:
    case 38:
    case 41:
    case 42:
    case 44:
    case 47: return Outcome::kCongestion;
    default: return Outcome::kNone;
  }
}

Outcome outcome_of_evidence(const EndEvidence& evidence) {
  if (evidence.has_answered || evidence.state == ChannelState::kUp) return Outcome::kHuman;
  if (evidence.is_refused) return Outcome::kTrunkDown;
  if (evidence.is_canceled) return Outcome::kCanceled;

  // A final response that was really on the wire is the best evidence.
  if (evidence.last_sip >= 400) return outcome_of_sip(evidence.last_sip);

  // No final response came: the server gave up waiting (cause 19 and a 480 of its own making).
  const bool gave_up = evidence.last_sip > 0 || evidence.q850 == 19 || evidence.q850 == 0 || evidence.q850 == 18;
  if (gave_up && (evidence.last_sip > 0 || evidence.tech_sip == 0 || evidence.tech_sip == 480)) {
    const bool rang = evidence.has_rung || evidence.state == ChannelState::kRinging || evidence.last_sip >= 180;
    return rang ? Outcome::kNoAnswer : Outcome::kNoResponse;
  }

  if (const auto outcome = outcome_of_sip(evidence.tech_sip); outcome != Outcome::kNone) return outcome;
  if (const auto outcome = outcome_of_q850(evidence.q850); outcome != Outcome::kNone) return outcome;
  return evidence.has_rung || evidence.state == ChannelState::kRinging ? Outcome::kNoAnswer : Outcome::kNoResponse;
}

}  // namespace

Outcome decide_outcome(const EndEvidence& evidence) {
  const Outcome outcome = outcome_of_evidence(evidence);
  return outcome == Outcome::kNoResponse && evidence.is_trunk_suspect ? Outcome::kTrunkDown : outcome;
}

}  // namespace carillon
