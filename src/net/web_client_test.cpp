#include "net/web_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "base/text.h"
#include "net/test_sockets.h"
#include "net/web_client_test_tls.h"

namespace carillon::net {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string url_of(std::uint16_t port, std::string_view target = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + std::string(target);
}

TestServer echo_server() {
  return TestServer([](const HttpRequest& request, const Respond& respond) {
    respond({201,
             "text/plain",
             request.method + " " + request.target + " " + request.body,
             {{"X-Type", std::string(request.header("content-type"))}, {"X-Seen", "1"}}});
  });
}

// One raw conversation: accepts, reads the request's head, says this.
class Script {
 public:
  explicit Script(std::string answer)
      : thread_([this, said = std::move(answer)] {
          auto socket = listener_.accept();
          request_ = socket.read_until("\r\n\r\n");
          socket.send(said);
        }) {}
  ~Script() {
    if (thread_.joinable()) thread_.join();
  }
  std::uint16_t port() const { return listener_.port(); }
  std::string request() {
    thread_.join();
    return request_;
  }

 private:
  RawListener listener_;
  std::string request_;
  std::thread thread_;
};

TEST(WebClient, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  const auto server = echo_server();
  WebClient client;
  for (const auto* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    const auto answer = client.send(
        {.method = method, .url = url_of(server.port(), "/a?b=c"), .headers = {{"Content-Type", "a/b"}}, .body = "x"});
    ASSERT_TRUE(answer) << to_string(answer.error());
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->body, std::string(method) + " /a?b=c x");
    EXPECT_EQ(answer->header("x-seen"), "1");
    EXPECT_EQ(answer->header("x-type"), "a/b");
  }
  EXPECT_EQ(client.send({.url = url_of(server.port())})->body, "GET / ");
  EXPECT_EQ(client.send({.method = "HEAD", .url = url_of(server.port())})->body, "");
}

TEST(WebClient, AddsNoHeaderThatWouldChangeTheMeaning) {
  Script script("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  WebClient client;
  ASSERT_TRUE(client.send({.method = "PUT", .url = url_of(script.port(), "/a/../b"), .headers = {{"X-Empty", ""}}}));
  EXPECT_THAT(script.request(), AllOf(HasSubstr("PUT /a/../b HTTP/1.1\r\n"), HasSubstr("Content-Length: 0\r\n"),
                                      HasSubstr("X-Empty:\r\n"), HasSubstr("User-Agent: carillon\r\n"),
                                      Not(HasSubstr("Content-Type")), Not(HasSubstr("Expect"))));
}

TEST(WebClient, KeepsItsConnection) {
  TestServer server([](const HttpRequest&, const Respond& respond) { respond({200, "", "ok"}); });
  WebClient client;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.send({.url = url_of(server.port())}));
  EXPECT_EQ(server.there([](HttpServer& s) { return s.counters().accepted; }), 1U);
}

TEST(WebClient, ServesManyThreadsWithABoundOnConnections) {
  std::atomic<int> answered = 0;
  TestServer server([](const HttpRequest&, const Respond& respond) { respond({200, "", "ok"}); });
  WebClient client({.connections = 2});
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i)
        if (client.send({.url = url_of(server.port())})) ++answered;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, 120);
  EXPECT_LE(server.there([](HttpServer& s) { return s.counters().accepted; }), 2U);
}

TEST(WebClient, WaitsForAFreeConnectionOnlyUntilTheDeadline) {
  RawListener listener;
  WebClient client({.connections = 1});
  std::thread holder([&] { client.send({.url = url_of(listener.port()), .timeout = 2s}); });
  auto held = listener.accept();
  held.read_until("\r\n\r\n");
  const auto answer = client.send({.url = url_of(listener.port()), .timeout = 50ms});
  held.close();
  holder.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
  EXPECT_THAT(answer.error().detail, HasSubstr("busy"));
}

