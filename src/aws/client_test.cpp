#include "aws/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "net/test_sockets.h"

namespace carillon::aws {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

net::HttpResponse refusal(int status, const std::string& code, net::HttpPairs headers = {}) {
  return {status, "text/xml",
          "<ErrorResponse><Error><Code>" + code + "</Code><Message>No</Message></Error></ErrorResponse>",
          std::move(headers)};
}

// A service that gives these answers one after the other, the last one for ever; waits are recorded, not waited.
class AwsClient : public testing::Test {
 protected:
  AwsClient()
      : server_([this](const net::HttpRequest& request, const net::Respond& respond) { respond(next(request)); }) {}

  net::HttpResponse next(const net::HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    stamps_.emplace_back(request.header("x-amz-date"));
    keys_.emplace_back(request.header("authorization").substr(28, 4));
    const auto at = std::min(stamps_.size(), answers_.size()) - 1;
    return answers_[at];
  }
  Result<net::WebResponse> ask(std::vector<net::HttpResponse> answers, Duration deadline = 60s) {
    answers_ = std::move(answers);
    stamps_.clear();
    keys_.clear();
    waits_.clear();
    return client_.call({.service = Service::kSns, .operation = "Publish", .request = {}, .deadline = deadline});
  }
  Settings settings() const {
    return {.region = "eu-west-1", .endpoint_url = "http://127.0.0.1:" + std::to_string(server_.port())};
  }

  std::mutex mutex_;
  std::vector<net::HttpResponse> answers_;
  std::vector<std::string> stamps_;
  std::vector<std::string> keys_;
  std::vector<Duration> waits_;
  int fetches_ = 0;
  net::TestServer server_;
  net::WebClient web_;
  CredentialProvider provider_{
      [this]() -> Result<Credentials> { return Credentials{"KEY" + std::to_string(++fetches_), "secret"}; }};
  Client client_{web_,
                 provider_,
                 settings(),
                 {.retry = {.max_attempts = 4},
                  .clock = [] { return *parse_rfc3339("2026-11-24T00:00:00Z"); },
                  .sleep = [this](Duration wait) { waits_.push_back(wait); },
                  .seed = 7}};
};

TEST_F(AwsClient, SendsASignedRequest) {
  const auto answer = ask({{200, "", "ok"}});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->body, "ok");
  EXPECT_THAT(stamps_, ElementsAre("20261124T000000Z"));
  EXPECT_TRUE(waits_.empty());
}

TEST_F(AwsClient, TriesAgainAfterThrottlingAndFailures) {
  ASSERT_TRUE(ask({refusal(400, "Throttling"), refusal(503, "ServiceUnavailable"), {200, "", ""}}));
  ASSERT_EQ(waits_.size(), 2U);
  EXPECT_LT(waits_[0], 50ms);
  EXPECT_LT(waits_[1], 100ms);
}

TEST_F(AwsClient, GivesUpWithAwsOwnWords) {
  const auto answer = ask({refusal(400, "Throttling")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(stamps_.size(), 4U);
  EXPECT_EQ(answer.error().code, ErrorCode::Io);
  EXPECT_THAT(answer.error().detail, AllOf(HasSubstr("SNS Publish: Throttling: No"), HasSubstr("after 4 attempts")));
}

TEST_F(AwsClient, WaitsAsLongAsAwsAsksButNotBeyondTheCapOrTheDeadline) {
  ASSERT_TRUE(ask({refusal(503, "SlowDown", {{"Retry-After", "7"}}), {200, "", ""}}));
  EXPECT_THAT(waits_, ElementsAre(7s));
  ASSERT_TRUE(ask({refusal(503, "SlowDown", {{"Retry-After", "3600"}}), {200, "", ""}}));
  EXPECT_THAT(waits_, ElementsAre(20s));
  EXPECT_FALSE(ask({refusal(503, "SlowDown", {{"Retry-After", "7"}}), {200, "", ""}}, 6s));
  EXPECT_TRUE(waits_.empty());
}

TEST_F(AwsClient, DoesNotRepeatWhatIsFinal) {
  const auto answer = ask({refusal(403, "AuthorizationError")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(stamps_.size(), 1U);
  EXPECT_EQ(answer.error().code, ErrorCode::Forbidden);
}

TEST_F(AwsClient, CorrectsItsClockByTheDateOfTheAnswer) {
  // The server's own Date header is the real time, which is not that of the test's clock.
  ASSERT_TRUE(ask({refusal(403, "RequestTimeTooSkewed", {{"Date", "Tue, 24 Nov 2026 01:00:00 GMT"}}), {200, "", ""}}));
  ASSERT_EQ(stamps_.size(), 2U);
  EXPECT_EQ(stamps_[0], "20261124T000000Z");
  EXPECT_NE(stamps_[1], stamps_[0]);
  EXPECT_NE(client_.clock_difference(), 0ms);
  EXPECT_THAT(waits_, ElementsAre(0ms));
  // Corrected: the same refusal is now final.
  EXPECT_FALSE(ask({refusal(403, "SignatureDoesNotMatch")}));
  EXPECT_EQ(stamps_.size(), 1U);
}

TEST_F(AwsClient, ReplacesKeysThatHaveEnded) {
  ASSERT_TRUE(ask({refusal(400, "ExpiredToken"), {200, "", ""}}));
  EXPECT_EQ(fetches_, 2);
  EXPECT_THAT(keys_, ElementsAre("KEY1", "KEY2"));
}

TEST_F(AwsClient, TriesAgainWhenNobodyAnswers) {
  std::uint16_t port = 0;
  {
    net::RawListener listener;
    port = listener.port();
  }
  const auto answer =
      client_.call({.service = Service::kSns,
                    .operation = "Publish",
                    .request = {},
                    .endpoint = Endpoint{"http", "127.0.0.1:" + std::to_string(port), "", "eu-west-1"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(waits_.size(), 3U);
  EXPECT_TRUE(is_passing(answer.error()));
}

TEST_F(AwsClient, SaysWhenThereAreNoKeysWithoutSendingAnything) {
  CredentialProvider none([]() -> Result<Credentials> { return fail(ErrorCode::Config, "no AWS credentials"); });
  Client client(web_, none, settings());
  const auto answer = client.call({.service = Service::kSqs, .operation = "SendMessage", .request = {}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().detail, "SQS SendMessage: no AWS credentials");
  EXPECT_TRUE(stamps_.empty());
}

}  // namespace
}  // namespace carillon::aws
