#include "publish/webhook_sink.h"

#include <gtest/gtest.h>

#include <deque>
#include <mutex>

#include "net/test_sockets.h"
#include "publish/testing/memory_outbox.h"

namespace carillon::publish {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::row;

// A receiver that answers as it is told, 204 when it is told nothing more.
class Receiver {
 public:
  void will_answer(net::HttpResponse answer) {
    const std::scoped_lock lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  std::uint16_t port() const { return server_.port(); }
  std::vector<net::HttpRequest> requests() {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::deque<net::HttpResponse> answers_;
  std::vector<net::HttpRequest> requests_;
  net::TestServer server_{[this](const net::HttpRequest& request, const net::Respond& respond) {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
    if (answers_.empty()) return respond({204, "", "", {}});
    auto answer = std::move(answers_.front());
    answers_.pop_front();
    respond(std::move(answer));
  }};
};

class WebhookSinkTest : public ::testing::Test {
 protected:
  WebhookSink sink(WebhookOptions options = {}) {
    options.name = "crm";
    options.url = "http://127.0.0.1:" + std::to_string(receiver.port()) + "/events";
    options.allows_private = true;
    return WebhookSink(client, options, EventForm{});
  }
  static PublishedEvent event_with(std::string data) {
    auto event = row(1).event;
    event.data = std::move(data);
    return event;
  }

  Receiver receiver;
  net::WebClient client;
};

TEST_F(WebhookSinkTest, SendsEachEventAsARequestOfItsOwn) {
  const auto published = sink({.secrets = {"secret"}}).publish({row(1), row(2)});
  EXPECT_EQ(published.done, 2u);
  EXPECT_FALSE(published.trouble);
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].header("content-type"), "application/cloudevents+json");
  EXPECT_EQ(requests[0].header("webhook-id"), "attempt-1");
  EXPECT_TRUE(requests[0].header("webhook-signature").starts_with("v1,"));
  EXPECT_EQ(requests[1].body, EventForm{}.write(row(2)));
}

// What cannot ever be taken is a dead letter; whatever may pass stops the way, so that the order stays.
TEST_F(WebhookSinkTest, TheStatusDecides) {
  for (const int status : {400, 413, 415, 422}) receiver.will_answer({status, "text/plain", "no such field", {}});
  const auto refused = sink().publish({row(1), row(2), row(3), row(4), row(5)});
  EXPECT_EQ(refused.done, 5u);
  ASSERT_EQ(refused.refused.size(), 4u);
  EXPECT_EQ(refused.refused[3].first, 3u);
  EXPECT_EQ(refused.refused[3].second, "HTTP 422: no such field");
  for (const int status : {500, 404, 401, 302, 410, 429}) {
    receiver.will_answer({204, "", "", {}});
    receiver.will_answer({status, "text/plain", "", {}});
    const auto published = sink().publish({row(1), row(2), row(3)});
    EXPECT_EQ(published.done, 1u) << status;
    EXPECT_TRUE(published.refused.empty()) << status;
    ASSERT_TRUE(published.trouble) << status;
    EXPECT_NE(published.trouble->detail.find(std::to_string(status)), std::string::npos) << published.trouble->detail;
  }
}

TEST_F(WebhookSinkTest, ALongAnswerIsWhatItsStatusSays) {
  receiver.will_answer({500, "text/html", std::string(200'000, 'x'), {}});
  const auto failed = sink().publish({row(1)});
  EXPECT_EQ(failed.done, 0u);
  ASSERT_TRUE(failed.trouble);
  EXPECT_TRUE(failed.trouble->detail.starts_with("HTTP 500: xxx")) << failed.trouble->detail;
  receiver.will_answer({200, "text/html", std::string(200'000, 'x'), {}});
  EXPECT_EQ(sink().publish({row(1)}).done, 1u);
}

TEST_F(WebhookSinkTest, WaitsAsAskedInSeconds) {
  receiver.will_answer({503, "", "", {{"Retry-After", "17"}}});
  EXPECT_EQ(sink().publish({row(1)}).retry_after, seconds(17));
  receiver.will_answer({503, "", "", {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}});
  EXPECT_EQ(sink().publish({row(1)}).retry_after, std::nullopt);
  receiver.will_answer({503, "", "", {{"Retry-After", "-1"}}});
  EXPECT_EQ(sink().publish({row(1)}).retry_after, std::nullopt);
  receiver.will_answer({410, "", "", {}});
  EXPECT_EQ(sink().publish({row(1)}).retry_after, minutes(5));
}

TEST_F(WebhookSinkTest, WantsItsTypesAndItsCampaignOnly) {
  const auto typed = sink({.types = {EventType::kOptOut}});
  EXPECT_TRUE(typed.wants(row(1, EventType::kOptOut).event));
  EXPECT_FALSE(typed.wants(row(1, EventType::kDonation).event));
  const auto spring = sink({.campaign = "spring"});
  EXPECT_TRUE(spring.wants(event_with(R"({"campaignId":"spring"})")));
  EXPECT_FALSE(spring.wants(event_with(R"({"campaignId":"winter"})")));
  EXPECT_FALSE(spring.wants(event_with("{}")));
  EXPECT_FALSE(spring.wants(event_with(R"({"campaignId":"winter","variables":{"campaignId":"spring"}})")))
      << "a column of somebody's list";
}

TEST_F(WebhookSinkTest, DoesNotGoIntoTheHouse) {
  const std::string url = "http://127.0.0.1:" + std::to_string(receiver.port()) + "/";
  WebhookSink careful(client, {.name = "crm", .url = url}, EventForm{});
  const auto published = careful.publish({row(1)});
  ASSERT_TRUE(published.trouble);
  EXPECT_NE(published.trouble->detail.find("allow_private"), std::string::npos);
  EXPECT_TRUE(receiver.requests().empty());
}

}  // namespace
}  // namespace carillon::publish
