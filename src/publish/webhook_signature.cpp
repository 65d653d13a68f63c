#include "publish/webhook_signature.h"

#include <fmt/format.h>

#include "base/crypto.h"

namespace carillon::publish {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kMinBytes = 24;
constexpr std::size_t kMaxBytes = 64;

}  // namespace

Result<std::string> parse_webhook_secret(std::string_view text) {
  if (!text.starts_with(kPrefix)) return fail(ErrorCode::Invalid, "a webhook's secret begins with whsec_");
  const auto bytes = from_base64(text.substr(kPrefix.size()));
  if (!bytes) return fail(ErrorCode::Invalid, "a webhook's secret is base64 behind whsec_");
  if (bytes->size() < kMinBytes || bytes->size() > kMaxBytes)
    return fail(ErrorCode::Invalid, fmt::format("a webhook's secret has {} to {} bytes", kMinBytes, kMaxBytes));
  return *bytes;
}

std::string sign_webhook(const std::vector<std::string>& secrets, std::string_view id, Time at, std::string_view body) {
  const auto seconds = to_ms(at) / 1000;
  const auto content = fmt::format("{}.{}.{}", id, seconds, body);
  std::string header;
  for (const auto& secret : secrets) {
    header += fmt::format("{}v1,{}", header.empty() ? "" : " ", to_base64(hmac_sha256(secret, content)));
  }
  return header;
}

}  // namespace carillon::publish
