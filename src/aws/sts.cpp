#include "aws/sts.h"

#include "aws/form.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

constexpr std::string_view kVersion = "2011-06-15";

Form form_of(std::string_view action, const AssumeRole& role) {
  Form form(action, kVersion);
  form.add("RoleArn", role.role_arn);
  form.add("RoleSessionName", role.session_name);
  form.add("DurationSeconds", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(role.duration).count()));
  return form;
}

Result<Credentials> credentials_of(std::string_view action, const Result<net::WebResponse>& response) {
  if (!response) return std::unexpected(response.error());
  const auto result = result_of(action, *response);
  if (!result) return std::unexpected(result.error());
  Credentials keys{.access_key_id = result->value("Credentials/AccessKeyId"),
                   .secret_access_key = result->value("Credentials/SecretAccessKey"),
                   .session_token = result->value("Credentials/SessionToken"),
                   .expires = parse_rfc3339(trim(result->value("Credentials/Expiration")))};
  if (keys.access_key_id.empty() || keys.secret_access_key.empty() || keys.session_token.empty() || !keys.expires)
    return fail(ErrorCode::Io, "STS " + std::string(action) + ": the answer has no credentials");
  return keys;
}

}  // namespace

Result<Credentials> Sts::assume_role(const AssumeRole& role) {
  auto form = form_of("AssumeRole", role);
  form.add_if_any("ExternalId", role.external_id);
  return credentials_of("AssumeRole",
                        client_.call({.service = Service::kSts, .operation = "AssumeRole", .request = form.request()}));
}

Result<Credentials> Sts::assume_role_with_web_identity(const AssumeRole& role, const std::string& token) {
  constexpr std::string_view action = "AssumeRoleWithWebIdentity";
  auto form = form_of(action, role);
  form.add("WebIdentityToken", token);
  return credentials_of(
      action,
      client_.call(
          {.service = Service::kSts, .operation = std::string(action), .request = form.request(), .is_signed = false}));
}

Result<CallerIdentity> Sts::caller_identity() {
  const auto response = client_.call({.service = Service::kSts,
                                      .operation = "GetCallerIdentity",
                                      .request = Form("GetCallerIdentity", kVersion).request()});
  if (!response) return std::unexpected(response.error());
  const auto result = result_of("GetCallerIdentity", *response);
  if (!result) return std::unexpected(result.error());
  return CallerIdentity{result->value("Account"), result->value("Arn"), result->value("UserId")};
}

}  // namespace carillon::aws
