#include "api/json.h"

#include <fmt/format.h>

#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>

namespace carillon::api {

Result<boost::json::object> parse_object(std::string_view body) {
  boost::json::parse_options limits;
  limits.max_depth = 8;
  boost::json::parser parser({}, limits);
  boost::system::error_code error;
  const auto used = parser.write(body.data(), body.size(), error);
  if (error)
    return fail(ErrorCode::BadRequest, fmt::format("the body is no JSON: {} at byte {}", error.message(), used));
  auto value = parser.release();
  if (!value.is_object()) return fail(ErrorCode::BadRequest, "the body must be a JSON object");
  return std::move(value.get_object());
}

Result<std::string> text_member(const boost::json::object& object, std::string_view name, std::size_t max_bytes,
                                std::string_view fallback) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string(fallback);
  if (!value->is_string()) return fail(ErrorCode::Invalid, fmt::format("{} must be text", name));
  const auto& text = value->get_string();
  if (text.size() > max_bytes)
    return fail(ErrorCode::Invalid, fmt::format("{} has more than {} bytes", name, max_bytes));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20)
      return fail(ErrorCode::Invalid, fmt::format("{} has control characters", name));
  }
  return std::string(text);
}

boost::json::object to_json(const AttemptRequest& request, const AttemptProgress& progress) {
  boost::json::object call;
  call["attemptId"] = request.id;
  call["callId"] = request.call_id.empty() ? request.id : request.call_id;
  if (!request.campaign_id.empty()) call["campaignId"] = request.campaign_id;
  if (!request.contact_id.empty()) call["contactId"] = request.contact_id;
  call["phoneNumber"] = request.number;
  call["direction"] = to_string(request.direction);
  call["trunk"] = request.trunk;
  call["status"] = to_string(progress.status);
  call["createdAt"] = to_rfc3339(request.created_at);
  const auto add_time = [&](const char* name, Time time) {
    if (time != Time{}) call[name] = to_rfc3339(time);
  };
  add_time("intendedAt", progress.intended_at);
  add_time("ringingAt", progress.ringing_at);
  add_time("answeredAt", progress.answered_at);
  add_time("endedAt", progress.ended_at);
  if (is_final(progress.status)) {
    call["outcome"] = to_string(progress.outcome);
    call["sipCode"] = progress.sip_code;
    call["q850"] = progress.q850;
    call["rawCause"] = progress.raw_cause;
    call["talkMs"] = progress.talked.count();
  }
  if (progress.has_opted_out || is_final(progress.status)) call["optOut"] = progress.has_opted_out;
  if (!progress.reason.empty()) call["reason"] = progress.reason;
  return call;
}

net::HttpResponse answer(int status, const boost::json::value& body) {
  net::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = boost::json::serialize(body) + "\n";
  return response;
}

}  // namespace carillon::api