TEST(WebClient, FollowsNoRedirectUnlessAsked) {
  const auto target = echo_server();
  TestServer server([&](const HttpRequest&, const Respond& respond) {
    respond({302, "", "", {{"Location", url_of(target.port(), "/there")}}});
  });
  WebClient client;
  EXPECT_EQ(client.send({.url = url_of(server.port())})->status, 302);
  const auto followed = client.send({.url = url_of(server.port()), .max_redirects = 1});
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->body, "GET /there ");
  EXPECT_EQ(followed->header("location"), "") << "headers are those of the last answer";
}

TEST(WebClient, PublicOnlyRefusesEveryWayToThisMachine) {
  const auto server = echo_server();
  WebClient client;
  // A connection is already open, and must not be used for this.
  ASSERT_TRUE(client.send({.url = url_of(server.port())}));
  const auto port = std::to_string(server.port());
  for (const auto& host : {"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]", "2130706433",
                           "0x7f.1", "127.1", "169.254.169.254", "[fd00:ec2::254]"}) {
    const auto answer = client.send(
        {.url = "http://" + std::string(host) + ":" + port + "/secret?key=1", .addresses = AddressPolicy::kPublicOnly});
    ASSERT_FALSE(answer) << host;
    EXPECT_EQ(answer.error().code, ErrorCode::Invalid) << host << answer.error().detail;
    EXPECT_THAT(answer.error().detail, AllOf(HasSubstr("not on the public internet"), Not(HasSubstr("secret"))));
  }
}

TEST(WebClient, TheDeadlineIsOverTheWholeRequest) {
  RawListener listener;
  std::thread script([&] {
    auto socket = listener.accept();
    socket.read_until("\r\n\r\n");
    // Never silent for long, and never done.
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (socket.send("a")) std::this_thread::sleep_for(5ms);
  });
  WebClient client;
  const auto answer = client.send({.url = url_of(listener.port(), "/?secret"), .timeout = 100ms});
  script.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
  EXPECT_THAT(answer.error().detail, AllOf(HasSubstr("within 100 ms"), Not(HasSubstr("secret"))));
}

TEST(WebClient, RefusesMoreThanTheLimit) {
  const std::pair<std::string, bool> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a", false},
      {"HTTP/1.1 200 OK\r\n\r\n0123456789a", false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n", false},
  };
  for (const auto& [said, fits] : cases) {
    Script script(said);
    WebClient client;
    const auto answer = client.send({.url = url_of(script.port()), .max_answer_bytes = 10});
    EXPECT_EQ(answer.has_value(), fits) << said;
    if (!answer && said.find("11\r\n\r\n") == std::string::npos) {
      EXPECT_EQ(answer.error().code, ErrorCode::TooLarge) << said;
    }
  }
}

TEST(WebClient, SaysWhatIsWrongWithAnAnswer) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "Empty reply"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na", "remaining"},
      {"220 smtp.example ESMTP\r\n", "HTTP/0.9"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n", ""},
  };
  for (const auto& [said, why] : cases) {
    Script script(said);
    WebClient client;
    const auto answer = client.send({.url = url_of(script.port())});
    ASSERT_FALSE(answer) << said;
    EXPECT_EQ(answer.error().code, ErrorCode::Io);
    EXPECT_THAT(answer.error().detail, AllOf(HasSubstr(why), HasSubstr(std::to_string(script.port()))));
  }
}

TEST(WebClient, ManySmallHeadersAreBoundedToo) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 3000; ++i) head += "X-" + std::to_string(i) + ": aaaaaaaaaaaaaaaaaaaa\r\n";
  Script script(head + "\r\n");
  WebClient client;
  const auto answer = client.send({.url = url_of(script.port())});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().detail, HasSubstr("64 KiB of headers"));
}

