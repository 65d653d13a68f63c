// AWS Security Token Service: temporary keys of a role, and who we are. Blocking; any thread that may use the client.
#pragma once

#include <string>

#include "aws/client.h"

namespace carillon::aws {

struct AssumeRole {
  std::string role_arn;
  std::string session_name = "carillon";  // 2 to 64 of A-Z a-z 0-9 = , . @ - _
  std::string external_id = {};
  Duration duration = std::chrono::hours(1);  // 15 minutes to 12 hours, as the role allows; 1 hour if roles are chained
};

struct CallerIdentity {
  std::string account;
  std::string arn;
  std::string user_id;
};

class Sts {
 public:
  explicit Sts(Client& client) : client_(client) {}

  Result<Credentials> assume_role(const AssumeRole& role);
  // Not signed: the token, of up to 20,000 characters, is the proof.
  Result<Credentials> assume_role_with_web_identity(const AssumeRole& role, const std::string& token);
  Result<CallerIdentity> caller_identity();

 private:
  Client& client_;
};

}  // namespace carillon::aws
