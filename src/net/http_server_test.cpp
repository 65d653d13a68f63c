// What the server makes of the bytes of a request, and which bytes it answers.
#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "net/test_sockets.h"

namespace carillon::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Tells what arrived.
void echo(const HttpRequest& request, const Respond& respond) {
  std::string seen = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) seen += " " + name + "=" + value;
  if (!request.header("x-test").empty()) seen += " x-test:" + std::string(request.header("x-test"));
  if (!request.body.empty()) seen += " body:" + request.body;
  respond({200, "text/plain", seen});
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(HttpServer, TellsTheHandlerWhatTheClientSent) {
  TestServer server(echo);
  const auto answer = server.ask("GET /calls/a%20b?x=1%2C2&y=c+d HTTP/1.1\r\nHost: a\r\nX-TEST:  yes \r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET /calls/a b x=1,2 y=c d x-test:yes");
  EXPECT_THAT(answer.head, HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nContent-Type: text/plain\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nDate: "));
}

TEST(HttpServer, TellsWhoThePeerIs) {
  TestServer server([](const HttpRequest& request, const Respond& respond) {
    respond({200, "text/plain", request.peer + (request.peer_is_loopback ? " loopback" : "")});
  });
  EXPECT_EQ(server.ask(kGet).body, "127.0.0.1 loopback");
}

TEST(HttpServer, TakesARequestByteByByte) {
  TestServer server(echo);
  auto client = server.connect();
  client.send_byte_by_byte("\r\nPOST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.read_answer().body, "POST /a body:hello");
  client.send_byte_by_byte(
      "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "POST /b body:abcde");
  client.send_byte_by_byte("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "POST /c");
}

TEST(HttpServer, ATrailerIsNoHeader) {
  TestServer server(echo);
  const auto answer =
      server.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\nX-Test: late\r\n\r\n");
  EXPECT_EQ(answer.body, "POST / body:z");
}

TEST(HttpServer, WelcomesABodyThatWaitsForIt) {
  TestServer server(echo);
  auto client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_EQ(client.read_answer().body, "POST / body:ok");
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  TestServer server(echo);
  auto client = server.connect();
  std::string requests;
  for (int i = 0; i < 100; ++i)
    requests += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
  client.send(requests);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.read_answer().body, "POST /" + std::to_string(i) + " body:abc");
}

TEST(HttpServer, AnswersWhatAHalfClosedClientSent) {
  TestServer server(echo);
  auto client = server.connect();
  client.send(kGet);
  client.finish_sending();
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpServer, HeadIsGetWithoutTheBody) {
  TestServer server(echo);
  auto client = server.connect();
  client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto head = client.read_answer(false);
  EXPECT_EQ(head.status, 200);
  EXPECT_THAT(head.head, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_EQ(client.read_answer().body, "GET /y");
}

TEST(HttpServer, KeepsOrClosesTheConnectionAsTheClientWishes) {
  TestServer server(echo);
  struct {
    std::string_view request;
    bool is_kept;
  } const cases[] = {
      {kGet, true},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
  };
  for (const auto& c : cases) {
    auto client = server.connect();
    client.send(c.request);
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.head.find("Connection: close") == std::string::npos, c.is_kept) << c.request;
    if (!c.is_kept) {
      EXPECT_EQ(client.read_to_end(), "");
    } else {
      client.send(kGet);
      EXPECT_EQ(client.read_answer().status, 200);
    }
  }
}

TEST(HttpServer, RefusesMalformedRequestsWithAProblem) {
  TestServer server(echo);
  const std::string_view requests[] = {
      "nonsense\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\nHost: a\n\n",
      "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /?a=%1 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\na",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n0\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  };
  for (const auto request : requests) {
    auto client = server.connect();
    client.send(request);
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 400) << request;
    EXPECT_THAT(answer.head, HasSubstr("Content-Type: application/problem+json\r\n")) << request;
    EXPECT_THAT(answer.body, HasSubstr("\"code\":\"bad-request\"")) << request;
    EXPECT_EQ(client.read_to_end(), "") << request;
  }
  EXPECT_EQ(server.there([](HttpServer& s) { return s.counters().rejected; }), std::size(requests));
  EXPECT_EQ(server.there([](HttpServer& s) { return s.counters().requests; }), 0U);
}

TEST(HttpServer, RefusesABodyThatIsTooLarge) {
  HttpServerOptions options;
  options.limits.body_bytes = 1000;
  options.body_limit = [](std::string_view method, std::string_view path) -> std::size_t {
    return method == "POST" && path == "/import" ? 100'000 : 1000;
  };
  TestServer server(echo, options);
  const auto post = [](std::string_view path, std::size_t size) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(server.ask(post("/", 1000) + std::string(1000, 'a')).status, 200);
  EXPECT_EQ(server.ask(post("/", 1001)).status, 413);
  EXPECT_EQ(server.ask(post("/", 1001) + std::string(1001, 'a')).status, 413);
  EXPECT_EQ(server.ask(chunked + "3E8\r\n" + std::string(1000, 'a') + "\r\n0\r\n\r\n").status, 200);
  EXPECT_EQ(server.ask(chunked + "3E8\r\n" + std::string(1000, 'a') + "\r\n1\r\na\r\n0\r\n\r\n").status, 413);
  EXPECT_EQ(server.ask(chunked + "FFFFFFFFFFFFFFFF\r\n").status, 413);
  EXPECT_EQ(server.ask(post("/import", 100'000) + std::string(100'000, 'a')).status, 200);
  EXPECT_EQ(server.ask(post("/import", 100'001)).status, 413);
}

TEST(HttpServer, AClientThatSendsItsRefusedBodyAllTheSameSeesTheAnswer) {
  HttpServerOptions options;
  options.limits.linger_timeout = kPatience;
  TestServer server(echo, options);
  auto client = server.connect();
  const std::size_t size = 16'000'000;
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
  EXPECT_TRUE(client.send(std::string(size, 'a'))) << "reset while sending";
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST(HttpServer, RefusesAHeaderThatIsTooLarge) {
  HttpServerOptions options;
  options.limits.header_bytes = 2000;
  options.limits.target_bytes = 1000;
  TestServer server(echo, options);
  const auto with_header = [](std::size_t size) {
    return "GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + std::string(size, 'a') + "\r\n\r\n";
  };
  EXPECT_EQ(server.ask(with_header(1900)).status, 200);
  EXPECT_EQ(server.ask(with_header(2000)).status, 431);
  EXPECT_EQ(server.ask(with_header(100'000)).status, 431);
  EXPECT_EQ(server.ask("GET /" + std::string(999, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(server.ask("GET /" + std::string(1000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n").status, 414);
  EXPECT_EQ(server.ask("GET /" + std::string(3000, 'a')).status, 431);

  // Neither the line nor the headers alone are beyond the bound.
  EXPECT_EQ(
      server.ask("GET /" + std::string(900, 'a') + " HTTP/1.1\r\nHost: a\r\nX: " + std::string(1500, 'a') + "\r\n\r\n")
          .status,
      431);

  auto many = server.connect();
  many.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 200; ++i) many.send("X-" + std::to_string(i) + ": aaaaaaaaaaaaaaaa\r\n");
  EXPECT_EQ(many.read_answer().status, 431);

  auto chunks = server.connect();
  chunks.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(30'000, 'a'));
  EXPECT_EQ(chunks.read_answer().status, 400);
}

TEST(HttpServer, AValueCannotBecomeAnotherHeader) {
  TestServer server([](const HttpRequest& request, const Respond& respond) {
    respond({200, "text/plain", "", {{"X-Echo", *request.query_value("v")}}});
  });
  const auto answer = server.ask("GET /?v=a%0D%0AX-Evil:%20b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(answer.head, HasSubstr("X-Echo: a  X-Evil: b\r\n"));
}

TEST(HttpServer, SomeAnswersHaveNoBody) {
  TestServer server([](const HttpRequest&, const Respond& respond) { respond({204, "", "not sent"}); });
  auto client = server.connect();
  client.send(kGet);
  EXPECT_EQ(client.read_answer().head.find("Content-Length"), std::string::npos);
  client.send(kGet);
  EXPECT_EQ(client.read_answer().status, 204);
}

}  // namespace
}  // namespace carillon::net
