#include "asterisk/ari_message.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace carillon::asterisk {
namespace {

AriEvent event_of(std::string_view text) {
  const auto message = parse_ari_message(text);
  if (!message || !std::holds_alternative<AriEvent>(*message)) {
    ADD_FAILURE() << "no event: " << text;
    return {};
  }
  return std::get<AriEvent>(*message);
}

TEST(AriMessage, ReadsWhatAnAsteriskSends) {
  const auto start = event_of(
      R"({"type":"StasisStart","timestamp":"2026-11-24T10:00:00.000+0000","args":["phone","x"],"channel":{"id":"live-1",)"
      R"("name":"PJSIP/desk-00000001","state":"Up","dialplan":{"context":"a","exten":"s","priority":1}},"application":"carillon"})");
  EXPECT_EQ(start.type, AriEventType::kStasisStart);
  EXPECT_EQ(start.channel, "live-1");
  EXPECT_EQ(start.name, "PJSIP/desk-00000001");
  EXPECT_EQ(start.args, (std::vector<std::string>{"phone", "x"}));
  const auto key =
      event_of(R"({"type":"ChannelDtmfReceived","digit":"*","duration_ms":100,"channel":{"id":"live-1"}})");
  EXPECT_EQ(key.type, AriEventType::kChannelDtmfReceived);
  EXPECT_EQ(key.digit, "*");
  const auto gone = event_of(R"({"type":"ChannelDestroyed","cause":16,"channel":{"id":"live-1"}})");
  EXPECT_EQ(gone.type, AriEventType::kChannelDestroyed);
  const auto played = event_of(R"({"type":"PlaybackFinished","playback":{"id":"p","target_uri":"channel:live-2"}})");
  EXPECT_EQ(played.type, AriEventType::kPlaybackFinished);
  EXPECT_EQ(played.channel, "live-2");
  EXPECT_EQ(played.name, "p");
  const auto failed = event_of(
      R"({"type":"RecordingFailed","recording":{"name":"r","target_uri":"channel:live-2","cause":"no space"}})");
  EXPECT_EQ(failed.type, AriEventType::kRecordingFailed);
  EXPECT_EQ(failed.name, "r");
  EXPECT_EQ(failed.detail, "no space");
  EXPECT_EQ(event_of(R"({"type":"ChannelVarset","channel":{"id":"a"}})").type, AriEventType::kOther);
}

TEST(AriMessage, ReadsAnAnswerAndItsRefusal) {
  const auto message = parse_ari_message(
      R"({"type":"RESTResponse","transaction_id":"","request_id":"r7","status_code":404,"reason_phrase":"Not Found",)"
      R"("uri":"channels/x","content_type":"application/json","message_body":"{\"message\":\"Channel not found\"}"})");
  ASSERT_TRUE(message.has_value());
  const auto& response = std::get<AriResponse>(*message);
  EXPECT_EQ(response.request_id, "r7");
  EXPECT_FALSE(response.answer.is_success());
  EXPECT_EQ(refusal_of(response.answer), "ARI answered 404: Channel not found");
  EXPECT_EQ(refusal_of({500, "<html>"}), "ARI answered 500");
  EXPECT_EQ(refusal_of({400, R"({"message":"no PJSIP/+12025550150@main 12"})"}),
            "ARI answered 400: no PJSIP/+12025***50@main 12")
      << "it goes into logs";
}

TEST(AriMessage, HostileTextIsAnErrorOrCutNeverTrusted) {
  for (const char* text : {"", "{", "[]", "5", "null", "{}", R"({"type":5})", R"({"type":""})",
                           R"({"type":"RESTResponse"})", R"({"type":"RESTResponse","status_code":"200"})",
                           R"({"type":"RESTResponse","status_code":99999})", "{\"type\":\"A\"} {\"type\":\"B\"}"})
    EXPECT_FALSE(parse_ari_message(text).has_value()) << text;
  const std::string deep = R"({"type":"StasisStart","x":)" + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_FALSE(parse_ari_message(deep).has_value());
  const auto odd = event_of(R"({"type":"StasisStart","channel":[1],"args":{"a":1},"digit":7})");
  EXPECT_EQ(odd.channel, "");
  EXPECT_TRUE(odd.args.empty());
  const auto lines = event_of(R"({"type":"StasisStart","channel":{"id":"a\r\nAction: Originate"}})");
  EXPECT_EQ(lines.channel.find('\n'), std::string::npos);
  std::string many = R"({"type":"StasisStart","args":["a")";
  for (int i = 0; i < 1000; ++i) many += R"(,"a")";
  EXPECT_EQ(event_of(many + "]}").args.size(), kMaxAriArgs);
  const auto big = event_of(R"({"type":"StasisStart","channel":{"id":")" + std::string(100'000, 'x') + R"("}})");
  EXPECT_LE(big.channel.size(), kMaxAriTextBytes + 8);
}

TEST(AriMessage, ARequestTravelsEitherWay) {
  const AriRequest request{"POST", "channels/abc/snoop", {{"spy", "both"}, {"appArgs", "a b&c"}}, R"({"x":"\"y\""})"};
  EXPECT_EQ(to_target(request), "/ari/channels/abc/snoop?spy=both&appArgs=a%20b%26c");
  const auto sent = boost::json::parse(to_web_socket(request, "r1")).as_object();
  EXPECT_EQ(sent.at("type").as_string(), "RESTRequest");
  EXPECT_EQ(sent.at("request_id").as_string(), "r1");
  EXPECT_EQ(sent.at("method").as_string(), "POST");
  EXPECT_EQ(sent.at("uri").as_string(), "channels/abc/snoop");
  EXPECT_EQ(sent.at("query_strings").as_array().size(), 2u);
  EXPECT_EQ(sent.at("query_strings").as_array()[1].as_object().at("value").as_string(), "a b&c");
  EXPECT_EQ(sent.at("message_body").as_string(), R"({"x":"\"y\""})");
  EXPECT_FALSE(boost::json::parse(to_web_socket({"GET", "channels", {}}, "r2")).as_object().contains("message_body"));
}

TEST(AriMessage, ListsAreReadByTheMemberThatNamesTheirItems) {
  const auto ids = parse_ari_list(R"([{"id":"a"},{"id":"b","x":{}},{"name":"c"},7])", "id");
  ASSERT_TRUE(ids.has_value());
  EXPECT_EQ(*ids, (std::set<std::string>{"a", "b"}));
  EXPECT_FALSE(parse_ari_list(R"({"id":"a"})", "id").has_value());
}

}  // namespace
}  // namespace carillon::asterisk
