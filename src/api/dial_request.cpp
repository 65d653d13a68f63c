#include "api/dial_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <optional>

#include "api/json.h"
#include "base/text.h"
#include "core/campaign/phone_number.h"
#include "core/campaign/places.h"

namespace carillon::api {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::size_t kMaxVariableBytes = 8 * 1024;
constexpr std::size_t kMaxAudioBytes = 8 * 1024;  // say: brings its whole text
// A phone that rings shorter is a nuisance; one that rings longer reaches a mailbox.
constexpr std::int64_t kMinRingSeconds = 15;
constexpr std::int64_t kMaxRingSeconds = 120;
constexpr std::array<std::string_view, 9> kMembers{"callId", "phoneNumber", "campaignId", "contactId", "audioFileUrl",
                                                   "menu",   "variables",   "callerId",   "timeout"};

Result<Duration> ring_timeout_of(const boost::json::object& body, Duration fallback) {
  const auto* value = body.if_contains("timeout");
  if (value == nullptr || value->is_null()) return fallback;
  if (!value->is_int64() || value->get_int64() < kMinRingSeconds || value->get_int64() > kMaxRingSeconds) {
    return fail(ErrorCode::Invalid,
                fmt::format("timeout must be a whole number of seconds, {} to {}", kMinRingSeconds, kMaxRingSeconds));
  }
  return Duration(value->get_int64() * 1000);
}

Result<std::string> variables_of(const boost::json::object& body) {
  const auto* value = body.if_contains("variables");
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_object()) return fail(ErrorCode::Invalid, "variables must be an object");
  for (const auto& [name, variable] : value->get_object()) {
    if (variable.is_object() || variable.is_array()) {
      return fail(ErrorCode::Invalid,
                  fmt::format("variable {} must be text, a number or a boolean", printable(name, 60)));
    }
  }
  auto text = boost::json::serialize(*value);
  if (text.size() > kMaxVariableBytes)
    return fail(ErrorCode::Invalid, fmt::format("variables have more than {} bytes", kMaxVariableBytes));
  return text;
}

}  // namespace

Result<DialRequest> parse_dial_request(std::string_view body, const ApiOptions& options) {
  const auto object = parse_object(body);
  if (!object) return std::unexpected(object.error());
  for (const auto& member : *object) {
    if (std::ranges::find(kMembers, std::string_view(member.key())) == kMembers.end() && member.key() != "timeZone") {
      return fail(ErrorCode::Invalid, fmt::format("unknown member {}", printable(member.key(), 60)));
    }
  }
  DialRequest request;
  auto& asked = request.attempt;
  const std::array<std::pair<const char*, std::string*>, 6> texts{{{"callId", &asked.call_id},
                                                                   {"campaignId", &asked.campaign_id},
                                                                   {"contactId", &asked.contact_id},
                                                                   {"callerId", &asked.caller_id},
                                                                   {"timeZone", &asked.time_zone},
                                                                   {"audioFileUrl", &request.audio}}};
  for (const auto& [name, target] : texts) {
    auto text = text_member(*object, name, name == std::string_view("audioFileUrl") ? kMaxAudioBytes : kMaxIdBytes);
    if (!text) return std::unexpected(text.error());
    *target = std::move(*text);
  }
  const auto menu = text_member(*object, "menu", kMaxIdBytes);
  if (!menu) return std::unexpected(menu.error());
  if (!menu->empty() && *menu != "built-in")
    return fail(ErrorCode::Invalid, "menu: only \"built-in\" exists in this version");

  const auto number_text = text_member(*object, "phoneNumber", 64);
  if (!number_text) return std::unexpected(number_text.error());
  if (number_text->empty()) return fail(ErrorCode::Invalid, "phoneNumber is missing");
  auto number = parse_phone_number(*number_text, options.default_region);
  if (!number) return fail(ErrorCode::NumberInvalid, "phoneNumber: " + number.error().detail);
  asked.number = number->e164;

  if (!asked.caller_id.empty() && std::ranges::find(options.caller_ids, asked.caller_id) == options.caller_ids.end()) {
    return fail(ErrorCode::Invalid, "callerId is not a verified number of this trunk (trunk.caller_ids)");
  }
  if (!asked.time_zone.empty() && !is_known_zone(asked.time_zone)) {
    return fail(ErrorCode::Invalid,
                fmt::format("timeZone {} is not known (write it as Asia/Jerusalem)", asked.time_zone));
  }
  const auto ring = ring_timeout_of(*object, options.ring_timeout);
  if (!ring) return std::unexpected(ring.error());
  asked.ring_timeout = *ring;
  auto variables = variables_of(*object);
  if (!variables) return std::unexpected(variables.error());
  asked.variables = std::move(*variables);
  asked.fingerprint = fingerprint_of(request);
  return request;
}

std::string fingerprint_of(const DialRequest& request) {
  const auto& asked = request.attempt;
  std::string all;
  for (const auto& part : {asked.number, asked.campaign_id, asked.contact_id, request.audio, asked.caller_id,
                           asked.time_zone, asked.variables, std::to_string(asked.ring_timeout.count())}) {
    all += part + '\n';
  }
  return sha256_hex(all).substr(0, 32);
}

}  // namespace carillon::api
