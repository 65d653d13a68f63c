// What an answer of AWS means for the next step: errors as AWS words them, whether and when to try again. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/web_client.h"

namespace carillon::aws {

struct ServiceError {
  int status = 0;
  std::string code;     // AWS's: "Throttling", "NoSuchKey"; "HTTP 503" if it gave none
  std::string message;  // AWS's first line, for people
  std::string request_id;
};

// From JSON, XML or, for HEAD, only the status.
ServiceError read_service_error(const net::WebResponse& response);

enum class Verdict {
  kFinal,            // asking again changes nothing
  kTransient,        // 5xx and the like
  kThrottled,        // too fast
  kMaybeSkewed,      // our clock may be wrong
  kStaleCredentials  // the keys have ended
};
Verdict judge(const ServiceError& error);

// For people: "SNS Publish: NotFound: Topic does not exist (status 404)". The code is NotFound, Forbidden, Invalid, or
// Io for what passes by itself.
Error to_error(std::string_view what, const ServiceError& error);
// Io and Timeout: it may pass by itself.
bool is_passing(const Error& error);
// Whether the same message may go through later: by itself, or once an operator has mended a permission, a topic or the
// keys. False: the message is at fault, and stays so.
bool is_worth_a_later_try(const Error& error);

struct RetryPolicy {
  int max_attempts = 3;
  Duration base = std::chrono::milliseconds(50);
  Duration cap = std::chrono::seconds(20);
};

// Full jitter: dice, in [0, 1), of base doubled `retry` times (0 for the first), up to the cap.
Duration retry_delay(const RetryPolicy& policy, int retry, double dice);
// Retry-After in seconds or as a date, or x-amz-retry-after in milliseconds.
std::optional<Duration> asked_delay(const net::WebResponse& response, Time now);
// "Tue, 24 Nov 2026 00:05:00 GMT" (RFC 9110 5.6.7, the form that must be sent).
std::optional<Time> parse_http_date(std::string_view text);

}  // namespace carillon::aws
