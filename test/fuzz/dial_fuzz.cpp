// The body of POST /dial: whatever comes, the answer is a request within its bounds or a clear error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/dial_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  carillon::api::ApiOptions options;
  options.default_region = "IL";
  options.caller_ids = {"+12025550199"};
  const auto request = carillon::api::parse_dial_request(body, options);
  if (!request) {
    if (request.error().detail.empty()) std::abort();
    return 0;
  }
  const auto& asked = request->attempt;
  // Only digits may reach a SIP URI.
  if (asked.number.size() < 8 || asked.number.size() > 16 || asked.number[0] != '+' ||
      asked.number.find_first_not_of("0123456789", 1) != std::string::npos) {
    std::abort();
  }
  if (asked.ring_timeout < carillon::Duration(15'000) || asked.fingerprint.size() != 32) std::abort();
  return 0;
}
