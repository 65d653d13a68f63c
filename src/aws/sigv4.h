// AWS Signature Version 4 in the Authorization header: proves to AWS who sends a request, and that nobody changed it.
// Pure; any thread. Path, query, headers and body are signed as they will be sent, so use target_of() for the URL.
#pragma once

#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/request.h"
#include "base/time.h"

namespace carillon::aws {

struct SigningScope {
  std::string region;
  std::string service;  // the signing name: "sns", "s3", "monitoring"
  Time time;            // AWS accepts 5 minutes of difference, S3 15
};

// Adds host, x-amz-date, x-amz-security-token, for S3 x-amz-content-sha256, and authorization. Every header of the
// request is signed. `host` as it will stand in the Host header.
void sign(AwsRequest& request, std::string_view host, const Credentials& credentials, const SigningScope& scope);

// Path and query as they are sent: every byte but A-Z a-z 0-9 - . _ ~ and the path's slashes is escaped, the query is
// in order.
std::string target_of(const AwsRequest& request);

// What is hashed and signed; for tests. S3 alone does not escape the path twice.
std::string canonical_request(const AwsRequest& request, std::string_view service);

}  // namespace carillon::aws
