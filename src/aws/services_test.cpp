// The services' clients against a server that records what they send and answers what a test says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <mutex>

#include "aws/cloudwatch.h"
#include "aws/logs.h"
#include "aws/polly.h"
#include "aws/s3.h"
#include "aws/sns.h"
#include "aws/sqs.h"
#include "aws/sts.h"
#include "base/text.h"
#include "net/test_sockets.h"

namespace carillon::aws {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTopic = "arn:aws:sns:il-central-1:123456789012:calls";
constexpr const char* kQueue = "https://sqs.eu-west-1.amazonaws.com/123456789012/calls";

class AwsServices : public testing::Test {
 protected:
  AwsServices()
      : server_([this](const net::HttpRequest& request, const net::Respond& respond) {
          const std::lock_guard lock(mutex_);
          asked_.push_back(request);
          respond(answers_.empty() ? net::HttpResponse{500, "", ""}
                                   : answers_[std::min(asked_.size(), answers_.size()) - 1]);
        }) {}

  void will_answer(std::vector<net::HttpResponse> answers) {
    answers_ = std::move(answers);
    asked_.clear();
  }

  std::mutex mutex_;
  std::vector<net::HttpResponse> answers_;
  std::vector<net::HttpRequest> asked_;
  net::TestServer server_;
  net::WebClient web_;
  CredentialProvider provider_{Credentials{"KEY", "secret"}};
  Client client_{web_,
                 provider_,
                 {.region = "eu-west-1", .endpoint_url = "http://127.0.0.1:" + std::to_string(server_.port())},
                 {.sleep = [](Duration) {}}};
};

TEST_F(AwsServices, SnsPublishesInTheTopicsRegion) {
  will_answer({{200, "",
                "<PublishResponse><PublishResult><MessageId>m-1</MessageId><SequenceNumber>7</SequenceNumber>"
                "</PublishResult></PublishResponse>"}});
  const auto sent = Sns(client_).publish(kTopic, {.text = "a b&c é",
                                                  .attributes = {{"type", {"call.ended"}}, {"n", {"5", "Number"}}},
                                                  .group_id = "call-1",
                                                  .deduplication_id = "event-1"});
  ASSERT_TRUE(sent) << to_string(sent.error());
  EXPECT_EQ(sent->message_id, "m-1");
  EXPECT_EQ(sent->sequence_number, "7");
  EXPECT_EQ(asked_[0].body,
            "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Ail-central-1%3A123456789012%3Acalls&"
            "Message=a+b%26c+%C3%A9&MessageGroupId=call-1&MessageDeduplicationId=event-1&"
            "MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=Number&"
            "MessageAttributes.entry.1.Value.StringValue=5&MessageAttributes.entry.2.Name=type&"
            "MessageAttributes.entry.2.Value.DataType=String&MessageAttributes.entry.2.Value.StringValue=call.ended");
  EXPECT_THAT(std::string(asked_[0].header("authorization")), HasSubstr("/il-central-1/sns/aws4_request"));
}

TEST_F(AwsServices, SnsBatchesTellWhichEntryFailed) {
  will_answer(
      {{200, "",
        "<PublishBatchResponse><PublishBatchResult><Failed><member><Id>1</Id><Code>InternalError</Code><Message>later"
        "</Message><SenderFault>false</SenderFault></member><member><Id>99</Id></member></Failed><Successful><member>"
        "<Id>0</Id><MessageId>m-0</MessageId></member></Successful></PublishBatchResult></PublishBatchResponse>"}});
  const std::vector<Message> messages{{.text = "a"}, {.text = "b"}, {.text = "c"}};
  const auto batch = Sns(client_).publish_batch(kTopic, messages);
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 3U);
  EXPECT_EQ((*batch)[0]->message_id, "m-0");
  EXPECT_EQ((*batch)[1].error().detail, "SNS PublishBatch: InternalError: later");
  EXPECT_TRUE(is_passing((*batch)[1].error()));
  EXPECT_FALSE((*batch)[2]) << "not named: not published";
}

