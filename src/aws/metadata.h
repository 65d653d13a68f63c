// The services of AWS's own machines and containers that hand out keys: EC2's instance metadata (version 2 only: a
// session token is fetched first, which a forged request from elsewhere cannot do) and the endpoint of ECS and EKS.
// Blocking.
#pragma once

#include <optional>
#include <string>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "base/result.h"
#include "net/web_client.h"

namespace carillon::aws {

// EC2's, by AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE (IPv6) and
// AWS_EC2_METADATA_DISABLED. A question waits one second, twice. The web client must outlive it.
class InstanceMetadata {
 public:
  InstanceMetadata(net::WebClient& web, const Environment& environment);

  bool is_disabled() const { return is_disabled_; }
  // Of the role in the instance's profile.
  Result<Credentials> credentials();
  Result<std::string> region();

 private:
  Result<std::string> token();
  Result<std::string> read(const std::string& path, const std::string& token);
  Result<net::WebResponse> ask(net::WebRequest request);

  net::WebClient& web_;
  std::string endpoint_;
  bool is_disabled_ = false;
};

// By AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI with AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE). Nothing if
// neither is set. A full URI without TLS may only lead to this machine or to the addresses of ECS and EKS.
Result<std::optional<Credentials>> container_credentials(net::WebClient& web, const Environment& environment);

// {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
Result<Credentials> parse_credentials(std::string_view text);

}  // namespace carillon::aws
