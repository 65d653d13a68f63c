// A campaign: a message and its keys for a list of contacts, with the rules by which they are called. What an operator
// writes (CampaignSettings; docs/reference/campaigns.md describes every field), and where the campaign stands.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/call/words.h"
#include "core/campaign/hours.h"

namespace carillon {

enum class CampaignState : std::uint8_t { kDraft, kScheduled, kRunning, kPaused, kStopping, kCompleted, kCanceled };
std::string_view to_string(CampaignState state);
std::optional<CampaignState> parse_campaign_state(std::string_view word);

// What kind of message it is: the law asks different things of each (config/policies).
enum class CampaignClass : std::uint8_t { kAdvertisement, kDonation, kInformational, kEmergency };
std::string_view to_string(CampaignClass kind);
std::optional<CampaignClass> parse_campaign_class(std::string_view word);

// How a campaign stops. In all of them no call begins after the acknowledgement, and a phone that rings is not dropped
// before it rang 15 s.
enum class StopMode : std::uint8_t {
  kDrain,   // calls under way end by themselves
  kFinish,  // after the prompt that plays
  kNow,     // answered calls are hung up
};
std::string_view to_string(StopMode mode);
std::optional<StopMode> parse_stop_mode(std::string_view word);

// After such an outcome a contact is called again, until it had `tries` tries in all, `wait` after the last one's end.
struct RetryRule {
  int tries = 1;
  Duration wait{0};

  bool operator==(const RetryRule&) const = default;
};
// Outcomes that are not in it are final.
using RetryRules = std::map<Outcome, RetryRule>;
RetryRules default_retry_rules();

// One trunk that a campaign may use: of those that are usable the smallest priority is taken, and among equals calls
// are spread by weight.
struct TrunkShare {
  std::string trunk;
  int priority = 1;
  int weight = 1;

  bool operator==(const TrunkShare&) const = default;
};

struct Budget {
  double limit = 0;             // in the operator's own currency
  double price_per_minute = 0;  // of answered time; each begun billing step counts
  Duration billing_step{60'000};

  bool operator==(const Budget&) const = default;
};

struct CampaignSettings {
  std::string name;
  CampaignClass kind = CampaignClass::kInformational;
  std::string policy;      // id of the policy pack: "il", "us", "uk", "eu"
  std::string advertiser;  // who speaks: scope of suppressions and consents
  std::string audio;       // stored prompt's id; empty = the built-in welcome
  std::string preamble;    // played first: who calls, and how to be removed; empty = none
  // Where these two come from, if that is elsewhere (https:, s3:) or text (say:): looked at again at each start.
  std::string audio_source;
  std::string preamble_source;
  std::map<char, KeyAction> keys;    // over the built-in tree; empty = its own (1 2 3 9 0)
  std::string region;                // ISO 3166, for numbers without a country code; empty = they are refused
  std::string time_zone;             // IANA, for contacts whose zone is not known otherwise; empty = none
  std::optional<WeeklyHours> hours;  // narrows the policy's window
  std::optional<Time> starts_at;
  std::optional<Time> ends_at;     // no call that may last beyond it
  std::vector<TrunkShare> trunks;  // empty = every trunk, equal
  double calls_per_second = 0;     // 0 = no limit of its own
  int max_live_calls = 0;          // 0 = no limit of its own
  int weight = 1;                  // of its share when campaigns compete
  RetryRules retry = default_retry_rules();
  Duration ring_timeout{30'000};   // 15 s to 120 s
  Duration expected_call{60'000};  // must fit into the window, too
  std::optional<Budget> budget;

  // The message is text with names in braces, spoken anew for each contact: `audio` is empty, `audio_source` the text.
  bool has_contact_prompts() const { return audio.empty() && !audio_source.empty(); }

  bool operator==(const CampaignSettings&) const = default;
};

// From and to JSON text (the API's body, and how the ledger keeps it). Unknown members are errors; the first error
// names its member.
Result<CampaignSettings> parse_campaign_settings(std::string_view json);
std::string to_json_text(const CampaignSettings& settings);

struct Campaign {
  std::string id;        // letters, digits, . _ -
  std::int64_t key = 0;  // the ledger's own number of it
  CampaignState state = CampaignState::kDraft;
  StopMode stop_mode = StopMode::kDrain;
  CampaignSettings settings;
  int policy_version = 0;  // of the pack when it was last started
  Time created_at{};
  Time started_at{};   // first start
  Time ended_at{};     // completed or canceled
  std::string detail;  // why it is in this state, for people

  bool takes_calls() const { return state == CampaignState::kRunning; }
};

}  // namespace carillon
