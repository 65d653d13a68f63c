#include "cli/client.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "base/text.h"

namespace carillon::cli {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(60);

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401: return ErrorCode::Unauthorized;
    case 403: return ErrorCode::Forbidden;
    case 404: return ErrorCode::NotFound;
    case 409: return ErrorCode::Conflict;
    case 422: return ErrorCode::Invalid;
    case 429: return ErrorCode::QueueFull;
    case 503: return ErrorCode::Unavailable;
    default: return ErrorCode::BadRequest;
  }
}

}  // namespace

Client::Client(std::string host, std::uint16_t port, std::string api_key)
    : http_(std::move(host), port), api_key_(std::move(api_key)) {}

Result<boost::json::object> Client::get(const std::string& target) { return request("GET", target, {}, {}); }

Result<boost::json::object> Client::post(const std::string& target, std::string_view body,
                                         const std::string& content_type) {
  return request("POST", target, body, {{"Content-Type", content_type}});
}

Result<boost::json::object> Client::request(std::string_view method, const std::string& target, std::string_view body,
                                            const net::HttpPairs& headers) {
  net::HttpPairs all = headers;
  if (!api_key_.empty()) all.emplace_back("Authorization", "Bearer " + api_key_);
  // Every request of ours may be sent again: dialling is idempotent by callId.
  const auto answer = http_.request(method, target, body, all, kTimeout, net::HttpClient::Repeat::kAlways);
  if (!answer) return std::unexpected(answer.error());
  boost::system::error_code error;
  auto value = boost::json::parse(answer->body, error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::Io,
                fmt::format("the server answered {} with something that is no JSON object", answer->status));
  }
  auto& object = value.get_object();
  if (answer->status >= 200 && answer->status < 300) return std::move(object);
  std::string detail;
  for (const char* name : {"title", "detail"}) {
    if (const auto* text = object.if_contains(name); text != nullptr && text->is_string()) {
      detail += (detail.empty() ? "" : ": ") + std::string(text->get_string());
    }
  }
  return fail(code_of_status(answer->status), fmt::format("{} (HTTP {})", printable(detail, 400), answer->status));
}

}  // namespace carillon::cli
