#include "publish/message_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <map>

#include "base/text.h"

namespace carillon::publish {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

OutboxRow row(std::int64_t position, const std::string& call, std::uint32_t sequence, std::string data = "{}") {
  return {position, {EventType::kCallStatus, call, sequence, time_from_ms(1'700'000'000'000), std::move(data)}};
}

// A topic that says what it is told to for a message's text, and keeps what it took.
struct Topic {
  std::map<std::string, Error> entries;  // refused, by text
  std::map<std::string, Error> batches;  // batches with this text are refused as a whole
  std::optional<Error> all;              // every batch is
  std::optional<Duration> pause;
  std::vector<std::string> taken;
  std::vector<std::size_t> sizes;

  Result<aws::SentBatch> send(std::span<const aws::Message> batch, std::optional<Duration>* asked_pause) {
    sizes.push_back(batch.size());
    if (all) {
      *asked_pause = pause;
      return std::unexpected(*all);
    }
    for (const auto& message : batch)
      if (const auto bad = batches.find(message.text); bad != batches.end()) return std::unexpected(bad->second);
    aws::SentBatch sent;
    for (const auto& message : batch) {
      if (const auto bad = entries.find(message.text); bad != entries.end()) {
        sent.push_back(std::unexpected(bad->second));
      } else {
        taken.push_back(message.text);
        sent.push_back(aws::Sent{"id", ""});
      }
    }
    return sent;
  }
  Published publish(const std::vector<aws::Message>& messages) {
    return publish_in_batches(messages, [this](auto batch, auto* pause_asked) { return send(batch, pause_asked); });
  }
};

const Error kLater(ErrorCode::Io, "SNS PublishBatch: InternalError: later");
const Error kNever(ErrorCode::Invalid, "SNS PublishBatch: InvalidParameter: no");

// "a1" is the first event of call a.
std::vector<aws::Message> messages(const std::vector<std::string>& texts, bool is_fifo = false) {
  std::vector<aws::Message> made;
  for (const auto& text : texts)
    made.push_back({.text = text, .group_id = is_fifo ? text.substr(0, 1) : "", .deduplication_id = ""});
  return made;
}

TEST(MessageBatches, AMessageIsTheEventWithAttributesToFilterBy) {
  const auto data = R"({"campaignId":"spring","status":"completed","outcome":"human","phoneNumber":"+12025550101"})";
  const auto plain = to_message(row(7, "01CALL", 3, data), {}, false);
  const auto event = boost::json::parse(plain.text).as_object();
  EXPECT_EQ(event.at("id").as_string(), "01CALL-3");
  EXPECT_EQ(event.at("data").at("campaignId").as_string(), "spring");
  std::map<std::string, std::string> attributes;
  for (const auto& [name, attribute] : plain.attributes) attributes[name] = attribute.value;
  EXPECT_EQ(
      attributes,
      (std::map<std::string, std::string>{
          {"campaignId", "spring"}, {"outcome", "human"}, {"status", "completed"}, {"type", "carillon.call.status"}}));
  EXPECT_EQ(plain.group_id, "");
  const auto ordered = to_message(row(7, "01CALL", 3), {}, true);
  EXPECT_EQ(ordered.group_id, "01CALL");
  EXPECT_EQ(ordered.deduplication_id, "01CALL-3");
  EXPECT_EQ(ordered.attributes.size(), 1u);
}

TEST(MessageBatches, NumbersLeaveTheHouseOnlyAsTheyMay) {
  const auto masked =
      to_message(row(1, "c", 1, R"({"phoneNumber":"+12025550101"})"), {.numbers = NumberForm::kMasked}, false);
  EXPECT_EQ(masked.text.find("+12025550101"), std::string::npos);
}

TEST(MessageBatches, TenAtATimeInOrder) {
  std::vector<std::string> texts;
  for (int i = 0; i < 25; ++i) texts.push_back("m" + std::to_string(i));
  Topic topic;
  const auto published = topic.publish(messages(texts));
  EXPECT_EQ(published.done, 25u);
  EXPECT_FALSE(published.trouble);
  EXPECT_THAT(topic.sizes, ElementsAre(10, 10, 5));
  EXPECT_EQ(topic.taken, texts);
}

TEST(MessageBatches, ABatchOfAFifoTopicHasEachCallOnce) {
  Topic topic;
  EXPECT_EQ(topic.publish(messages({"a1", "b1", "a2", "a3", "b2", "c1"}, true)).done, 6u);
  EXPECT_THAT(topic.sizes, ElementsAre(2, 1, 3));
  EXPECT_THAT(topic.taken, ElementsAre("a1", "b1", "a2", "a3", "b2", "c1"));
}

TEST(MessageBatches, WhatIsWorthALaterTryStopsThereAndIsSentAgain) {
  Topic topic;
  topic.entries.emplace("c1", kLater);
  const auto rows = messages({"a1", "b1", "c1", "d1", "c2", "e1"}, true);
  auto published = topic.publish(rows);
  EXPECT_EQ(published.done, 2u) << "what follows is not acknowledged";
  EXPECT_EQ(published.trouble->detail, kLater.detail);
  EXPECT_THAT(topic.taken, ElementsAre("a1", "b1", "d1")) << "nothing of call c";
  topic.entries.clear();
  published = topic.publish({rows.begin() + 2, rows.end()});
  EXPECT_EQ(published.done, 4u);
  EXPECT_THAT(topic.taken, ElementsAre("a1", "b1", "d1", "c1", "d1", "c2", "e1")) << "d1 twice, with one id";
}

TEST(MessageBatches, WhatTheSenderIsAtFaultForIsRefusedInAwssWordsAndTheRestGoesOn) {
  Topic topic;
  topic.entries.emplace("b1", kNever);
  const auto published = topic.publish(messages({"a1", "b1", "c1"}));
  EXPECT_EQ(published.done, 3u);
  EXPECT_FALSE(published.trouble);
  EXPECT_THAT(published.refused, ElementsAre(std::pair<std::size_t, std::string>(1, kNever.detail)));
}

TEST(MessageBatches, AWholeBatchThatIsRefusedIsSentOneByOneAndTheGuiltyOneIsFound) {
  Topic topic;
  topic.batches.emplace("b1", kNever);
  const auto published = topic.publish(messages({"a1", "b1", "c1"}));
  EXPECT_EQ(published.done, 3u);
  EXPECT_FALSE(published.trouble);
  EXPECT_THAT(published.refused, ElementsAre(std::pair<std::size_t, std::string>(1, kNever.detail)));
  EXPECT_THAT(topic.taken, ElementsAre("a1", "c1"));
}

TEST(MessageBatches, TheFirstOfACallIsFoundGuiltyByTheNextOne) {
  Topic topic;
  topic.batches.emplace("a1", kNever);
  const auto published = topic.publish(messages({"a1", "a2", "a3"}, true));
  EXPECT_EQ(published.done, 3u);
  EXPECT_THAT(published.refused, ElementsAre(std::pair<std::size_t, std::string>(0, kNever.detail)));
  EXPECT_THAT(topic.taken, ElementsAre("a2", "a3"));
}

TEST(MessageBatches, ATopicThatTakesNothingIsWhatIsWrongAndNoEventIsLost) {
  Topic topic;
  topic.all = kNever;
  const auto published = topic.publish(messages({"a1", "b1"}));
  EXPECT_EQ(published.done, 0u);
  EXPECT_TRUE(published.refused.empty());
  EXPECT_EQ(published.trouble->detail, kNever.detail);
}

TEST(MessageBatches, AnOutageIsTroubleWithThePauseThatIsAskedFor) {
  Topic topic;
  topic.all = Error(ErrorCode::Io, "SNS PublishBatch: Throttling: Rate exceeded");
  topic.pause = std::chrono::seconds(7);
  const auto published = topic.publish(messages({"a1", "b1"}));
  EXPECT_EQ(published.done, 0u);
  EXPECT_EQ(published.retry_after, Duration(7'000));
  EXPECT_THAT(published.trouble->detail, HasSubstr("Throttling"));
  EXPECT_EQ(topic.sizes.size(), 1u);
}

TEST(MessageBatches, WhatIsTooLargeIsRefusedWithoutAsking) {
  Topic topic;
  const std::string huge(aws::kMaxMessageBytes + 1, 'x');
  const auto published = topic.publish(messages({huge, "b1"}));
  EXPECT_EQ(published.done, 2u);
  ASSERT_EQ(published.refused.size(), 1u);
  EXPECT_THAT(published.refused[0].second, HasSubstr("256 KiB"));
  EXPECT_THAT(topic.taken, ElementsAre("b1"));
}

}  // namespace
}  // namespace carillon::publish
