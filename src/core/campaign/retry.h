// What becomes of a contact when one of its attempts has ended. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "core/call/words.h"
#include "core/campaign/campaign.h"

namespace carillon {

enum class ContactState : std::uint8_t {
  kReady,    // to be called from due_at on
  kInCall,   // an attempt to it is open
  kDone,     // reached, or every try spent
  kSkipped,  // a gate will never let it pass
  kUnknown,  // an attempt's fate is unknown: an operator decides
};
std::string_view to_string(ContactState state);
std::optional<ContactState> parse_contact_state(std::string_view word);

struct ContactNext {
  ContactState state = ContactState::kDone;
  std::optional<Time> due_at;  // when ready
  // Fixed word: "human", "opted-out", "final-rejected" (no rule for the outcome), "retry-busy", "tries-spent",
  // "canceled" (stopped while it rang), "never-sent" (not dialled at all), "skipped", "unknown".
  std::string reason;
};

// Outcomes that a retry rule may name; the others are not about the person or have only one meaning.
bool may_be_retried(Outcome outcome);

// tries: those spent, the one that ended included. has_opted_out ends it for good. was_placed: the order to dial may
// have reached the telephony server; where it did not, a canceled attempt spent no try and is due at once.
ContactNext after_attempt(const RetryRules& rules, Outcome outcome, int tries, bool has_opted_out, Time ended_at,
                          bool was_placed = true);

}  // namespace carillon
