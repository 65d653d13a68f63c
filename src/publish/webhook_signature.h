// Signatures of webhooks after the Standard Webhooks specification 1.0 (symmetric, "v1"): HMAC-SHA-256 over
// "<id>.<timestamp>.<body>", base64. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace carillon::publish {

// "whsec_<base64 of 24 to 64 bytes>" to its bytes.
Result<std::string> parse_webhook_secret(std::string_view text);

// The header webhook-signature: one "v1,…" for each secret, so that a receiver may know the old or the new one.
std::string sign_webhook(const std::vector<std::string>& secrets, std::string_view id, Time at, std::string_view body);

}  // namespace carillon::publish
