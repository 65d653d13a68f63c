// The body of POST /dial, checked.
#pragma once

#include <string_view>

#include "api/api.h"
#include "core/call/attempt.h"

namespace carillon::api {

struct DialRequest {
  AttemptRequest attempt;  // number in E.164; audio still unresolved
  std::string audio;       // audioFileUrl as given; empty = the built-in welcome
};

// BadRequest: not JSON. Invalid, NumberInvalid: a member is wrong; the detail names it.
Result<DialRequest> parse_dial_request(std::string_view body, const ApiOptions& options);

// Of everything that decides what happens to the person: a repeated callId must be the same request.
std::string fingerprint_of(const DialRequest& request);

}  // namespace carillon::api
