#include "simulated/forecast.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <string_view>
#include <unordered_map>

namespace carillon::simulated {
namespace {

namespace json = boost::json;
using std::chrono::hours;
using std::chrono::seconds;

// "skipped/suppressed-global" and so on, of contacts in that state.
std::map<std::string, std::int64_t> reasons_in(const CampaignReport& report, ContactState state) {
  const auto prefix = std::string(to_string(state)) + "/";
  std::map<std::string, std::int64_t> reasons;
  std::int64_t named = 0;
  for (const auto& [name, n] : report.reasons) {
    if (n == 0 || !name.starts_with(prefix)) continue;
    reasons[name.substr(prefix.size())] = n;
    named += n;
  }
  const auto all = report.states.find(std::string(to_string(state)));
  if (all != report.states.end() && all->second > named) reasons["not-tried"] = all->second - named;
  return reasons;
}

json::object to_json(const std::map<std::string, std::int64_t>& counts) {
  json::object object;
  for (const auto& [name, n] : counts) object[name] = n;
  return object;
}

json::object to_json(const HourOfCalls& hour) {
  json::object outcomes;
  for (const auto& [outcome, n] : hour.outcomes) outcomes[to_string(outcome)] = n;
  return {{"at", to_rfc3339(hour.at)}, {"calls", hour.calls}, {"outcomes", std::move(outcomes)}};
}

json::object to_json(const TrunkForecast& trunk) {
  return {{"name", trunk.name},       {"asked", trunk.asked},           {"allowed", trunk.allowed},
          {"lowest", trunk.lowest},   {"reason", trunk.reason},         {"calls", trunk.calls},
          {"refused", trunk.refused}, {"unanswered", trunk.unanswered}, {"peak_live_calls", trunk.most_live}};
}

json::object to_json(const LaneForecast& lane) {
  json::array zones;
  for (const auto& zone : lane.zones) zones.emplace_back(zone);
  json::array open;
  for (const auto& span : lane.open)
    open.push_back(json::object{{"from", to_rfc3339(span.from)}, {"to", to_rfc3339(span.to)}});
  return {{"time_zones", std::move(zones)}, {"contacts", lane.contacts}, {"open", std::move(open)}};
}

template <class List>
json::array list_of(const List& list) {
  json::array items;
  for (const auto& item : list) items.push_back(to_json(item));
  return items;
}

// Cents and the like: sums of fractions would print their noise.
double rounded(double number) { return std::round(number * 1e6) / 1e6; }

}  // namespace

void gather(const MemoryLedger& ledger, const Campaign& campaign, Forecast& forecast) {
  std::map<Time, HourOfCalls> by_hour;
  std::unordered_map<std::int64_t, int> by_second;
  Time last_end{};
  for (const auto& [id, row] : ledger.attempts()) {
    const auto& progress = row.attempt.progress;
    if (row.attempt.request.campaign_id != campaign.id || progress.intended_at == Time{}) continue;
    ++forecast.attempts;
    ++forecast.outcomes[std::string(to_string(progress.outcome))];
    auto& hour = by_hour[std::chrono::floor<hours>(progress.intended_at)];
    ++hour.calls;
    ++hour.outcomes[progress.outcome];
    const auto second = std::chrono::floor<seconds>(progress.intended_at).time_since_epoch().count();
    forecast.peak_calls_per_second = std::max(forecast.peak_calls_per_second, ++by_second[second]);
    last_end = std::max(last_end, progress.ended_at);
  }
  for (auto& [at, hour] : by_hour) {
    hour.at = at;
    forecast.hours.push_back(std::move(hour));
  }
  forecast.is_complete = campaign.state == CampaignState::kCompleted;
  forecast.starts_at = campaign.started_at;
  forecast.ends_at = forecast.is_complete ? campaign.ended_at : std::max(last_end, campaign.started_at);

  const CampaignReport report = ledger.report(campaign.id);
  forecast.contacts = report.contacts;
  forecast.results = reasons_in(report, ContactState::kDone);
  forecast.skipped = reasons_in(report, ContactState::kSkipped);
  forecast.held = reasons_in(report, ContactState::kReady);
  for (const auto state : {ContactState::kInCall, ContactState::kUnknown}) {
    for (const auto& [reason, n] : reasons_in(report, state)) forecast.held[std::string(to_string(state))] += n;
  }
  forecast.keys = report.keys;
  forecast.opt_outs = report.opt_outs;
  forecast.spent = rounded(report.spent);
}

json::object to_json(const Forecast& forecast) {
  json::object object;
  object["campaign"] = forecast.name;
  object["policy"] = forecast.policy;
  object["seed"] = forecast.seed;
  object["time_zone"] = forecast.time_zone;
  object["contacts"] = forecast.contacts;
  object["starts_at"] = to_rfc3339(forecast.starts_at);
  object["ends_at"] = to_rfc3339(forecast.ends_at);
  object["is_complete"] = forecast.is_complete;
  object["attempts"] = forecast.attempts;
  object["outcomes"] = to_json(forecast.outcomes);
  object["results"] = to_json(forecast.results);
  object["skipped"] = to_json(forecast.skipped);
  object["held"] = to_json(forecast.held);
  object["keys"] = to_json(forecast.keys);
  object["opt_outs"] = forecast.opt_outs;
  object["answered_by_mailboxes"] = forecast.answered_by_mailboxes;
  object["spent"] = forecast.spent;
  object["peak_calls_per_second"] = forecast.peak_calls_per_second;
  object["peak_live_calls"] = forecast.most_live;
  object["calls_by_hour"] = list_of(forecast.hours);
  object["trunks"] = list_of(forecast.trunks);
  object["lanes"] = list_of(forecast.lanes);
  return object;
}

}  // namespace carillon::simulated
