#include "api/campaign_json.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

namespace carillon::api {
namespace {

void add_time(boost::json::object& object, const char* name, Time time) {
  if (time != Time{}) object[name] = to_rfc3339(time);
}

}  // namespace

boost::json::object counts(const std::map<std::string, std::int64_t>& by_name) {
  boost::json::object object;
  for (const auto& [name, count] : by_name) object[name] = count;
  return object;
}

boost::json::object to_json(const Campaign& campaign) {
  boost::json::object json;
  json["id"] = campaign.id;
  json["state"] = to_string(campaign.state);
  if (!campaign.detail.empty()) json["detail"] = campaign.detail;
  json["settings"] = boost::json::parse(to_json_text(campaign.settings));
  if (campaign.policy_version != 0) json["policyVersion"] = campaign.policy_version;
  add_time(json, "createdAt", campaign.created_at);
  add_time(json, "startedAt", campaign.started_at);
  add_time(json, "endedAt", campaign.ended_at);
  return json;
}

boost::json::object to_json(const CampaignView& view) {
  auto json = to_json(view.campaign);
  json["live"] = view.live;
  if (!view.waits_for.empty()) json["waitsFor"] = view.waits_for;
  if (!view.alarm.empty()) json["alarm"] = view.alarm;
  if (view.next_at) json["nextAt"] = to_rfc3339(*view.next_at);
  return json;
}

boost::json::object to_json(const CampaignReport& report) {
  boost::json::object json;
  json["contacts"] = report.contacts;
  json["states"] = counts(report.states);
  boost::json::object skipped;
  for (const auto& [name, count] : report.reasons) {
    constexpr std::string_view prefix = "skipped/";
    if (name.starts_with(prefix)) skipped[name.substr(prefix.size())] = count;
  }
  json["reasons"] = counts(report.reasons);
  json["skipped"] = std::move(skipped);
  json["attempts"] = report.attempts;
  json["statuses"] = counts(report.statuses);
  json["outcomes"] = counts(report.outcomes);
  json["keys"] = counts(report.keys);
  json["opt_outs"] = report.opt_outs;
  json["events"] = report.events;
  json["spent"] = report.spent;
  return json;
}

boost::json::object to_json(const ContactView& contact) {
  boost::json::object json;
  json["campaignId"] = contact.campaign_id;
  json["phoneNumber"] = contact.number;
  if (!contact.external_id.empty()) json["contactId"] = contact.external_id;
  json["state"] = to_string(contact.state);
  if (!contact.reason.empty()) json["reason"] = contact.reason;
  if (!contact.detail.empty()) json["detail"] = contact.detail;
  json["tries"] = contact.tries;
  if (contact.outcome != Outcome::kNone) json["outcome"] = to_string(contact.outcome);
  if (contact.state == ContactState::kReady) add_time(json, "dueAt", contact.due_at);
  if (!contact.last_attempt.empty()) json["lastAttempt"] = contact.last_attempt;
  if (!contact.variables.empty()) {
    boost::system::error_code error;
    auto variables = boost::json::parse(contact.variables, error);
    if (!error) json["variables"] = std::move(variables);
  }
  return json;
}

boost::json::object to_json(const Verdict& verdict) {
  boost::json::object json;
  json["gate"] = verdict.gate;
  json["decision"] = to_string(verdict.decision);
  if (!verdict.reason.empty()) json["reason"] = verdict.reason;
  if (!verdict.detail.empty()) json["detail"] = verdict.detail;
  if (verdict.until) json["until"] = to_rfc3339(*verdict.until);
  return json;
}

boost::json::object to_json(const Suppression& entry) {
  boost::json::object json;
  json["phoneNumber"] = entry.number;
  json["level"] = to_string(entry.level);
  if (!entry.scope.empty()) json["scope"] = entry.scope;
  json["reason"] = entry.reason;
  json["source"] = entry.source;
  add_time(json, "createdAt", entry.created_at);
  if (entry.expires_at) json["expiresAt"] = to_rfc3339(*entry.expires_at);
  return json;
}

boost::json::object to_json(const AuditEntry& entry) {
  boost::json::object json;
  json["at"] = to_rfc3339(entry.at);
  json["who"] = entry.who;
  json["what"] = entry.what;
  if (!entry.campaign_id.empty()) json["campaignId"] = entry.campaign_id;
  if (!entry.call_id.empty()) json["attemptId"] = entry.call_id;
  if (!entry.detail.empty()) json["detail"] = entry.detail;
  return json;
}

boost::json::object to_json(const std::string& name, const TrunkView& view) {
  boost::json::object json;
  json["name"] = name;
  json["state"] = view.state;
  if (!view.reason.empty()) json["reason"] = view.reason;
  json["asked"] = view.asked;
  json["allowed"] = view.allowed;
  if (!view.carrier_said.empty()) json["carrierSaid"] = view.carrier_said;
  json["postDialDelayMs"] = view.post_dial_delay.count();
  json["shortRatio"] = view.short_ratio;
  json["answerRatio"] = view.answer_ratio;
  return json;
}

bool is_usable(const TrunkView& view) { return view.state != "down" && view.state != "probing"; }

std::string to_csv(const CampaignReport& report) {
  std::string csv = "kind,name,count\n";
  const auto add = [&](std::string_view kind, const std::map<std::string, std::int64_t>& sums) {
    for (const auto& [name, n] : sums) csv += fmt::format("{},{},{}\n", kind, name, n);
  };
  csv += fmt::format("contacts,,{}\nattempts,,{}\nopt-outs,,{}\nevents,,{}\nspent,,{}\n", report.contacts,
                     report.attempts, report.opt_outs, report.events, report.spent);
  add("state", report.states);
  add("reason", report.reasons);
  add("status", report.statuses);
  add("outcome", report.outcomes);
  add("key", report.keys);
  return csv;
}

}  // namespace carillon::api
