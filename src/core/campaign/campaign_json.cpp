#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "base/text.h"
#include "core/campaign/campaign.h"
#include "core/campaign/csv.h"
#include "core/campaign/places.h"
#include "core/campaign/retry.h"

namespace carillon {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::size_t kMaxTextBytes = 256 * 1024;  // of all settings
constexpr std::size_t kMaxDepth = 6;               // the deepest is hours: object, object, array
constexpr std::size_t kMaxNameBytes = 200;         // name and advertiser: a line on a screen
constexpr std::size_t kMaxAudioBytes = 8192;       // the API takes paths, URLs and texts where the ledger keeps ids
constexpr std::size_t kMaxTrunks = 32;
constexpr std::size_t kMaxSpansPerDay = 12;
constexpr double kMaxCallsPerSecond = 1000;  // as trunk.calls_per_second
constexpr std::int64_t kMaxLiveCalls = 100'000;
constexpr std::int64_t kMaxWeight = 1000;
constexpr std::int64_t kMaxPriority = 100;
constexpr std::int64_t kMaxTries = 20;
constexpr std::int64_t kMaxWaitSeconds = 30 * 24 * 3600;
// A phone that rings shorter is a nuisance; one that rings longer reaches a mailbox.
constexpr std::int64_t kMinRingSeconds = 15;
constexpr std::int64_t kMaxRingSeconds = 120;
constexpr std::int64_t kMaxExpectedCallSeconds = 7200;  // as calls.max_call_seconds
constexpr std::int64_t kMaxBillingStepSeconds = 3600;
constexpr double kMaxMoney = 1e9;
// Finer than any tariff, and coarse enough that what is written is read back as the same number.
constexpr double kDecimals = 1e6;

constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// Reads the members of one JSON object. The first thing that is wrong is kept, with the path of its member, and makes
// every further call harmless: so the parsers below read as lists. A member that is null is not given.
class Members {
 public:
  Members(const json::object& object, std::string path, std::optional<Error>& error)
      : object_(object), path_(std::move(path)), error_(error) {}

  // After all members were asked for: there must be no others.
  void finish() {
    for (const auto& member : object_) {
      if (std::ranges::find(asked_, std::string_view(member.key())) == asked_.end())
        wrong(printable(member.key(), 60), "is not a member of these settings");
    }
  }
  void wrong(std::string_view name, std::string_view problem) {
    if (!error_) error_ = Error(ErrorCode::Invalid, fmt::format("{} {}", path_of(name), problem));
  }