TEST(WebClient, SendsNothingThatWouldBreakTheRequest) {
  WebClient client;
  const WebRequest cases[] = {
      {.url = ""},
      {.url = "file:///etc/passwd"},
      {.url = "gopher://127.0.0.1/"},
      {.url = "http://127.0.0.1:1/a b"},
      {.url = "http://127.0.0.1:1/a\r\nX: y"},
      {.url = "http://user:secret@127.0.0.1:1/"},
      {.method = "GET / HTTP/1.1\r\nX: ", .url = "http://127.0.0.1:1/"},
      {.url = "http://127.0.0.1:1/", .headers = {{"X", "a\r\nY: b"}}},
      {.url = "http://127.0.0.1:1/", .headers = {{"X: a\r\nY", "b"}}},
      {.url = "http://127.0.0.1:1/", .https_only = true},
  };
  for (const auto& request : cases) {
    const auto answer = client.send(request);
    ASSERT_FALSE(answer) << request.url;
    EXPECT_EQ(answer.error().code, ErrorCode::BadRequest) << request.url;
    EXPECT_THAT(answer.error().detail, Not(HasSubstr("secret")));
  }
}

TEST(WebClient, SaysWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    RawListener listener;
    port = listener.port();
  }
  WebClient client;
  const auto answer = client.send({.url = url_of(port)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Io);
  EXPECT_THAT(answer.error().detail, HasSubstr("127.0.0.1:" + std::to_string(port)));
}

class Download : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string content() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()));
  }
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("web-client-" + random_hex(6));
  std::filesystem::path file_ = folder_ / "prompt.wav";
};

TEST_F(Download, ReplacesTheFileWhenAllHasCome) {
  std::ofstream(file_) << "old";
  TestServer server(
      [](const HttpRequest&, const Respond& respond) { respond({200, "", std::string(3'000'000, 'a')}); });
  WebClient client;
  const auto answer = client.download({.url = url_of(server.port()), .max_answer_bytes = 3'000'000}, file_);
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(content(), std::string(3'000'000, 'a'));
  EXPECT_EQ(files(), 1U);
}

TEST_F(Download, LeavesTheOldFileAfterAnErrorALimitOrABreak) {
  std::ofstream(file_) << "old";
  const std::string cases[] = {
      "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
      "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'a'),
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na",
  };
  for (const auto& said : cases) {
    Script script(said);
    WebClient client;
    const auto answer = client.download({.url = url_of(script.port()), .max_answer_bytes = 100}, file_);
    if (answer) {
      EXPECT_EQ(answer->status, 404);
      EXPECT_EQ(answer->body, "gone") << "why, for the error text";
    }
    EXPECT_EQ(content(), "old");
    EXPECT_EQ(files(), 1U);
  }
}

TEST_F(Download, SaysWhenTheFolderIsNotThere) {
  WebClient client;
  const auto answer = client.download({.url = "http://127.0.0.1:1/"}, folder_ / "none" / "x");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().detail, HasSubstr("cannot write"));
}

TEST(WebClientTls, TrustsOnlyWhatItIsToldToTrust) {
  const TlsServer server("localhost");
  const auto url = "https://localhost:" + std::to_string(server.port()) + "/";
  WebClient stranger;
  const auto refused = stranger.send({.url = url});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("certificate"));

  WebClient friend_of_it({.ca_file = server.certificate_file()});
  const auto answer = friend_of_it.send({.url = url, .https_only = true});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->body, "over TLS");

  const auto other_name = friend_of_it.send({.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/"});
  ASSERT_FALSE(other_name);
  EXPECT_THAT(other_name.error().detail, HasSubstr("127.0.0.1"));
}

TEST(WebClientTls, SaysWhenTheFileOfAuthoritiesIsMissing) {
  const TlsServer server("localhost");
  WebClient client({.ca_file = "/nonexistent/authorities.pem"});
  const auto answer = client.send({.url = "https://localhost:" + std::to_string(server.port()) + "/"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Config);
  EXPECT_THAT(answer.error().detail, HasSubstr("/nonexistent/authorities.pem"));
}

}  // namespace
}  // namespace carillon::net