TEST_F(AwsServices, NothingIsSentThatAwsWouldRefuse) {
  will_answer({{200, "", ""}});
  Sns sns(client_);
  EXPECT_EQ(sns.publish("calls", {.text = "a"}).error().code, ErrorCode::Invalid);
  EXPECT_EQ(sns.publish(kTopic, {.text = ""}).error().code, ErrorCode::Invalid);
  EXPECT_EQ(sns.publish(kTopic, {.text = std::string(kMaxMessageBytes + 1, 'a')}).error().code, ErrorCode::TooLarge);
  EXPECT_EQ(sns.publish(kTopic, {.text = "a", .attributes = {{"empty", {""}}}}).error().code, ErrorCode::Invalid);
  EXPECT_FALSE(sns.publish_batch(kTopic, std::vector<Message>(11, Message{.text = "a"})));
  EXPECT_FALSE(sns.publish_batch(kTopic, {}));
  EXPECT_EQ(
      sns.publish_batch(kTopic, std::vector<Message>(2, Message{.text = std::string(kMaxMessageBytes / 2 + 1, 'a')}))
          .error()
          .code,
      ErrorCode::TooLarge);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(AwsServices, ThePauseThatAwsAskedForIsTold) {
  will_answer({{503,
                "",
                "<ErrorResponse><Error><Code>ServiceUnavailable</Code></Error></ErrorResponse>",
                {{"Retry-After", "7"}}}});
  std::optional<Duration> asked_pause;
  const std::vector<Message> messages{{.text = "a"}};
  EXPECT_FALSE(Sns(client_).publish_batch(kTopic, messages, &asked_pause));
  EXPECT_EQ(asked_pause, Duration(7s));
  EXPECT_FALSE(Sqs(client_).send_batch(kQueue, messages, &asked_pause));
  EXPECT_EQ(asked_pause, Duration(7s));
}

TEST(Names, OfTopicsAndQueuesAreChecked) {
  for (const auto* good : {kTopic, "arn:aws-cn:sns:cn-north-1:123456789012:Calls_1-2",
                           "arn:aws-us-gov:sns:us-gov-west-1:123456789012:calls.fifo"})
    EXPECT_TRUE(check_topic_arn(good)) << good;
  for (const auto* bad : {"calls", "arn:aws:sqs:eu-west-1:123456789012:calls", "arn:aws:sns::123456789012:calls",
                          "arn:aws:sns:eu-west-1:1234:calls", "arn:aws:sns:eu-west-1:123456789012:",
                          "arn:aws:sns:eu-west-1:123456789012", "arn:aws:sns:eu-west-1:123456789012:calls:1c5f",
                          "arn:aws:sns:eu-west-1:123456789012:a b", "arn:x:sns:eu-west-1:123456789012:calls",
                          "arn:aws:sns:eu-west-1:123456789012:.fifo", "arn:aws:sns:eu-west-1:12345678901x:calls"})
    EXPECT_FALSE(check_topic_arn(bad)) << bad;
  EXPECT_THAT(check_topic_arn("calls").error().detail, HasSubstr("\"calls\" is not the ARN of an SNS topic"));
  EXPECT_TRUE(check_queue_url(kQueue));
  EXPECT_TRUE(check_queue_url("http://127.0.0.1:5555/123456789012/calls"));
  for (const auto* bad : {"calls", "https://", "https://host", "https://host/", "ftp://host/1/calls",
                          "https://host/a b", "arn:aws:sqs:eu-west-1:123456789012:calls"})
    EXPECT_FALSE(check_queue_url(bad)) << bad;
  EXPECT_EQ(region_of_queue(kQueue), "eu-west-1");
  EXPECT_EQ(region_of_queue("http://127.0.0.1:5555/123456789012/calls"), "");
  EXPECT_TRUE(is_fifo("x.fifo") && !is_fifo("fifo"));
}

TEST(Batch, TakesAsManyMessagesAsFit) {
  EXPECT_EQ(batch_size({}), 0U);
  EXPECT_EQ(batch_size(std::vector<Message>(25, Message{.text = "a"})), 10U);
  EXPECT_EQ(batch_size(std::vector<Message>(5, Message{.text = std::string(100'000, 'a')})), 2U);
  EXPECT_EQ(batch_size(std::vector<Message>(2, Message{.text = std::string(kMaxMessageBytes, 'a')})), 1U);
}

TEST_F(AwsServices, SqsSendsReceivesAndDeletes) {
  will_answer(
      {{200, "", R"({"MessageId":"m-1"})"},
       {200, "",
        R"({"Messages":[{"MessageId":"m-1","ReceiptHandle":"r","Body":"b","Attributes":{"ApproximateReceiveCount":"1"},
                             "MessageAttributes":{"k":{"DataType":"String","StringValue":"v"}}},5]})"},
       {200, "", ""},
       {200, "", "{}"}});
  Sqs sqs(client_);
  EXPECT_EQ(sqs.send(kQueue, {.text = "b", .attributes = {{"k", {"v"}}}}, 1500ms)->message_id, "m-1");
  const auto received = sqs.receive(kQueue, {.max_messages = 1, .wait = 3s});
  ASSERT_TRUE(received) << to_string(received.error());
  ASSERT_EQ(received->size(), 1U);
  EXPECT_EQ(received->front().body, "b");
  EXPECT_EQ(received->front().attributes.at("k").value, "v");
  EXPECT_EQ(received->front().system_attributes.at("ApproximateReceiveCount"), "1");
  EXPECT_TRUE(sqs.change_visibility(kQueue, "r", 0s));
  EXPECT_TRUE(sqs.remove(kQueue, "r"));
  EXPECT_EQ(asked_[0].header("x-amz-target"), "AmazonSQS.SendMessage");
  EXPECT_THAT(asked_[0].body,
              AllOf(HasSubstr("\"DelaySeconds\":2"), HasSubstr("\"QueueUrl\":\"https://sqs.eu-west-1")));
  EXPECT_THAT(asked_[1].body, HasSubstr("\"WaitTimeSeconds\":3"));
}

TEST_F(AwsServices, SqsDeletesTenAtATime) {
  will_answer({{200, "", R"({"Successful":[{"Id":"0"},{"Id":"1"}]})"},
               {200, "",
                R"({"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"ReceiptHandleIsInvalid","Message":"old",
                             "SenderFault":true}]})"}});
  Sqs sqs(client_);
  const std::vector<std::string> handles{"r0", "r1"};
  EXPECT_TRUE(sqs.remove_batch(kQueue, handles));
  EXPECT_THAT(asked_[0].body, HasSubstr(R"({"Id":"1","ReceiptHandle":"r1"})"));
  EXPECT_THAT(sqs.remove_batch(kQueue, handles).error().detail, HasSubstr("ReceiptHandleIsInvalid: old"));
  EXPECT_FALSE(sqs.remove_batch(kQueue, {}));
}

TEST_F(AwsServices, AQueueIsAskedInItsOwnRegion) {
  will_answer({{200, "", R"({"MessageId":"m"})"}});
  ASSERT_TRUE(Sqs(client_).send("https://sqs.us-west-2.amazonaws.com/123456789012/calls", {.text = "b"}));
  EXPECT_THAT(std::string(asked_[0].header("authorization")), HasSubstr("/us-west-2/sqs/aws4_request"));
}

TEST_F(AwsServices, SqsBatchesTellWhichEntryFailed) {
  will_answer(
      {{200, "",
        R"({"Successful":[{"Id":"1","MessageId":"m"}],"Failed":[{"Id":"0","Code":"InvalidMessageContents","Message":"no",
                             "SenderFault":true}]})"}});
  const auto batch = Sqs(client_).send_batch(kQueue, std::vector<Message>(2, Message{.text = "a"}));
  ASSERT_TRUE(batch);
  EXPECT_EQ((*batch)[0].error().code, ErrorCode::Invalid);
  EXPECT_EQ((*batch)[1]->message_id, "m");
}

TEST_F(AwsServices, BrokenAnswersAreErrors) {
  for (const auto* body : {"", "<", "{", "[]", "<a/>", "null"}) {
    will_answer({{200, "", body}});
    EXPECT_FALSE(Sns(client_).publish(kTopic, {.text = "a"})) << body;
    EXPECT_FALSE(Sts(client_).assume_role({.role_arn = "r"})) << body;
    if (*body) {
      EXPECT_FALSE(Sqs(client_).receive(kQueue)) << body;
    }
  }
}

TEST_F(AwsServices, S3GetsIntoAFileOnlyWhatHasChanged) {
  const auto file = std::filesystem::temp_directory_path() / ("s3-" + random_hex(6));
  will_answer({{200, "audio/wav", "RIFF", {{"ETag", "\"e1\""}, {"Last-Modified", "Tue, 24 Nov 2026 00:05:00 GMT"}}},
               {304, "", ""},
               {404, "", "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"}});
  S3 s3(client_);
  const auto first = s3.get_to_file({.bucket = "prompts", .key = "a b/é.wav", .range = S3Range{0, 3}}, file);
  ASSERT_TRUE(first) << to_string(first.error());
  EXPECT_EQ(first->etag, "\"e1\"");
  EXPECT_EQ(first->last_modified, parse_rfc3339("2026-11-24T00:05:00Z"));
  EXPECT_EQ(asked_[0].target, "/prompts/a%20b/%C3%A9.wav");
  EXPECT_EQ(asked_[0].header("range"), "bytes=0-3");
  EXPECT_THAT(std::string(asked_[0].header("authorization")), HasSubstr("range"));
  const auto second = s3.get_to_file({.bucket = "prompts", .key = "a", .if_none_match = "\"e1\""}, file);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->is_unchanged);
  const auto missing = s3.get_to_file({.bucket = "prompts", .key = "b"}, file);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_THAT(missing.error().detail, HasSubstr("NoSuchKey: The specified key does not exist."));
  std::ifstream in(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "RIFF");
  std::filesystem::remove(file);
}

