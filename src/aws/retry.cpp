#include "aws/retry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

#include "aws/json.h"
#include "aws/xml.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

// "com.amazonaws.sqs#QueueDoesNotExist", "ValidationException:http://…": the word alone.
std::string bare_code(std::string_view code) {
  if (const auto hash = code.find('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
  return printable(trim(code.substr(0, std::min(code.find_first_of(":;"), code.size()))), 80);
}

// The rest of a message about a wrong signature repeats the request, with its session token.
std::string first_line(std::string_view message) {
  return printable(trim(message.substr(0, std::min(message.find('\n'), message.size()))), 300);
}

void read_xml(std::string_view body, ServiceError& error) {
  const auto root = parse_xml(body);
  if (!root) return;
  // S3: <Error>; SNS, STS, CloudWatch: <ErrorResponse><Error>.
  const XmlElement* element = root->name == "Error" ? &*root : root->find("Error");
  if (!element) element = root->find("Errors/Error");
  if (!element) return;
  error.code = bare_code(element->value("Code"));
  error.message = first_line(element->value("Message"));
  error.request_id = root->value("RequestId") + element->value("RequestId");
}

void read_json(std::string_view body, ServiceError& error) {
  const auto object = parse_object(body);
  if (!object) return;
  for (const auto* name : {"__type", "code", "Code"})
    if (error.code.empty()) error.code = bare_code(text_of(*object, name));
  for (const auto* name : {"message", "Message", "errorMessage"})
    if (error.message.empty()) error.message = first_line(text_of(*object, name));
}

int number_of(std::string_view digits) {
  int number = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? number : -1;
}

}  // namespace

ServiceError read_service_error(const net::WebResponse& response) {
  ServiceError error{response.status, {}, {}, {}};
  error.code = bare_code(response.header("x-amzn-errortype"));
  const auto body = trim(response.body);
  if (body.starts_with('<')) {
    read_xml(body, error);
  } else if (body.starts_with('{')) {
    read_json(body, error);
  }
  // SQS keeps there the codes of its older protocol, which differ: "AWS.SimpleQueueService.NonExistentQueue;Sender".
  if (error.code.empty()) error.code = bare_code(response.header("x-amzn-query-error"));
  if (error.code.empty()) error.code = "HTTP " + std::to_string(response.status);
  for (const auto* name : {"x-amzn-requestid", "x-amz-request-id"})
    if (error.request_id.empty()) error.request_id = response.header(name);
  error.request_id = printable(error.request_id, 80);
  return error;
}

Verdict judge(const ServiceError& error) {
  if (error.status == 429 ||
      is_one_of(error.code, {"Throttling", "ThrottlingException", "ThrottledException", "Throttled", "RequestThrottled",
                             "RequestThrottledException", "TooManyRequestsException",
                             "ProvisionedThroughputExceededException", "RequestLimitExceeded", "BandwidthLimitExceeded",
                             "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
                             "TransactionInProgressException", "KMSThrottling", "KMSThrottlingException"}))
    return Verdict::kThrottled;
  if (is_one_of(error.code, {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}))
    return Verdict::kStaleCredentials;
  if (is_one_of(error.code, {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture",
                             "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"}))
    return Verdict::kMaybeSkewed;
  if (is_one_of(std::to_string(error.status), {"500", "502", "503", "504"}) ||
      is_one_of(error.code, {"RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure",
                             "InternalServerError", "InternalServerException", "ServiceUnavailable",
                             "ServiceUnavailableException", "ServiceFailureException", "IDPCommunicationError"}))
    return Verdict::kTransient;
  return Verdict::kFinal;
}

Error to_error(std::string_view what, const ServiceError& error) {
  std::string detail(what);
  detail += ": " + error.code;
  if (!error.message.empty()) detail += ": " + error.message;
  detail += " (status " + std::to_string(error.status);
  detail += error.request_id.empty() ? ")" : ", request " + error.request_id + ")";
  const auto verdict = judge(error);
  ErrorCode code = ErrorCode::Invalid;
  if (verdict == Verdict::kThrottled || verdict == Verdict::kTransient) {
    code = ErrorCode::Io;
  } else if (error.status == 401 || error.status == 403 || verdict != Verdict::kFinal ||
             is_one_of(error.code,
                       {"AccessDenied", "AccessDeniedException", "AuthorizationError", "InvalidClientTokenId",
                        "UnrecognizedClientException", "MissingAuthenticationToken"})) {
    code = ErrorCode::Forbidden;
  } else if (error.status == 404 || is_one_of(error.code, {"QueueDoesNotExist", "NonExistentQueue",
                                                           "AWS.SimpleQueueService.NonExistentQueue"})) {
    code = ErrorCode::NotFound;
  }
  return {code, std::move(detail)};
}

bool is_passing(const Error& error) { return error.code == ErrorCode::Io || error.code == ErrorCode::Timeout; }

bool is_worth_a_later_try(const Error& error) {
  return error.code != ErrorCode::Invalid && error.code != ErrorCode::TooLarge && error.code != ErrorCode::BadRequest;
}

Duration retry_delay(const RetryPolicy& policy, int retry, double dice) {
  Duration ceiling = policy.base;
  for (int i = 0; i < retry && ceiling < policy.cap; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, policy.cap);
  return Duration(static_cast<Duration::rep>(static_cast<double>(ceiling.count()) * dice));
}

std::optional<Duration> asked_delay(const net::WebResponse& response, Time now) {
  if (const int ms = number_of(response.header("x-amz-retry-after")); ms >= 0) return Duration(ms);
  const auto header = response.header("retry-after");
  if (const int seconds = number_of(header); seconds >= 0) return std::chrono::seconds(seconds);
  if (const auto date = parse_http_date(header)) return std::max(Duration::zero(), *date - now);
  return std::nullopt;
}

std::optional<Time> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  const auto month = std::ranges::find(months, text.substr(8, 3));
  if (month == months.end()) return std::nullopt;
  const auto month_number = std::to_string(month - months.begin() + 1);
  return parse_rfc3339(std::string(text.substr(12, 4)) + (month_number.size() == 1 ? "-0" : "-") + month_number + "-" +
                       std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) + "Z");
}

}  // namespace carillon::aws
