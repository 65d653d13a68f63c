// The durable facts of one attempt, as the ledger keeps them: what was asked, and how far it came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "core/call/words.h"

namespace carillon {

// What was asked. Does not change once accepted.
struct AttemptRequest {
  std::string id;       // ULID; the call's id at every system on the way ("in-…", "cli-…" for calls without one)
  std::string call_id;  // the caller's idempotency key; empty if none
  std::string campaign_id;
  std::string contact_id;         // the caller's or the list's own id of the person
  std::int64_t campaign_key = 0;  // the ledger's numbers of campaign and contact; 0 = a call without a contact
  std::int64_t contact_key = 0;
  int try_number = 0;       // of the contact, from 1
  std::string number;       // E.164; empty for an inbound call with a hidden number
  std::string audio;        // the stored prompt's id; empty = the built-in welcome
  std::string caller_id;    // E.164; empty = the trunk's
  std::string time_zone;    // IANA name; empty = by the number's region
  std::string variables;    // a JSON object of the caller's own values, told with every event; empty if none
  std::string fingerprint;  // hash of the whole request: tells a repeated callId from one used for something else
  std::string trunk;
  Direction direction = Direction::kOutbound;
  Duration ring_timeout{30'000};
  Time created_at{};
};

// How far it came. Rewritten as a whole with each change.
struct AttemptProgress {
  CallStatus status = CallStatus::kQueued;
  Outcome outcome = Outcome::kNone;
  std::string reason;               // the gate that held it, or what the telephony server said
  int sip_code = 0;                 // last SIP response of the carrier; 0 = none known
  int q850 = 0;                     // ITU-T Q.850 cause; 0 = none known
  std::string raw_cause;            // as Asterisk told it
  bool is_intended = false;         // the intent is committed: it may have been sent to the telephony server
  std::string node_boot;            // boot identity of the node at the intent
  std::uint32_t next_sequence = 1;  // of the next event about this call
  Time intended_at{};
  Time ringing_at{};
  Time answered_at{};
  Time ended_at{};
  Duration talked{0};
  bool has_opted_out = false;  // asked never to be called again
};

struct Attempt {
  AttemptRequest request;
  AttemptProgress progress;
};

// Whether its end is in a campaign's sums: what never left for the telephony server is neither a try nor an outcome.
inline bool is_counted(const Attempt& attempt) {
  const auto& progress = attempt.progress;
  const bool has_left = progress.intended_at != Time{} || attempt.request.direction == Direction::kInbound;
  return is_final(progress.status) && (has_left || progress.outcome == Outcome::kSkipped);
}

}  // namespace carillon