  const json::value* value(std::string_view name) {
    asked_.push_back(name);
    const auto* found = object_.if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  const json::object* object(std::string_view name) {
    const auto* found = value(name);
    if (found == nullptr) return nullptr;
    if (!found->is_object()) wrong(name, "must be an object");
    return found->if_object();
  }
  const json::array* array(std::string_view name, std::size_t max_items) {
    const auto* found = value(name);
    if (found == nullptr) return nullptr;
    if (!found->is_array() || found->get_array().size() > max_items) {
      wrong(name, fmt::format("must be a list of at most {}", max_items));
      return nullptr;
    }
    return found->if_array();
  }
  bool text(std::string_view name, std::string& target, std::size_t max_bytes) {
    const auto* found = value(name);
    if (found == nullptr) return false;
    if (!found->is_string()) {
      wrong(name, "must be text");
      return false;
    }
    const std::string_view given = found->get_string();
    const bool has_controls =
        std::ranges::any_of(given, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (given.size() > max_bytes || has_controls || !is_utf8(given)) {
      wrong(name, fmt::format("must be at most {} bytes of text without control characters", max_bytes));
      return false;
    }
    target = given;
    return true;
  }
  template <class Integer>
  bool whole(std::string_view name, Integer& target, std::int64_t min, std::int64_t max) {
    const auto* found = value(name);
    if (found == nullptr) return false;
    if (!found->is_int64() || found->get_int64() < min || found->get_int64() > max) {
      wrong(name, fmt::format("must be a whole number, {} to {}", min, max));
      return false;
    }
    target = static_cast<Integer>(found->get_int64());
    return true;
  }
  bool duration(std::string_view name, Duration& target, std::int64_t min_seconds, std::int64_t max_seconds) {
    std::int64_t number = 0;
    if (!whole(name, number, min_seconds, max_seconds)) return false;
    target = seconds(number);
    return true;
  }
  bool number(std::string_view name, double& target, double min, double max) {
    const auto* found = value(name);
    if (found == nullptr) return false;
    const double given = found->is_number() ? std::round(found->to_number<double>() * kDecimals) / kDecimals : max + 1;
    if (!(given >= min && given <= max)) {
      wrong(name, fmt::format("must be a number, {} to {}", min, max));
      return false;
    }
    target = given;
    return true;
  }
  bool time(std::string_view name, std::optional<Time>& target) {
    std::string written;
    if (!text(name, written, kMaxNameBytes)) return false;
    target = parse_rfc3339(written);
    if (!target) wrong(name, "must be a time such as 2026-11-22T18:00:00+02:00");
    return target.has_value();
  }
  std::string path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  }

 private:
  const json::object& object_;
  std::string path_;
  std::optional<Error>& error_;
  std::vector<std::string_view> asked_;
};

void read_who(Members& members, CampaignSettings& settings) {
  if (members.text("name", settings.name, kMaxNameBytes); trim(settings.name).empty())
    members.wrong("name", "is missing");
  std::string kind;
  // The class decides which law holds: it is never taken for granted.
  if (!members.text("class", kind, kMaxNameBytes)) members.wrong("class", "is missing");
  if (const auto known = parse_campaign_class(kind)) {
    settings.kind = *known;
  } else {
    members.wrong("class", "must be advertisement, donation, informational or emergency");
  }
  if (members.text("policy", settings.policy, kMaxNameBytes) && !settings.policy.empty() &&
      !is_safe_id(settings.policy)) {
    members.wrong("policy", "must be the id of a policy pack, such as il");
  }
  members.text("advertiser", settings.advertiser, kMaxNameBytes);
  members.text("audio", settings.audio, kMaxAudioBytes);
  members.text("preamble", settings.preamble, kMaxAudioBytes);
  members.text("audioSource", settings.audio_source, kMaxAudioBytes);
  members.text("preambleSource", settings.preamble_source, kMaxAudioBytes);
}

void read_keys(Members& members, std::map<char, KeyAction>& keys, std::optional<Error>& error) {
  const auto* object = members.object("keys");
  if (object == nullptr) return;
  Members actions(*object, "keys", error);
  for (const auto& member : *object) {
    const std::string_view key = member.key();
    if (key.size() != 1 || std::string_view("0123456789*#").find(key[0]) == std::string_view::npos) {
      actions.wrong(printable(key, 60), "is no key of a phone: 0 to 9, * or #");
      return;
    }
    const auto* word = member.value().if_string();
    const auto action = word == nullptr ? std::nullopt : parse_key_action(*word);
    if (!action || *action == KeyAction::kInvalid) {
      actions.wrong(key, "must be donation, more-info, agent, opt-out or repeat");
      return;
    }
    // Whoever heard of it anywhere must be able to rely on it.
    if (key[0] == '9' && *action != KeyAction::kOptOut) actions.wrong(key, "always means opt-out");
    keys[key[0]] = *action;
  }
}

void read_where(Members& members, CampaignSettings& settings) {
  if (members.text("region", settings.region, kMaxNameBytes) && !settings.region.empty()) {
    const bool is_iso = settings.region.size() == 2 &&
                        std::ranges::all_of(settings.region, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!is_iso) members.wrong("region", "must be two capital letters (ISO 3166), such as IL");
  }
  if (members.text("timeZone", settings.time_zone, kMaxNameBytes) && !settings.time_zone.empty() &&
      !is_known_zone(settings.time_zone)) {
    members.wrong("timeZone", "is not known: write it as Asia/Jerusalem");
  }
}

void read_hours(Members& members, std::optional<WeeklyHours>& hours, std::optional<Error>& error) {
  const auto* object = members.object("hours");
  if (object == nullptr) return;
  Members days(*object, "hours", error);
  WeeklyHours read;
  bool is_ever_open = false;
  for (std::size_t day = 0; day < kDays.size(); ++day) {
    const auto* spans = days.array(kDays[day], kMaxSpansPerDay);
    if (spans == nullptr) continue;
    for (const auto& item : *spans) {
      const auto span = item.is_string() ? parse_hour_span(item.get_string())
                                         : fail(ErrorCode::Invalid, "hours must be text such as 09:00-20:00");
      if (!span) {
        days.wrong(kDays[day], "is wrong: " + span.error().detail);
        return;
      }
      read.days[day].push_back(*span);
      is_ever_open = true;
    }
  }
  days.finish();
  if (!is_ever_open) members.wrong("hours", "opens on no day");
  hours = std::move(read);
}

void read_times(Members& members, CampaignSettings& settings) {
  members.time("startsAt", settings.starts_at);
  members.time("endsAt", settings.ends_at);
  if (settings.starts_at && settings.ends_at && *settings.ends_at <= *settings.starts_at)
    members.wrong("endsAt", "is not after startsAt");
}

void read_trunks(Members& members, std::vector<TrunkShare>& trunks, std::optional<Error>& error) {
  const auto* list = members.array("trunks", kMaxTrunks);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto path = fmt::format("trunks[{}]", i);
    if (!(*list)[i].is_object()) {
      members.wrong(path, "must be an object");
      return;
    }
    Members share((*list)[i].get_object(), path, error);
    TrunkShare read;
    share.text("trunk", read.trunk, kMaxNameBytes);
    if (!is_safe_id(read.trunk)) share.wrong("trunk", "must be the name of a trunk");
    if (std::ranges::find(trunks, read.trunk, &TrunkShare::trunk) != trunks.end())
      share.wrong("trunk", "is named twice");
    share.whole("priority", read.priority, 1, kMaxPriority);
    share.whole("weight", read.weight, 1, kMaxWeight);
    share.finish();
    trunks.push_back(std::move(read));
  }
}

void read_pace(Members& members, CampaignSettings& settings) {
  members.number("callsPerSecond", settings.calls_per_second, 0, kMaxCallsPerSecond);
  members.whole("maxLiveCalls", settings.max_live_calls, 0, kMaxLiveCalls);
  members.whole("weight", settings.weight, 1, kMaxWeight);
  members.duration("ringTimeoutSeconds", settings.ring_timeout, kMinRingSeconds, kMaxRingSeconds);
  members.duration("expectedCallSeconds", settings.expected_call, 1, kMaxExpectedCallSeconds);
}

// What is given replaces all rules: an outcome that is not named is final.
void read_retry(Members& members, RetryRules& rules, std::optional<Error>& error) {
  const auto* object = members.object("retry");
  if (object == nullptr) return;
  rules.clear();
  for (const auto& member : *object) {
    const auto outcome = parse_outcome(member.key());
    const auto path = fmt::format("retry.{}", printable(member.key(), 60));
    if (!outcome || !may_be_retried(*outcome)) {
      members.wrong(path, "is no outcome that a rule may name");
      return;
    }
    if (!member.value().is_object()) {
      members.wrong(path, "must be an object");
      return;
    }
    Members given(member.value().get_object(), path, error);
    RetryRule rule;
    if (!given.whole("tries", rule.tries, 1, kMaxTries)) given.wrong("tries", "is missing");
    if (!given.duration("waitSeconds", rule.wait, 1, kMaxWaitSeconds)) given.wrong("waitSeconds", "is missing");
    given.finish();
    rules[*outcome] = rule;
  }
}

void read_budget(Members& members, std::optional<Budget>& budget, std::optional<Error>& error) {
  const auto* object = members.object("budget");
  if (object == nullptr) return;
  Members given(*object, "budget", error);
  Budget read;
  const double least = 1 / kDecimals;  // a budget of nothing, or of calls that cost nothing, is a mistake
  if (!given.number("limit", read.limit, least, kMaxMoney)) given.wrong("limit", "is missing");
  if (!given.number("pricePerMinute", read.price_per_minute, least, kMaxMoney))
    given.wrong("pricePerMinute", "is missing");
  given.duration("billingStepSeconds", read.billing_step, 1, kMaxBillingStepSeconds);
  given.finish();
  budget = read;
}

std::int64_t to_seconds(Duration duration) { return std::chrono::floor<seconds>(duration).count(); }

json::object to_json(const WeeklyHours& hours) {
  json::object days;
  for (std::size_t day = 0; day < kDays.size(); ++day) {
    if (hours.days[day].empty()) continue;
    json::array spans;
    for (const auto& span : hours.days[day]) spans.emplace_back(to_string(span));
    days[kDays[day]] = std::move(spans);
  }
  return days;
}

json::object to_json(const RetryRules& rules) {
  json::object object;
  for (const auto& [outcome, rule] : rules)
    object[to_string(outcome)] = json::object{{"tries", rule.tries}, {"waitSeconds", to_seconds(rule.wait)}};
  return object;
}

json::array to_json(const std::vector<TrunkShare>& trunks) {
  json::array list;
  for (const auto& share : trunks)
    list.push_back(json::object{{"trunk", share.trunk}, {"priority", share.priority}, {"weight", share.weight}});
  return list;
}

}  // namespace