TEST_F(AwsServices, S3FollowsABucketToItsRegionAndRemembers) {
  will_answer({{301, "", "<Error><Code>PermanentRedirect</Code></Error>", {{"x-amz-bucket-region", "us-west-2"}}},
               {200, "", ""}});
  S3 s3(client_);
  ASSERT_TRUE(s3.head("prompts", "a"));
  ASSERT_TRUE(s3.head("prompts", "b"));
  ASSERT_EQ(asked_.size(), 3U);
  EXPECT_THAT(std::string(asked_[1].header("authorization")), HasSubstr("/us-west-2/s3/"));
  EXPECT_THAT(std::string(asked_[2].header("authorization")), HasSubstr("/us-west-2/s3/"));
  will_answer({{400, "", "<Error><Code>InvalidArgument</Code><Message>No</Message></Error>"}});
  EXPECT_THAT(s3.list({.bucket = "other"}).error().detail, HasSubstr("InvalidArgument: No"));
}

TEST_F(AwsServices, S3ListsPageByPage) {
  will_answer(
      {{200, "",
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>1+/=</NextContinuationToken><Contents>"
        "<Key>a &amp; "
        "b</Key><ETag>&quot;e&quot;</ETag><Size>5</Size><LastModified>2026-11-24T00:05:00.000Z</LastModified>"
        "</Contents></ListBucketResult>"},
       {200, "", "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"}});
  S3 s3(client_);
  const auto page = s3.list({.bucket = "prompts", .prefix = "p/"});
  ASSERT_TRUE(page) << to_string(page.error());
  ASSERT_EQ(page->objects.size(), 1U);
  EXPECT_EQ(page->objects[0].key, "a & b");
  EXPECT_EQ(page->objects[0].bytes, 5U);
  EXPECT_EQ(s3.list({.bucket = "prompts", .continuation = page->next})->next, "");
  EXPECT_EQ(asked_[1].target, "/prompts?continuation-token=1%2B%2F%3D&list-type=2&max-keys=1000");
}

