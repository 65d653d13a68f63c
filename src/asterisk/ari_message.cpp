#include "asterisk/ari_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>

#include "base/text.h"

namespace carillon::asterisk {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 12;

Result<json::value> parse_json(std::string_view text) {
  json::parse_options limits;
  limits.max_depth = kMaxDepth;
  json::parser parser({}, limits);
  boost::system::error_code error;
  parser.write(text.data(), text.size(), error);
  if (error) return fail(ErrorCode::BadRequest, "ARI sent something that is no JSON: " + error.message());
  return parser.release();
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

// Empty for what is no text.
std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return printable(std::string_view(value->get_string()), kMaxAriTextBytes);
}

AriEventType type_of(std::string_view name) {
  constexpr std::pair<std::string_view, AriEventType> kTypes[] = {
      {"StasisStart", AriEventType::kStasisStart},
      {"StasisEnd", AriEventType::kStasisEnd},
      {"ChannelDestroyed", AriEventType::kChannelDestroyed},
      {"ChannelDtmfReceived", AriEventType::kChannelDtmfReceived},
      {"PlaybackFinished", AriEventType::kPlaybackFinished},
      {"RecordingFinished", AriEventType::kRecordingFinished},
      {"RecordingFailed", AriEventType::kRecordingFailed},
  };
  for (const auto& [known, type] : kTypes) {
    if (known == name) return type;
  }
  return AriEventType::kOther;
}

// "channel:abc" of a playback's or a recording's target.
std::string channel_of_target(std::string_view target) {
  constexpr std::string_view prefix = "channel:";
  return target.starts_with(prefix) ? std::string(target.substr(prefix.size())) : std::string();
}

AriEvent parse_event(const json::object& message, AriEventType type) {
  AriEvent event;
  event.type = type;
  if (const auto* channel = object_in(message, "channel")) {
    event.channel = text_in(*channel, "id");
    event.name = text_in(*channel, "name");
  }
  if (const auto* playback = object_in(message, "playback")) {
    event.channel = channel_of_target(text_in(*playback, "target_uri"));
    event.name = text_in(*playback, "id");
  }
  if (const auto* recording = object_in(message, "recording")) {
    event.channel = channel_of_target(text_in(*recording, "target_uri"));
    event.name = text_in(*recording, "name");
    event.detail = text_in(*recording, "cause");
  }
  event.digit = text_in(message, "digit");
  const auto* args = message.if_contains("args");
  if (args == nullptr || !args->is_array()) return event;
  for (const auto& arg : args->get_array()) {
    if (event.args.size() >= kMaxAriArgs) break;
    if (arg.is_string()) event.args.push_back(printable(std::string_view(arg.get_string()), kMaxAriTextBytes));
  }
  return event;
}

Result<AriMessage> parse_response(const json::object& message) {
  const auto* status = message.if_contains("status_code");
  const bool is_status =
      status != nullptr && status->is_int64() && status->get_int64() >= 100 && status->get_int64() < 600;
  if (!is_status) return fail(ErrorCode::BadRequest, "ARI answered without a status");
  AriResponse response;
  response.request_id = text_in(message, "request_id");
  response.answer.status = static_cast<int>(status->get_int64());
  const auto* body = message.if_contains("message_body");
  if (body != nullptr && body->is_string()) response.answer.body = std::string(body->get_string());
  return response;
}

// Endpoints have people's numbers in them; what is said of them goes into logs and the audit.
std::string without_numbers(std::string_view text) {
  constexpr std::size_t kShortest = 7;
  std::string clean;
  while (!text.empty()) {
    const auto begin = std::min(text.find_first_of("0123456789"), text.size());
    const auto end = std::min(text.find_first_not_of("0123456789", begin), text.size());
    const auto digits = text.substr(begin, end - begin);
    clean += text.substr(0, begin);
    clean += digits.size() < kShortest ? std::string(digits) : mask_number(digits);
    text.remove_prefix(end);
  }
  return clean;
}

}  // namespace

Result<AriMessage> parse_ari_message(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return std::unexpected(value.error());
  const auto* message = value->if_object();
  if (message == nullptr) return fail(ErrorCode::BadRequest, "ARI sent something that is no object");
  const auto name = text_in(*message, "type");
  if (name.empty()) return fail(ErrorCode::BadRequest, "ARI sent something without a type");
  if (name == "RESTResponse") return parse_response(*message);
  return parse_event(*message, type_of(name));
}

std::string to_web_socket(const AriRequest& request, std::string_view request_id) {
  json::object message{
      {"type", "RESTRequest"}, {"request_id", request_id}, {"method", request.method}, {"uri", request.path}};
  if (!request.query.empty()) {
    json::array query;
    for (const auto& [name, value] : request.query) query.push_back(json::object{{"name", name}, {"value", value}});
    message["query_strings"] = std::move(query);
  }
  if (!request.body.empty()) {
    message["content_type"] = "application/json";
    message["message_body"] = request.body;
  }
  return json::serialize(message);
}

std::string to_target(const AriRequest& request) {
  std::string target = "/ari/" + request.path;
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    target += fmt::format("{}{}={}", separator, net::percent_encode(name), net::percent_encode(value));
    separator = '&';
  }
  return target;
}

Result<std::set<std::string>> parse_ari_list(std::string_view body, std::string_view member) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  const auto* list = value->if_array();
  if (list == nullptr) return fail(ErrorCode::BadRequest, "ARI sent something that is no list");
  std::set<std::string> found;
  for (const auto& item : *list) {
    if (const auto* object = item.if_object()) found.insert(text_in(*object, member));
  }
  found.erase("");
  return found;
}

std::string refusal_of(const AriAnswer& answer) {
  const auto value = parse_json(answer.body);
  const auto* object = value ? value->if_object() : nullptr;
  auto text = object == nullptr ? std::string() : text_in(*object, "message");
  if (text.empty() && object != nullptr) text = text_in(*object, "error");
  return fmt::format("ARI answered {}{}{}", answer.status, text.empty() ? "" : ": ", without_numbers(text));
}

}  // namespace carillon::asterisk
