#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "net/test_sockets.h"

namespace carillon::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Repeat = HttpClient::Repeat;

// Does its part of the conversation in a thread of its own, while the test asks.
template <class Script>
std::thread play(Script script) {
  return std::thread(std::move(script));
}

TEST(HttpClient, AsksAndReadsTheAnswer) {
  TestServer server([](const HttpRequest& request, const Respond& respond) {
    respond({201, "text/plain", request.method + " " + request.target + " " + request.body, {{"X-Seen", "1"}}});
  });
  HttpClient client("127.0.0.1", server.port());
  const auto answer = client.request("POST", "/v1/calls?a=b", "body", {{"X-Key", "k"}});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_EQ(answer->body, "POST /v1/calls?a=b body");
  EXPECT_EQ(answer->header("x-seen"), "1");
}

TEST(HttpClient, KeepsItsConnection) {
  TestServer server([](const HttpRequest&, const Respond& respond) { respond({200, "", "ok"}); });
  HttpClient client("127.0.0.1", server.port());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.request(i % 2 ? "POST" : "GET", "/"));
  ASSERT_EQ(client.request("HEAD", "/")->body, "");
  ASSERT_EQ(client.request("GET", "/")->body, "ok");
  EXPECT_EQ(server.there([](HttpServer& s) { return s.counters().accepted; }), 1U);
}

TEST(HttpClient, CarriesBigBodiesBothWays) {
  HttpServerOptions options;
  options.body_limit = [](std::string_view, std::string_view) { return std::size_t{20'000'000}; };
  TestServer server([](HttpRequest request, const Respond& respond) { respond({200, "", std::move(request.body)}); },
                    options);
  HttpClient client("127.0.0.1", server.port());
  const std::string body(10'000'000, 'a');
  EXPECT_EQ(client.request("PUT", "/", body)->body, body);
}

TEST(HttpClient, SeesTheRefusalOfABodyThatItIsStillSending) {
  TestServer server([](const HttpRequest&, const Respond& respond) { respond({200, "", ""}); });
  HttpClient client("127.0.0.1", server.port());
  const auto answer = client.request("PUT", "/", std::string(10'000'000, 'a'));
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(client.request("GET", "/")->status, 200);
}

TEST(HttpClient, ReadsEveryKindOfBody) {
  const std::pair<std::string, std::string> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"},
      {"HTTP/1.1 204 No Content\r\n\r\n", ""},
      {"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz", "z"},
  };
  RawListener listener;
  for (const auto& [bytes, body] : cases) {
    auto script = play([&] {
      auto socket = listener.accept();
      socket.read_until("\r\n\r\n");
      socket.send_byte_by_byte(bytes);
    });
    HttpClient client("127.0.0.1", listener.port());
    const auto answer = client.request("GET", "/");
    script.join();
    ASSERT_TRUE(answer) << bytes << to_string(answer.error());
    EXPECT_EQ(answer->body, body);
  }
}

TEST(HttpClient, SaysWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    RawListener listener;
    port = listener.port();
  }
  HttpClient client("127.0.0.1", port);
  const auto answer = client.request("GET", "/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().detail,
            "connection refused: is carillon serve running on 127.0.0.1:" + std::to_string(port) + "?");
}

TEST(HttpClient, SaysWhatIsWrongWithAnAnswer) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "closed the connection without an answer"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "in the middle of its answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na", "in the middle of its answer"},
      {"220 smtp.example ESMTP\r\n", "does not speak HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 68000000\r\n\r\n", "more than 64 MB"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'a'), "does not speak HTTP"},
  };
  RawListener listener;
  for (const auto& [bytes, why] : cases) {
    auto script = play([&] {
      auto socket = listener.accept();
      socket.read_until("\r\n\r\n");
      socket.send(bytes);
    });
    HttpClient client("127.0.0.1", listener.port());
    const auto answer = client.request("GET", "/");
    script.join();
    ASSERT_FALSE(answer) << bytes;
    EXPECT_EQ(answer.error().code, ErrorCode::Io);
    EXPECT_THAT(answer.error().detail, HasSubstr(why));
    EXPECT_THAT(answer.error().detail, HasSubstr("127.0.0.1:" + std::to_string(listener.port())));
  }
}

TEST(HttpClient, TheDeadlineIsOverTheWholeRequest) {
  RawListener listener;
  auto script = play([&] {
    auto socket = listener.accept();
    socket.read_until("\r\n\r\n");
    // Never silent for long, and never done.
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (socket.send("a")) std::this_thread::sleep_for(5ms);
  });
  HttpClient client("127.0.0.1", listener.port());
  const auto answer = client.request("GET", "/", {}, {}, 100ms);
  script.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
  EXPECT_THAT(answer.error().detail, HasSubstr("did not answer within 100 ms"));
}

TEST(HttpClient, ReplacesAConnectionThatTheServerClosedMeanwhile) {
  TestServer server([](const HttpRequest&, const Respond& respond) { respond({200, "", ""}); },
                    [] {
                      HttpServerOptions options;
                      options.limits.idle_timeout = 200ms;
                      return options;
                    }());
  HttpClient client("127.0.0.1", server.port());
  // A POST too: it has not been sent when the end is noticed.
  for (const auto* method : {"GET", "POST"}) {
    ASSERT_TRUE(client.request(method, "/"));
    ASSERT_TRUE(server.comes_true([](HttpServer& s) { return s.connections() == 0; }));
  }
  EXPECT_TRUE(client.request("POST", "/"));
}

// The kept connection breaks after the second request was sent and so much of its answer came.
Result<HttpResponse> second_answer_after_a_break(std::string_view method, Repeat repeat, std::string_view part = {}) {
  RawListener listener;
  constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  bool is_repeated = false;
  auto script = play([&] {
    auto first = listener.accept();
    first.read_until("\r\n\r\n");
    first.send(answer);
    first.read_until("\r\n\r\n");
    first.send(part);
    first.close();
    auto second = listener.accept();
    is_repeated = !second.read_until("\r\n\r\n").empty();
    second.send(answer);
  });
  HttpClient client("127.0.0.1", listener.port());
  EXPECT_TRUE(client.request("GET", "/"));
  auto result = client.request(method, "/", {}, {}, 10s, repeat);
  if (!result) RawSocket::connect(listener.port());  // so that the script ends
  script.join();
  EXPECT_EQ(is_repeated, result.has_value());
  return result;
}

TEST(HttpClient, RepeatsOnlyWhatMayBeRepeated) {
  EXPECT_TRUE(second_answer_after_a_break("GET", Repeat::kIfGet));
  EXPECT_TRUE(second_answer_after_a_break("POST", Repeat::kAlways));
  const auto refused = second_answer_after_a_break("POST", Repeat::kIfGet);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("closed the connection without an answer"));
  EXPECT_FALSE(second_answer_after_a_break("GET", Repeat::kAlways, "HTTP/1.1 2"));
}

TEST(HttpClient, SendsNoTargetThatWouldBreakTheRequest) {
  HttpClient client("127.0.0.1", 1);
  for (const auto* bad : {"", "a", "/a b", "/a\r\nX: y", "/\xC3\xA9"}) {
    const auto answer = client.request("GET", bad);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::BadRequest);
  }
}

}  // namespace
}  // namespace carillon::net