TEST(S3Url, IsABucketAndAKey) {
  const auto parsed = parse_s3_url("s3://prompts/a/b c.wav");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, (std::pair<std::string, std::string>("prompts", "a/b c.wav")));
  for (const auto* bad : {"", "s3://", "s3://a", "s3://a/", "s3:///k", "https://a/b"})
    EXPECT_FALSE(parse_s3_url(bad)) << bad;
}

TEST_F(AwsServices, PollySpeaks) {
  will_answer({{200, "audio/pcm", std::string("\x01\x00", 2), {{"x-amzn-RequestCharacters", "5"}}}});
  const auto speech = Polly(client_).synthesize({.text = "Hello", .voice = "Joanna", .lexicons = {"names"}});
  ASSERT_TRUE(speech) << to_string(speech.error());
  EXPECT_EQ(speech->audio.size(), 2U);
  EXPECT_EQ(speech->billed_characters, 5);
  EXPECT_EQ(asked_[0].path, "/v1/speech");
  EXPECT_EQ(
      asked_[0].body,
      R"({"Text":"Hello","TextType":"text","VoiceId":"Joanna","Engine":"neural","OutputFormat":"pcm","SampleRate":"8000",)"
      R"("LexiconNames":["names"]})");
}

TEST_F(AwsServices, PollyIsNotAskedForWhatItCannotSpeak) {
  Polly polly(client_);
  for (const auto& hebrew : {Synthesize{.text = "שלום", .voice = "Joanna"},
                             Synthesize{.text = "shalom", .voice = "Joanna", .language = "he-IL"}}) {
    const auto refused = polly.synthesize(hebrew);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail, HasSubstr("Polly has no Hebrew voice"));
  }
  EXPECT_FALSE(has_hebrew("Grüße, Привет, سلام, 你好"));
  EXPECT_FALSE(polly.synthesize({.text = " ", .voice = "Joanna"}));
  EXPECT_FALSE(polly.synthesize({.text = "a", .voice = "../x"}));
  EXPECT_FALSE(polly.synthesize({.text = "a", .voice = "Joanna", .sample_rate_hz = 44100}));
  EXPECT_FALSE(polly.synthesize({.text = std::string(6001, 'a'), .voice = "Joanna"}));
  EXPECT_TRUE(asked_.empty());
}

