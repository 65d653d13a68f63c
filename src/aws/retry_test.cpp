#include "aws/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::aws {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ServiceError, IsReadFromEveryProtocol) {
  struct Case {
    net::WebResponse response;
    const char* code;
    const char* message;
  };
  const Case cases[] = {
      {{404,
        {},
        "<ErrorResponse xmlns='http://sns'><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not "
        "exist</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"},
       "NotFound",
       "Topic does not exist"},
      {{403, {}, "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"},
       "AccessDenied",
       "Access Denied"},
      {{400,
        {{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"}},
        R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No such queue"})"},
       "QueueDoesNotExist",
       "No such queue"},
      {{400, {{"x-amzn-errortype", "InvalidSsmlException:http://internal/"}}, R"({"message":"Invalid SSML"})"},
       "InvalidSsmlException",
       "Invalid SSML"},
      {{503, {}, "<html>busy</html>"}, "HTTP 503", ""},
      {{404, {}, ""}, "HTTP 404", ""},
      {{500, {}, R"({"__type":5,"message":{}})"}, "HTTP 500", ""},
      {{500, {}, "<Error><Code>"}, "HTTP 500", ""},
  };
  for (const auto& [response, code, message] : cases) {
    const auto error = read_service_error(response);
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.message, message);
  }
}

TEST(ServiceError, KeepsAwsOwnWordsAndTellsWhatIsFinal) {
  struct Case {
    ServiceError error;
    Verdict verdict;
    ErrorCode code;
  };
  const Case cases[] = {
      {{404, "NoSuchKey", "The specified key does not exist.", ""}, Verdict::kFinal, ErrorCode::NotFound},
      {{400, "QueueDoesNotExist", "", ""}, Verdict::kFinal, ErrorCode::NotFound},
      {{403, "AccessDenied", "", ""}, Verdict::kFinal, ErrorCode::Forbidden},
      {{400, "InvalidParameter", "", ""}, Verdict::kFinal, ErrorCode::Invalid},
      {{400, "Throttling", "Rate exceeded", ""}, Verdict::kThrottled, ErrorCode::Io},
      {{429, "HTTP 429", "", ""}, Verdict::kThrottled, ErrorCode::Io},
      {{503, "SlowDown", "", ""}, Verdict::kThrottled, ErrorCode::Io},
      {{500, "InternalError", "", ""}, Verdict::kTransient, ErrorCode::Io},
      {{400, "RequestTimeout", "", ""}, Verdict::kTransient, ErrorCode::Io},
      {{501, "NotImplemented", "", ""}, Verdict::kFinal, ErrorCode::Invalid},
      {{403, "RequestTimeTooSkewed", "", ""}, Verdict::kMaybeSkewed, ErrorCode::Forbidden},
      {{403, "SignatureDoesNotMatch", "", ""}, Verdict::kMaybeSkewed, ErrorCode::Forbidden},
      {{400, "ExpiredToken", "", ""}, Verdict::kStaleCredentials, ErrorCode::Forbidden},
  };
  for (const auto& [error, verdict, code] : cases) {
    EXPECT_EQ(judge(error), verdict) << error.code;
    const auto made = to_error("S3 GetObject", error);
    EXPECT_EQ(made.code, code) << error.code;
    EXPECT_THAT(made.detail, HasSubstr("S3 GetObject: " + error.code));
    EXPECT_EQ(is_passing(made), code == ErrorCode::Io);
    EXPECT_EQ(is_worth_a_later_try(made), code != ErrorCode::Invalid);
  }
}

// AWS repeats the signed request in this message, session token and all.
TEST(ServiceError, DropsTheRequestThatAMessageRepeats) {
  const auto error = read_service_error(
      {403,
       {},
       "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature does not match.\n\n"
       "The Canonical String should have been\nx-amz-security-token:SECRET</Message></Error></ErrorResponse>"});
  EXPECT_EQ(error.message, "The request signature does not match.");
  EXPECT_THAT(to_error("SNS Publish", error).detail, Not(HasSubstr("SECRET")));
}

TEST(Retry, WaitsWithFullJitterUpToTheCap) {
  const RetryPolicy policy;
  EXPECT_EQ(retry_delay(policy, 0, 0.0), 0ms);
  EXPECT_EQ(retry_delay(policy, 0, 0.999999), 49ms);
  EXPECT_EQ(retry_delay(policy, 3, 0.5), 200ms);
  EXPECT_EQ(retry_delay(policy, 60, 0.5), 10s);
}

TEST(Retry, HearsForHowLongAwsAsksToWait) {
  const auto now = *parse_rfc3339("2026-11-24T00:05:00Z");
  EXPECT_EQ(asked_delay({503, {{"retry-after", "7"}}, ""}, now), 7s);
  EXPECT_EQ(asked_delay({503, {{"x-amz-retry-after", "1500"}}, ""}, now), 1500ms);
  EXPECT_EQ(asked_delay({503, {{"retry-after", "Tue, 24 Nov 2026 00:06:00 GMT"}}, ""}, now), 60s);
  for (const auto* none : {"", "-5", "soon", "99999999999999"})
    EXPECT_EQ(asked_delay({503, {{"retry-after", none}}, ""}, now), std::nullopt) << none;
}

TEST(Retry, ReadsHttpDates) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), parse_rfc3339("1994-11-06T08:49:37Z"));
  for (const auto* bad :
       {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 36 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 aa:49:37 GMT"})
    EXPECT_EQ(parse_http_date(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace carillon::aws
