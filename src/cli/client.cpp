#include "cli/client.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "base/text.h"

namespace carillon::cli {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(60);

std::string text_of(const boost::json::object& problem, const char* name) {
  const auto* text = problem.if_contains(name);
  return text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
}

}  // namespace

Client::Client(std::string host, std::uint16_t port, std::string api_key)
    : http_(std::move(host), port), api_key_(std::move(api_key)) {}

Result<boost::json::object> Client::get(const std::string& target) { return request("GET", target, {}, {}); }

Result<boost::json::object> Client::health() { return request("GET", "/health", {}, {}, true); }

Result<boost::json::object> Client::post(const std::string& target, std::string_view body,
                                         const std::string& content_type) {
  return request("POST", target, body, {{"Content-Type", content_type}});
}

Result<boost::json::object> Client::put(const std::string& target, std::string_view body) {
  return request("PUT", target, body, {{"Content-Type", "application/json"}});
}

Result<boost::json::object> Client::remove(const std::string& target) { return request("DELETE", target, {}, {}); }

Result<std::string> Client::get_text(const std::string& target) {
  net::HttpPairs headers;
  if (!api_key_.empty()) headers.emplace_back("Authorization", "Bearer " + api_key_);
  const auto answer = http_.request("GET", target, {}, headers, kTimeout, net::HttpClient::Repeat::kAlways);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status >= 200 && answer->status < 300) return answer->body;
  return fail(ErrorCode::BadRequest, fmt::format("the server answered {}", answer->status));
}

Result<boost::json::object> Client::request(std::string_view method, const std::string& target, std::string_view body,
                                            const net::HttpPairs& headers, bool takes_any_status) {
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
  if (takes_any_status || (answer->status >= 200 && answer->status < 300)) return std::move(object);
  const auto code = parse_error_code(text_of(object, "code")).value_or(ErrorCode::BadRequest);
  return fail(code, printable(text_of(object, "detail"), 400));
}

}  // namespace carillon::cli