TEST_F(AwsServices, CloudWatchGetsAnyNumberOfDataInBatches) {
  will_answer({{200, "", "<PutMetricDataResponse/>"}});
  const Datum datum{.name = "Calls",
                    .value = 0.5,
                    .unit = "Count",
                    .time = *parse_rfc3339("2026-11-24T00:00:00Z"),
                    .dimensions = {{"Trunk", "a b"}}};
  std::size_t sent = 0;
  ASSERT_TRUE(CloudWatch(client_).put("Carillon", std::vector<Datum>(2500, datum), &sent));
  EXPECT_EQ(sent, 2500U);
  EXPECT_EQ(asked_.size(), 3U);
  EXPECT_THAT(asked_[0].body, HasSubstr("MetricData.member.1000.MetricName=Calls&MetricData.member.1000.Value=0.5&"));
  EXPECT_THAT(asked_[0].body, Not(HasSubstr("member.1001.")));
  EXPECT_FALSE(CloudWatch(client_).put(
      "Carillon", std::vector<Datum>{{.name = "x", .value = std::numeric_limits<double>::quiet_NaN(), .time = {}}}));
}

TEST_F(AwsServices, LogsAreSentInOrderAndWithinADay) {
  will_answer({{400, "", R"({"__type":"ResourceAlreadyExistsException"})"}, {200, "", "{}"}});
  Logs logs(client_);
  EXPECT_TRUE(logs.create_stream("carillon", "node-1"));
  const auto noon = *parse_rfc3339("2026-11-24T12:00:00Z");
  const std::vector<LogEvent> events{{noon + 30h, "third"}, {noon, "first"}, {noon + 1h, "second"}};
  std::size_t sent = 0;
  ASSERT_TRUE(logs.put("carillon", "node-1", events, &sent));
  EXPECT_EQ(sent, 3U);
  ASSERT_EQ(asked_.size(), 3U);
  EXPECT_EQ(asked_[0].header("x-amz-target"), "Logs_20140328.CreateLogStream");
  EXPECT_THAT(asked_[1].body, AllOf(HasSubstr("\"first\"},{"), HasSubstr("second"), Not(HasSubstr("third"))));
  EXPECT_THAT(asked_[2].body, HasSubstr("third"));
  EXPECT_FALSE(logs.put("carillon", "node-1", std::vector<LogEvent>{{noon, ""}}));
}

}  // namespace
}  // namespace carillon::aws
