#include "aws/metadata.h"

#include <algorithm>

#include "aws/json.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

constexpr Duration kPatience = std::chrono::seconds(1);
constexpr std::size_t kMaxAnswer = 64 * 1024;
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";

bool is_role_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  });
}

// Keys come back in the clear, so only from here or from where ECS and EKS put their endpoints.
bool may_be_plain(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return false;
  auto host = url.substr(scheme.size());
  host = host.substr(0, std::min(host.find_first_of("/?#"), host.size()));
  if (host.starts_with('[')) {
    host = host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
  } else {
    host = host.substr(0, std::min(host.find(':'), host.size()));
  }
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]" || host == "169.254.170.2" ||
         host == "169.254.170.23" || host == "[fd00:ec2::23]";
}

Result<net::WebResponse> ask_twice(net::WebClient& web, const net::WebRequest& request) {
  auto answer = web.send(request);
  const bool is_poor = answer ? answer->status >= 500 : answer.error().code == ErrorCode::Timeout;
  return is_poor ? web.send(request) : answer;
}

}  // namespace

Result<Credentials> parse_credentials(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return std::unexpected(object.error());
  Credentials keys{.access_key_id = text_of(*object, "AccessKeyId"),
                   .secret_access_key = text_of(*object, "SecretAccessKey"),
                   .session_token = text_of(*object, "Token"),
                   .expires = parse_rfc3339(text_of(*object, "Expiration"))};
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
    const auto code = text_of(*object, "Code");
    return fail(ErrorCode::Io, "the answer has no keys" + (code.empty() ? "" : " (" + printable(code, 60) + ")"));
  }
  return keys;
}

InstanceMetadata::InstanceMetadata(net::WebClient& web, const Environment& environment)
    : web_(web),
      endpoint_(environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")),
      is_disabled_(environment.is_true("AWS_EC2_METADATA_DISABLED")) {
  const bool is_v6 = to_lower(environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")) == "ipv6";
  if (endpoint_.empty()) endpoint_ = is_v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
}

Result<net::WebResponse> InstanceMetadata::ask(net::WebRequest request) {
  if (is_disabled_) return fail(ErrorCode::Config, "AWS_EC2_METADATA_DISABLED is set");
  request.timeout = request.connect_timeout = kPatience;
  request.max_answer_bytes = kMaxAnswer;
  return ask_twice(web_, request);
}

Result<std::string> InstanceMetadata::token() {
  const auto answer = ask({.method = "PUT",
                           .url = endpoint_ + "/latest/api/token",
                           .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}}});
  if (!answer) {
    auto error = answer.error();
    // The answer's packets live for one hop unless the instance allows more.
    if (error.code == ErrorCode::Timeout) error.detail += "; in a container the instance's hop limit must be 2";
    return std::unexpected(std::move(error));
  }
  if (answer->status != 200)
    return fail(ErrorCode::Io, "no session token (status " + std::to_string(answer->status) + ")");
  return std::string(trim(answer->body));
}

Result<std::string> InstanceMetadata::read(const std::string& path, const std::string& token) {
  const auto answer = ask({.url = endpoint_ + path, .headers = {{"x-aws-ec2-metadata-token", token}}});
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 404) return fail(ErrorCode::NotFound, "nothing at " + path);
  if (answer->status != 200)
    return fail(ErrorCode::Io, path + " answers with status " + std::to_string(answer->status));
  return answer->body;
}

Result<Credentials> InstanceMetadata::credentials() {
  const auto session = token();
  if (!session) return std::unexpected(session.error());
  const auto roles = read(std::string(kRolePath), *session);
  if (!roles && roles.error().code == ErrorCode::NotFound) return fail(ErrorCode::Config, "this instance has no role");
  if (!roles) return std::unexpected(roles.error());
  const std::string role(trim(split(trim(*roles), '\n').front()));
  if (!is_role_name(role)) return fail(ErrorCode::Io, "the name of the instance's role is not valid");
  const auto keys = read(std::string(kRolePath) + net::percent_encode(role), *session);
  if (!keys) return std::unexpected(keys.error());
  return parse_credentials(*keys);
}

Result<std::string> InstanceMetadata::region() {
  const auto session = token();
  if (!session) return session;
  auto answer = read("/latest/meta-data/placement/region", *session);
  if (answer) *answer = trim(*answer);
  return answer;
}

Result<std::optional<Credentials>> container_credentials(net::WebClient& web, const Environment& environment) {
  const auto relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto full = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return std::nullopt;
  if (!relative.empty() && !relative.starts_with('/'))
    return fail(ErrorCode::Config, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash");
  net::WebRequest request{.url = relative.empty() ? full : "http://169.254.170.2" + relative,
                          .timeout = 2 * kPatience,
                          .connect_timeout = kPatience,
                          .max_answer_bytes = kMaxAnswer};
  if (!request.url.starts_with("https://") && !may_be_plain(request.url))
    return fail(ErrorCode::Config,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https:, or lead to this machine or to ECS or EKS");
  auto token = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const auto file = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    auto text = read_text_file(file);  // every time: it is rotated
    if (!text) return std::unexpected(std::move(text).error());
    token = trim(*text);
  }
  if (!token.empty()) request.headers.emplace_back("authorization", token);
  const auto answer = ask_twice(web, request);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200)
    return fail(ErrorCode::Io, "the container's endpoint answers with status " + std::to_string(answer->status));
  auto keys = parse_credentials(answer->body);
  if (!keys) return std::unexpected(std::move(keys).error());
  return *std::move(keys);
}

}  // namespace carillon::aws
