#include "app/dial_queue.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <map>
#include <mutex>

#include "net/test_sockets.h"

namespace carillon {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr const char* kQueue = "http://127.0.0.1/123456789012/dial";
constexpr const char* kDead = "http://127.0.0.1/123456789012/dead.fifo";

// SQS as far as the queue asks it: messages wait, are in flight, or are deleted.
class FakeSqs {
  std::mutex mutex_;
  template <class Get>
  auto with(Get get) {
    const std::scoped_lock lock(mutex_);
    return get();
  }

 public:
  net::HttpResponse answer(const net::HttpRequest& request) {
    const auto body = json::parse(request.body).as_object();
    const std::string target(request.header("x-amz-target"));
    const std::scoped_lock lock(mutex_);
    ++asked_[target.substr(target.find('.') + 1)];
    if (target == "AmazonSQS.ReceiveMessage") return {200, "", json::serialize(receive())};
    if (target == "AmazonSQS.DeleteMessageBatch")
      for (const auto& entry : body.at("Entries").as_array())
        in_flight_.erase(std::string(entry.at("ReceiptHandle").as_string()));
    if (target == "AmazonSQS.ChangeMessageVisibility" && body.at("VisibilityTimeout").as_int64() == 0)
      if (auto node = in_flight_.extract(std::string(body.at("ReceiptHandle").as_string())))
        waiting_.push_back(node.mapped());
    if (target == "AmazonSQS.SendMessage") letters_.push_back(body);
    return {200, "", "{}"};
  }
  void put(std::string body) {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(body));
  }
  std::size_t waiting() {
    return with([&] { return waiting_.size(); });
  }
  std::size_t in_flight() {
    return with([&] { return in_flight_.size(); });
  }
  int asked(const std::string& what) {
    return with([&] { return asked_[what]; });
  }
  std::vector<json::object> letters() {
    return with([&] { return letters_; });
  }

 private:
  json::object receive() {
    json::array messages;
    for (; !waiting_.empty() && messages.size() < 10; waiting_.pop_front()) {
      const auto handle = "r" + std::to_string(++handles_);
      in_flight_[handle] = waiting_.front();
      messages.push_back(
          {{"MessageId", "m-" + waiting_.front()}, {"ReceiptHandle", handle}, {"Body", waiting_.front()}});
    }
    return {{"Messages", std::move(messages)}};
  }

  std::deque<std::string> waiting_;
  std::map<std::string, std::string> in_flight_;
  std::vector<json::object> letters_;
  std::map<std::string, int> asked_;
  int handles_ = 0;
};

class DialQueueTest : public testing::Test {
 protected:
  using Reply = std::function<void(Result<void>)>;

  void start(std::string dead_letter_queue = kDead, Duration hidden = 30s) {
    DialQueueOptions options{kQueue, std::move(dead_letter_queue)};
    options.hidden = hidden;
    options.poll = 0s;
    options.first_pause = 1ms;
    options.longest_pause = 5ms;
    queue_ = std::make_unique<DialQueue>(client_, options, [this](std::string body, std::string id, Reply reply) {
      const std::scoped_lock lock(mutex_);
      dialled_.emplace_back(std::move(body), std::move(id));
      if (is_mute_) {
        unanswered_.push_back(std::move(reply));
      } else {
        reply(answer_);
      }
    });
  }
  void will_answer(Result<void> answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
  }
  template <class Condition>
  void wait_until(Condition condition, const char* what) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << what;
      std::this_thread::sleep_for(2ms);
    }
  }
  std::size_t dialled() {
    const std::scoped_lock lock(mutex_);
    return dialled_.size();
  }

  FakeSqs sqs_;
  net::TestServer server_{
      [this](const net::HttpRequest& request, const net::Respond& respond) { respond(sqs_.answer(request)); }};
  net::WebClient web_;
  aws::CredentialProvider provider_{aws::Credentials{"KEY", "secret"}};
  aws::Client client_{
      web_, provider_, {.region = "eu-west-1", .endpoint_url = "http://127.0.0.1:" + std::to_string(server_.port())}};
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> dialled_;
  Result<void> answer_;
  bool is_mute_ = false;
  std::vector<Reply> unanswered_;
  std::unique_ptr<DialQueue> queue_;
};