Result<CampaignSettings> parse_campaign_settings(std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return fail(ErrorCode::TooLarge, fmt::format("the settings have more than {} bytes", kMaxTextBytes));
  json::parse_options limits;
  limits.max_depth = kMaxDepth;
  json::parser parser({}, limits);
  boost::system::error_code problem;
  const auto used = parser.write(text.data(), text.size(), problem);
  if (problem) {
    return fail(ErrorCode::BadRequest, fmt::format("the settings are no JSON: {} at byte {}", problem.message(), used));
  }
  const auto value = parser.release();
  if (!value.is_object()) return fail(ErrorCode::BadRequest, "the settings must be a JSON object");

  CampaignSettings settings;
  std::optional<Error> error;
  Members members(value.get_object(), "", error);
  read_who(members, settings);
  read_keys(members, settings.keys, error);
  read_where(members, settings);
  read_hours(members, settings.hours, error);
  read_times(members, settings);
  read_trunks(members, settings.trunks, error);
  read_pace(members, settings);
  read_retry(members, settings.retry, error);
  read_budget(members, settings.budget, error);
  members.finish();
  if (error) return std::unexpected(*std::move(error));
  return settings;
}

std::string to_json_text(const CampaignSettings& settings) {
  json::object object;
  object["name"] = settings.name;
  object["class"] = to_string(settings.kind);
  const auto add_text = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) object[name] = text;
  };
  add_text("policy", settings.policy);
  add_text("advertiser", settings.advertiser);
  add_text("audio", settings.audio);
  add_text("preamble", settings.preamble);
  add_text("audioSource", settings.audio_source);
  add_text("preambleSource", settings.preamble_source);
  if (!settings.keys.empty()) {
    json::object keys;
    for (const auto& [key, action] : settings.keys) keys[std::string_view(&key, 1)] = to_string(action);
    object["keys"] = std::move(keys);
  }
  add_text("region", settings.region);
  add_text("timeZone", settings.time_zone);
  if (settings.hours) object["hours"] = to_json(*settings.hours);
  if (settings.starts_at) object["startsAt"] = to_rfc3339(*settings.starts_at);
  if (settings.ends_at) object["endsAt"] = to_rfc3339(*settings.ends_at);
  if (!settings.trunks.empty()) object["trunks"] = to_json(settings.trunks);
  object["callsPerSecond"] = settings.calls_per_second;
  object["maxLiveCalls"] = settings.max_live_calls;
  object["weight"] = settings.weight;
  object["retry"] = to_json(settings.retry);
  object["ringTimeoutSeconds"] = to_seconds(settings.ring_timeout);
  object["expectedCallSeconds"] = to_seconds(settings.expected_call);
  if (settings.budget) {
    object["budget"] = json::object{{"limit", settings.budget->limit},
                                    {"pricePerMinute", settings.budget->price_per_minute},
                                    {"billingStepSeconds", to_seconds(settings.budget->billing_step)}};
  }
  return json::serialize(object);
}

}  // namespace carillon
