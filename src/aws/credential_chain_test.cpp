#include "aws/credential_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <mutex>

#include "aws/metadata.h"
#include "base/text.h"
#include "net/test_sockets.h"

namespace carillon::aws {
namespace {

using net::HttpRequest;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kJsonKeys =
    R"({"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"top-secret","Token":"tok","Expiration":"2026-11-22T18:00:00Z"})";
constexpr std::string_view kXmlKeys =
    "<{0}Response "
    "xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><{0}Result><Credentials><AccessKeyId>ASIA-STS</AccessKeyId>"
    "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-11-22T18:00:00Z</Expiration>"
    "</Credentials></{0}Result></{0}Response>";

// Metadata service, container endpoint and STS in one server, and a home folder.
class CredentialChain : public testing::Test {
 protected:
  CredentialChain()
      : server_([this](const HttpRequest& request, const net::Respond& respond) { respond(answer(request)); }) {
    std::filesystem::create_directories(home_ / ".aws");
  }
  ~CredentialChain() override { std::filesystem::remove_all(home_); }

  net::HttpResponse answer(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(request.path);
    const auto& path = request.path;
    if (path == "/latest/api/token" && request.method == "PUT" &&
        request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600")
      return {200, "", "imds-session"};
    const bool has_session = request.header("x-aws-ec2-metadata-token") == "imds-session";
    if (path == "/latest/meta-data/iam/security-credentials/") return {has_session ? role_status_ : 401, "", role_};
    if (path == "/latest/meta-data/iam/security-credentials/carillon-role")
      return {has_session ? 200 : 401, "", std::string(kJsonKeys)};
    if (path == "/latest/meta-data/placement/region") return {has_session ? 200 : 401, "", "il-central-1\n"};
    if (path == "/container")
      return {request.header("authorization") == "Bearer x" ? 200 : 403, "", std::string(kJsonKeys)};
    if (path == "/") {
      sts_ = request.body;
      sts_authorization_ = request.header("authorization");
      std::string xml(kXmlKeys);
      const std::string action =
          request.body.find("WebIdentity") != std::string::npos ? "AssumeRoleWithWebIdentity" : "AssumeRole";
      for (auto at = xml.find("{0}"); at != std::string::npos; at = xml.find("{0}")) xml.replace(at, 3, action);
      return {200, "text/xml", xml};
    }
    return {404, "", ""};
  }

  Result<Credentials> find(std::map<std::string, std::string, std::less<>> variables) {
    const auto url = "http://127.0.0.1:" + std::to_string(server_.port());
    variables.try_emplace("HOME", home_.string());
    variables.try_emplace("AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
    return credential_chain(web_, Environment(variables), {.region = "eu-west-1", .endpoint_url = url},
                            [] { return *parse_rfc3339("2026-11-22T12:00:00Z"); })();
  }
  std::string key_of(std::map<std::string, std::string, std::less<>> variables) {
    const auto keys = find(std::move(variables));
    return keys ? keys->access_key_id : to_string(keys.error());
  }
  void write(const std::string& name, std::string_view text) { std::ofstream(home_ / name) << text; }
  std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + std::string(path);
  }

  std::filesystem::path home_ = std::filesystem::temp_directory_path() / ("home-" + random_hex(6));
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::string role_ = "carillon-role";
  int role_status_ = 200;
  std::string sts_;
  std::string sts_authorization_;
  net::WebClient web_;
  net::TestServer server_;
};

TEST_F(CredentialChain, TheEnvironmentComesFirst) {
  write(".aws/credentials", "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
  EXPECT_EQ(key_of({{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "s"}}), "ENV");
  EXPECT_EQ(key_of({}), "FILE");
  EXPECT_TRUE(asked_.empty()) << "no network for static keys";
}

TEST_F(CredentialChain, HalfAConfigurationIsAnErrorAndNotPassedOver) {
  const auto half = find({{"AWS_ACCESS_KEY_ID", "ENV"}});
  ASSERT_FALSE(half);
  EXPECT_THAT(half.error().detail, HasSubstr("AWS_SECRET_ACCESS_KEY is missing"));
  EXPECT_THAT(key_of({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent"}, {"AWS_ROLE_ARN", "arn:x"}}),
              HasSubstr("web identity"));
  EXPECT_THAT(key_of({{"AWS_PROFILE", "nobody"}}), HasSubstr("nobody"));
  write(".aws/config",
        "[default]\ncredential_process = /bin/keys\n[profile loop]\nrole_arn=a\nsource_profile=loop2\n[profile loop2]\n"
        "role_arn=b\nsource_profile=loop\n[profile bare]\nrole_arn=a\n");
  EXPECT_THAT(key_of({}), HasSubstr("credential_process is not supported"));
  EXPECT_THAT(key_of({{"AWS_PROFILE", "loop"}}), HasSubstr("circle"));
  EXPECT_THAT(key_of({{"AWS_PROFILE", "bare"}}), HasSubstr("no source_profile"));
}

TEST_F(CredentialChain, AWebIdentityBecomesKeysWithoutASignature) {
  write("token", "eyJ.web.token\n");
  const auto keys = find({{"AWS_WEB_IDENTITY_TOKEN_FILE", (home_ / "token").string()},
                          {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/carillon"},
                          {"AWS_ROLE_SESSION_NAME", "dialer-1"}});
  ASSERT_TRUE(keys) << to_string(keys.error());
  EXPECT_EQ(keys->access_key_id, "ASIA-STS");
  EXPECT_EQ(keys->expires, parse_rfc3339("2026-11-22T18:00:00Z"));
  EXPECT_EQ(sts_authorization_, "");
  EXPECT_THAT(sts_, AllOf(HasSubstr("Action=AssumeRoleWithWebIdentity&"), HasSubstr("WebIdentityToken=eyJ.web.token"),
                          HasSubstr("RoleSessionName=dialer-1")));
}

TEST_F(CredentialChain, AProfileTakesARoleByTheKeysOfAnother) {
  write(".aws/config", "[profile ops]\nrole_arn = arn:aws:iam::1:role/ops\nsource_profile = base\nexternal_id = e1\n");
  write(".aws/credentials", "[base]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
  EXPECT_EQ(key_of({{"AWS_PROFILE", "ops"}}), "ASIA-STS");
  EXPECT_THAT(sts_authorization_, HasSubstr("Credential=BASE/20261122/eu-west-1/sts/"));
  EXPECT_THAT(sts_, HasSubstr("ExternalId=e1"));
}

TEST_F(CredentialChain, AProfileTakesARoleByTheKeysOfTheInstance) {
  write(".aws/config", "[default]\nrole_arn = arn:aws:iam::1:role/ops\ncredential_source = Ec2InstanceMetadata\n");
  EXPECT_EQ(key_of({}), "ASIA-STS");
  EXPECT_THAT(sts_authorization_, HasSubstr("Credential=ASIA1/"));
}

TEST_F(CredentialChain, TheContainersEndpointNeedsItsToken) {
  write("token", "Bearer x\n");
  EXPECT_EQ(key_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url("/container")},
                    {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", (home_ / "token").string()}}),
            "ASIA1");
  EXPECT_EQ(key_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url("/container")},
                    {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer x"}}),
            "ASIA1");
  EXPECT_THAT(key_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url("/container")}}), HasSubstr("status 403"));
}

TEST_F(CredentialChain, PlainTextContainerEndpointsAreOnlyNearby) {
  for (const auto* far : {"http://evil.example/x", "http://127.0.0.1.evil.example/", "http://127.0.0.1@evil.example/",
                          "http://169.254.169.254/", "ftp://localhost/", "http://[::2]/", "http://["})
    EXPECT_THAT(key_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", far}}), HasSubstr("must be https:")) << far;
}

TEST_F(CredentialChain, TheInstancesRoleComesWithASessionToken) {
  const auto keys = find({});
  ASSERT_TRUE(keys) << to_string(keys.error());
  EXPECT_EQ(keys->access_key_id, "ASIA1");
  EXPECT_EQ(keys->session_token, "tok");
  EXPECT_EQ(asked_.front(), "/latest/api/token");
  InstanceMetadata metadata(web_, Environment({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", url("/")}}));
  EXPECT_EQ(metadata.region(), "il-central-1");
}

TEST_F(CredentialChain, ErrorsNameEveryPlaceAndNoSecret) {
  role_status_ = 404;
  const auto none = find({});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::Config);
  EXPECT_THAT(none.error().detail,
              AllOf(HasSubstr("AWS_ACCESS_KEY_ID is not set"), HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"),
                    HasSubstr("the profile: there is none"), HasSubstr("AWS_CONTAINER_CREDENTIALS"),
                    HasSubstr("this instance has no role")));
  EXPECT_THAT(key_of({{"AWS_EC2_METADATA_DISABLED", "TRUE"}}), HasSubstr("AWS_EC2_METADATA_DISABLED is set"));
  role_status_ = 200;
  role_ = "../../evil?x";
  EXPECT_THAT(key_of({}), HasSubstr("role is not valid"));
}

TEST(ParseCredentials, TakesWhatIsWholeAndKeepsSecretsOutOfErrors) {
  EXPECT_TRUE(parse_credentials(kJsonKeys));
  for (const auto* bad :
       {"", "[]", R"({"Code":"AssumeRoleUnauthorizedAccess"})", R"({"AccessKeyId":"A","SecretAccessKey":5})",
        R"({"SecretAccessKey":"top-secret"})", R"({"SecretAccessKey":"top-secret")"}) {
    const auto keys = parse_credentials(bad);
    ASSERT_FALSE(keys) << bad;
    EXPECT_THAT(keys.error().detail, Not(HasSubstr("top-secret")));
  }
}

}  // namespace
}  // namespace carillon::aws