TEST_F(DialQueueTest, AMessageIsDeletedOnceItsCallIsDurableAndNotBefore) {
  is_mute_ = true;
  sqs_.put("a");
  start();
  wait_until([&] { return dialled() == 1; }, "it is not dialled");
  EXPECT_EQ(sqs_.asked("DeleteMessageBatch"), 0);
  EXPECT_EQ(queue_->state().in_hand, 1u);
  EXPECT_EQ(dialled_[0].second, "sqs-m-a") << "the key of a body without callId";
  unanswered_[0]({});
  wait_until([&] { return queue_->state().accepted == 1; }, "it is not counted");
  EXPECT_EQ(sqs_.in_flight(), 0u);
  EXPECT_EQ(queue_->state().in_hand, 0u);
}

TEST_F(DialQueueTest, AMessageStaysHiddenForAsLongAsItsCallIsNotDurable) {
  is_mute_ = true;
  sqs_.put("a");
  start(kDead, 30ms);
  wait_until([&] { return sqs_.asked("ChangeMessageVisibility") >= 3; }, "its visibility is not extended");
  EXPECT_EQ(dialled(), 1u) << "it was asked once";
  unanswered_[0]({});
  wait_until([&] { return queue_->state().accepted == 1; }, "it is not settled");
}

TEST_F(DialQueueTest, ABadMessageGoesToTheDeadLetterQueueWithTheReason) {
  will_answer(fail(ErrorCode::NumberInvalid, "phoneNumber: too short"));
  sqs_.put("b");
  start();
  wait_until([&] { return sqs_.letters().size() == 1 && sqs_.in_flight() == 0; }, "it is not set aside");
  const auto letter = sqs_.letters().front();
  EXPECT_EQ(letter.at("QueueUrl").as_string(), kDead);
  EXPECT_EQ(letter.at("MessageBody").as_string(), "b");
  EXPECT_EQ(letter.at("MessageDeduplicationId").as_string(), "m-b");
  const auto& attributes = letter.at("MessageAttributes").as_object();
  EXPECT_EQ(attributes.at("code").at("StringValue").as_string(), "number-invalid");
  EXPECT_EQ(attributes.at("reason").at("StringValue").as_string(),
            "The phone number is not valid: phoneNumber: too short");
  EXPECT_EQ(queue_->state().refused, 1u);
}

TEST_F(DialQueueTest, WithoutADeadLetterQueueABadMessageStays) {
  will_answer(fail(ErrorCode::Invalid, "no"));
  sqs_.put("b");
  start("");
  wait_until([&] { return queue_->state().refused == 1 && sqs_.asked("ReceiveMessage") > 2; }, "it does not go on");
  EXPECT_EQ(sqs_.in_flight(), 1u);
  EXPECT_EQ(sqs_.asked("DeleteMessageBatch"), 0);
  EXPECT_TRUE(sqs_.letters().empty());
}

TEST_F(DialQueueTest, WhileCallsCannotBeTakenMessagesAreKeptHiddenAndNoMoreAreFetched) {
  will_answer(fail(ErrorCode::Unavailable, "the telephony server is not connected"));
  for (int i = 0; i < 12; ++i) sqs_.put(std::to_string(i));
  start();
  wait_until([&] { return dialled() >= 40; }, "it is not tried again");
  EXPECT_EQ(sqs_.waiting(), 2u);
  EXPECT_EQ(sqs_.in_flight(), 10u);
  EXPECT_GE(sqs_.asked("ChangeMessageVisibility"), 10);
  EXPECT_NE(queue_->state().trouble.find("not connected"), std::string::npos);
  will_answer({});
  wait_until([&] { return queue_->state().accepted == 12; }, "not all are taken");
  EXPECT_EQ(sqs_.in_flight(), 0u);
  wait_until([&] { return queue_->state().trouble.empty(); }, "the trouble stays");
}

TEST_F(DialQueueTest, AHugeBodyIsBadWithoutBeingRead) {
  sqs_.put(std::string(64 * 1024 + 1, 'x'));
  start();
  wait_until([&] { return sqs_.letters().size() == 1; }, "it is not set aside");
  EXPECT_EQ(dialled(), 0u);
}

TEST_F(DialQueueTest, AtAStopWhatIsNotSettledIsGivenBackAndALateReplyHarmsNothing) {
  is_mute_ = true;
  sqs_.put("a");
  start();
  wait_until([&] { return dialled() == 1; }, "it is not dialled");
  queue_.reset();
  EXPECT_EQ(sqs_.waiting(), 1u);
  EXPECT_EQ(sqs_.asked("DeleteMessageBatch"), 0);
  unanswered_[0]({});
}

}  // namespace
}  // namespace carillon
