// Gates: the rules that can hold or skip an attempt. Each is one small pure function in gates/, with a name; all of
// them are asked when contacts are previewed and again, from fresh facts, in the transaction that would let the call
// begin. A fact that is missing holds. The texts of verdicts are for operators and are kept with the contact and the
// attempt.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/campaign/campaign.h"
#include "core/campaign/places.h"
#include "core/campaign/policy.h"

namespace carillon {

struct CallingTime;

enum class Decision : std::uint8_t {
  kPass,
  kHold,  // not now: asked again at `until`
  kSkip,  // never in this campaign
};
std::string_view to_string(Decision decision);

struct Verdict {
  std::string_view gate;  // static: "suppression", "window", …
  Decision decision = Decision::kPass;
  std::string reason;  // a fixed word for counting: "suppressed-global", "window-closed", …; empty when passed
  std::string
      detail;  // a sentence: "outside 09:00-20:00 (21:14 in Asia/Jerusalem)"; also when passed, if there is a fact
  std::optional<Time> until;  // of a hold: when to ask again, if that is known

  bool operator==(const Verdict&) const = default;
};

enum class SuppressionLevel : std::uint8_t { kGlobal, kRegistry, kAdvertiser, kCampaign };
std::string_view to_string(SuppressionLevel level);
std::optional<SuppressionLevel> parse_suppression_level(std::string_view word);

// An entry that forbids calling a number.
struct Suppression {
  std::string number;
  SuppressionLevel level = SuppressionLevel::kGlobal;
  std::string scope;  // which registry, advertiser or campaign; empty for global
  std::string reason;
  std::string source;  // the attempt or person that brought it
  Time created_at{};
  std::optional<Time> expires_at;

  bool operator==(const Suppression&) const = default;
};

// What a do-not-call registry said of a number, and when it was asked.
struct RegistryCheck {
  std::string registry;  // the policy's name of it: "il-dnc"
  bool is_listed = false;
  Time checked_at{};

  bool operator==(const RegistryCheck&) const = default;
};

// Somebody's consent to be called by an advertiser.
struct Consent {
  std::string advertiser;
  std::string basis;     // "written", "recorded-call", "customer", "one-off"
  std::string evidence;  // where the proof is kept
  Time given_at{};
  std::optional<Time> expires_at;

  bool operator==(const Consent&) const = default;
};

// Everything the ledger knows that matters for one number of one campaign. Gathered in one transaction.
struct Facts {
  std::string number;                     // E.164; empty = it is not valid
  std::string number_problem;             // why it is not
  std::vector<std::string> regions;       // ISO 3166
  std::vector<std::string> zones;         // IANA zones in which the person may be; empty = not known
  bool is_duplicate = false;              // the campaign has another contact with this number
  std::vector<Suppression> suppressions;  // all of the number, expired ones too
  std::vector<RegistryCheck> registry_checks;
  std::vector<Consent> consents;
  std::vector<Time> attempts;  // when each attempt to the number was placed, in any campaign, newest last
  bool has_open_attempt = false;
  std::optional<Time> unknown_at;  // the newest attempt whose fate is unknown and not resolved
  double spent = 0;                // by the campaign, in its currency
  double reserved = 0;             // worst cases of its calls under way
};

// What is known of the prompt that is spoken to one contact alone.
struct ContactPrompt {
  std::string id{};                   // stored; empty if there is none
  std::string problem{};              // why not
  bool is_final = false;              // of a problem: another try changes nothing
  std::shared_ptr<const void> pin{};  // it stays stored as long as somebody holds this

  bool operator==(const ContactPrompt&) const = default;
};

// The rest of what gates look at.
struct GateContext {
  const Campaign& campaign;
  const PolicyPack& policy;
  const Places& places;
  Time now;
  Duration max_call{600'000};      // the longest that a call can last once answered
  bool is_window_enforced = true;  // the loopback test trunk is the only one without
  // From the dialer: whether a trunk of the campaign can take a call.
  bool is_trunk_available = true;
  std::string trunk_detail = {};
  std::optional<Time> trunk_until = {};
  // The answer for facts.zones, if it is known and still holds; else it is computed, which costs more than all the
  // rest.
  const CallingTime* calling_time = nullptr;
  // Of a contact who hears a prompt of their own; nothing if it is not known, or not needed.
  const ContactPrompt* prompt = nullptr;
};

// All gates in their order, each with its verdict.
std::vector<Verdict> evaluate_gates(const Facts& facts, const GateContext& context);

// The one that decides: the first skip, else the hold that lasts longest (one of no known end before all others, and of
// equals the first), else nothing (all pass).
std::optional<Verdict> deciding_verdict(const std::vector<Verdict>& verdicts);

}  // namespace carillon
