#include "core/call/published_event.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace carillon {

std::string_view to_string(EventType type) {
  switch (type) {
    case EventType::kCallStatus: return "carillon.call.status";
    case EventType::kKeyPressed: return "carillon.call.key-pressed";
    case EventType::kDonation: return "carillon.donation.requested";
    case EventType::kOptOut: return "carillon.opt-out.requested";
  }
  return "";
}

std::optional<EventType> parse_event_type(std::string_view text) {
  for (const auto type : {EventType::kCallStatus, EventType::kKeyPressed, EventType::kDonation, EventType::kOptOut}) {
    if (to_string(type) == text) return type;
  }
  return std::nullopt;
}

std::string event_data(const AttemptRequest& request, const AttemptProgress& progress, const KeyDetail* key) {
  boost::json::object data;
  data["attemptId"] = request.id;
  if (!request.call_id.empty()) data["callId"] = request.call_id;
  if (!request.campaign_id.empty()) data["campaignId"] = request.campaign_id;
  if (!request.contact_id.empty()) data["contactId"] = request.contact_id;
  data["phoneNumber"] = request.number;
  data["direction"] = to_string(request.direction);
  data["status"] = to_string(progress.status);
  if (progress.outcome != Outcome::kNone) {
    data["outcome"] = to_string(progress.outcome);
    data["sipCode"] = progress.sip_code;
    data["q850"] = progress.q850;
    if (!progress.reason.empty()) data["reason"] = progress.reason;
    data["talkMs"] = progress.talked.count();
  }
  if (progress.has_opted_out || is_final(progress.status)) data["optOut"] = progress.has_opted_out;
  if (!request.variables.empty()) {
    boost::system::error_code error;
    auto variables = boost::json::parse(request.variables, error);
    if (!error) data["variables"] = std::move(variables);
  }
  if (key != nullptr) {
    data["key"] = key->key == 0 ? std::string() : std::string(1, key->key);
    data["menu"] = key->menu;
    data["action"] = key->action;
  }
  return boost::json::serialize(data);
}

std::string event_id(const PublishedEvent& event) { return fmt::format("{}-{}", event.attempt_id, event.sequence); }

std::string to_cloud_event(const PublishedEvent& event, std::string_view source, std::int64_t position) {
  boost::json::object head;
  head["specversion"] = "1.0";
  head["id"] = event_id(event);
  head["source"] = source;
  head["type"] = to_string(event.type);
  head["subject"] = event.attempt_id;
  head["time"] = to_rfc3339(event.time);
  head["datacontenttype"] = "application/json";
  head["sequence"] = fmt::format("{:010}", event.sequence);  // the CloudEvents "sequence" extension: sorts as text
  head["position"] = position;
  std::string line = boost::json::serialize(head);
  line.pop_back();
  return line + ",\"data\":" + event.data + "}";
}

}  // namespace carillon
