#include "aws/sigv4.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/crypto.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

std::string escape_path(std::string_view path) {
  std::string escaped;
  for (const auto& segment : split(path, '/')) escaped.append(net::percent_encode(segment)).append("/");
  escaped.pop_back();
  return escaped.empty() ? "/" : escaped;
}

std::string canonical_query(const net::HttpPairs& query) {
  std::vector<std::pair<std::string, std::string>> escaped;
  for (const auto& [name, value] : query) escaped.emplace_back(net::percent_encode(name), net::percent_encode(value));
  std::ranges::sort(escaped);  // by escaped name, then value: "id" before "id-type"
  std::string text;
  for (const auto& [name, value] : escaped) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

// Runs of spaces count as one.
std::string canonical_value(std::string_view value) {
  std::string text;
  for (const char c : trim(value)) {
    const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!is_space)
      text += c;
    else if (text.back() != ' ')
      text += ' ';
  }
  return text;
}

// By name; values of one name are joined in the order in which they stand.
std::map<std::string, std::string> canonical_headers(const net::HttpPairs& headers) {
  std::map<std::string, std::string> joined;
  for (const auto& [name, value] : headers) {
    const auto [at, is_new] = joined.try_emplace(to_lower(name), canonical_value(value));
    if (!is_new) at->second.append(",").append(canonical_value(value));
  }
  return joined;
}

std::string signed_names(const net::HttpPairs& headers) {
  std::string names;
  for (const auto& [name, value] : canonical_headers(headers)) names.append(names.empty() ? "" : ";").append(name);
  return names;
}

void set_header(AwsRequest& request, std::string_view name, std::string_view value) {
  std::erase_if(request.headers, [&](const auto& header) { return to_lower(header.first) == name; });
  request.headers.emplace_back(name, value);
}

// "20261122T140600Z"
std::string stamp_of(Time time) {
  auto text = to_rfc3339(time).substr(0, 19);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

}  // namespace

std::string target_of(const AwsRequest& request) {
  const auto query = canonical_query(request.query);
  return escape_path(request.path) + (query.empty() ? "" : "?" + query);
}

std::string canonical_request(const AwsRequest& request, std::string_view service) {
  const auto path = escape_path(request.path);
  std::string payload = sha256_hex(request.body);
  std::string text = request.method + "\n" + (service == "s3" ? path : escape_path(path)) + "\n" +
                     canonical_query(request.query) + "\n";
  for (const auto& [name, value] : canonical_headers(request.headers)) {
    text.append(name).append(":").append(value).append("\n");
    if (name == "x-amz-content-sha256") payload = value;
  }
  return text.append("\n").append(signed_names(request.headers)).append("\n").append(payload);
}

void sign(AwsRequest& request, std::string_view host, const Credentials& credentials, const SigningScope& scope) {
  const auto stamp = stamp_of(scope.time);
  const auto date = stamp.substr(0, 8);
  std::erase_if(request.headers, [](const auto& header) { return to_lower(header.first) == "authorization"; });
  set_header(request, "host", host);
  set_header(request, "x-amz-date", stamp);
  if (!credentials.session_token.empty()) set_header(request, "x-amz-security-token", credentials.session_token);
  if (scope.service == "s3") set_header(request, "x-amz-content-sha256", sha256_hex(request.body));

  const auto area = date + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const auto to_sign =
      "AWS4-HMAC-SHA256\n" + stamp + "\n" + area + "\n" + sha256_hex(canonical_request(request, scope.service));
  const auto key = hmac_sha256(
      hmac_sha256(hmac_sha256(hmac_sha256("AWS4" + credentials.secret_access_key, date), scope.region), scope.service),
      "aws4_request");
  const auto names = signed_names(request.headers);
  request.headers.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id + "/" +
                                                    area + ", SignedHeaders=" + names +
                                                    ", Signature=" + hex(hmac_sha256(key, to_sign)));
}

}  // namespace carillon::aws
