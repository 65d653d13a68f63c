// What becomes of connections and answers: late ones, none, slow clients, vanished ones, too many, and the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <vector>

#include "net/http_server.h"
#include "net/test_sockets.h"

namespace carillon::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

void ok(const HttpRequest&, const Respond& respond) { respond({200, "text/plain", "ok"}); }

// Keeps every Respond until the test says what to do with it, on the server's thread.
struct Keeper {
  std::vector<Respond> kept;
  Handler handler() {
    return [this](const HttpRequest&, Respond respond) { kept.push_back(std::move(respond)); };
  }
};

TEST(HttpServerLife, AnAnswerMayComeLater) {
  Keeper keeper;
  TestServer server(keeper.handler());
  auto client = server.connect();
  client.send(std::string(kGet) + std::string(kGet));
  ASSERT_TRUE(server.comes_true([&](HttpServer&) { return keeper.kept.size() == 1; }));
  server.there([&](HttpServer&) { keeper.kept[0]({200, "text/plain", "first"}); });
  EXPECT_EQ(client.read_answer().body, "first");
  // Only now is the second one asked.
  ASSERT_TRUE(server.comes_true([&](HttpServer&) { return keeper.kept.size() == 2; }));
  server.there([&](HttpServer&) {
    keeper.kept[0]({200, "text/plain", "said twice"});
    keeper.kept[1]({200, "text/plain", "second"});
  });
  EXPECT_EQ(client.read_answer().body, "second");
  server.there([&](HttpServer&) { keeper.kept.clear(); });
}

TEST(HttpServerLife, AForgottenAnswerIs500) {
  Keeper keeper;
  TestServer server(keeper.handler());
  auto client = server.connect();
  client.send(kGet);
  ASSERT_TRUE(server.comes_true([&](HttpServer&) { return keeper.kept.size() == 1; }));
  server.there([&](HttpServer&) { keeper.kept.clear(); });
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.head, HasSubstr("application/problem+json"));
  // The connection is still in step.
  client.send(kGet);
  ASSERT_TRUE(server.comes_true([&](HttpServer&) { return keeper.kept.size() == 1; }));
  server.there([&](HttpServer&) { keeper.kept[0]({200, "", ""}); });
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(server.there([](HttpServer& s) { return s.counters().unanswered; }), 1U);
  server.there([&](HttpServer&) { keeper.kept.clear(); });
}

TEST(HttpServerLife, AnAnswerThatIsTooLateIs503) {
  Keeper keeper;
  HttpServerOptions options;
  options.limits.answer_timeout = 20ms;
  TestServer server(keeper.handler(), options);
  auto client = server.connect();
  client.send(kGet);
  EXPECT_EQ(client.read_answer().status, 503);
  server.there([&](HttpServer&) { keeper.kept.at(0)({200, "text/plain", "too late"}); });
  client.send(kGet);
  EXPECT_EQ(client.read_answer().status, 503);
  server.there([&](HttpServer&) { keeper.kept.clear(); });
}

TEST(HttpServerLife, AHandlerThatThrowsIs500) {
  std::optional<Respond> kept;
  TestServer server([&](const HttpRequest& request, const Respond& respond) {
    if (request.path == "/answered") respond({201, "", ""});
    if (request.path == "/kept") kept = respond;
    if (request.path == "/odd") throw 42;
    throw std::runtime_error("broken");
  });
  auto client = server.connect();
  for (const auto& [path, status] : {std::pair("/", 500), {"/odd", 500}, {"/kept", 500}, {"/answered", 201}}) {
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, status) << path;
  }
  server.there([&](HttpServer&) { (*kept)({200, "", ""}), kept.reset(); });
}

TEST(HttpServerLife, AClientThatIsTooSlowGets408) {
  HttpServerOptions options;
  options.limits.receive_timeout = 30ms;
  TestServer server(ok, options);
  for (const std::string_view part :
       {"GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    auto client = server.connect();
    client.send(part);
    EXPECT_EQ(client.read_answer().status, 408) << part;
    EXPECT_EQ(client.read_to_end(), "");
  }
  EXPECT_EQ(server.there([](HttpServer& s) { return s.counters().too_slow; }), 4U);
}

TEST(HttpServerLife, ATricklingClientGets408) {
  HttpServerOptions options;
  options.limits.receive_timeout = 100ms;
  TestServer server(ok, options);
  auto client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  while (!client.has_answer() && client.send("X: y\r\n")) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(client.read_answer().status, 408);
}

TEST(HttpServerLife, APermittedBigBodyGetsMoreTime) {
  HttpServerOptions options;
  options.limits.receive_timeout = 1s;
  options.limits.body_bytes = 1000;
  options.body_limit = [](std::string_view, std::string_view) { return std::size_t{10'000}; };
  TestServer server(ok, options);
  auto client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n" + std::string(1000, 'a'));
  // More than 1 s in all, and never near the end of the time that it has so far.
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(350ms);
    client.send(std::string(1000, 'a'));
  }
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST(HttpServerLife, ASilentClientIsLeftWithoutAWord) {
  HttpServerOptions options;
  options.limits.idle_timeout = 200ms;
  TestServer server(ok, options);
  EXPECT_EQ(server.connect().read_to_end(), "");
  auto second = server.connect();
  second.send(kGet);
  EXPECT_EQ(second.read_answer().status, 200);
  EXPECT_EQ(second.read_to_end(), "");
}

TEST(HttpServerLife, AClientThatDoesNotReadIsDropped) {
  HttpServerOptions options;
  options.limits.send_timeout = 30ms;
  TestServer server(
      [](const HttpRequest&, const Respond& respond) { respond({200, "text/plain", std::string(32'000'000, 'a')}); },
      options);
  auto client = server.connect();
  client.send(kGet);
  EXPECT_TRUE(server.comes_true([](HttpServer& s) { return s.counters().requests == 1 && s.connections() == 0; }));
}

TEST(HttpServerLife, AClientThatNeverStopsSendingIsCutOff) {
  HttpServerOptions options;
  options.limits.linger_timeout = 50ms;
  TestServer server(ok, options);
  auto client = server.connect();
  client.send("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string noise(100'000, 'a');
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  bool is_open = true;
  while (is_open && std::chrono::steady_clock::now() < deadline) is_open = client.send(noise);
  EXPECT_FALSE(is_open);
}

TEST(HttpServerLife, ABigAnswerArrivesWhole) {
  TestServer server(
      [](const HttpRequest&, const Respond& respond) { respond({200, "text/plain", std::string(8'000'000, 'a')}); });
  EXPECT_EQ(server.ask(kGet).body, std::string(8'000'000, 'a'));
}

TEST(HttpServerLife, SurvivesClientsThatReset) {
  Keeper keeper;
  TestServer server(keeper.handler());
  for (const std::string_view part : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"}) {
    auto client = server.connect();
    client.send(part);
    client.reset();
  }
  auto client = server.connect();
  client.send(kGet);
  ASSERT_TRUE(server.comes_true([&](HttpServer&) { return keeper.kept.size() == 1; }));
  client.reset();
  server.there([&](HttpServer&) { keeper.kept[0]({200, "text/plain", std::string(1'000'000, 'a')}); });
  EXPECT_TRUE(server.comes_true([](HttpServer& s) { return s.connections() == 0; }));
  server.there([&](HttpServer&) { keeper.kept.clear(); });
}

TEST(HttpServerLife, ConnectionsBeyondTheBoundGet503) {
  HttpServerOptions options;
  options.limits.connections = 3;
  TestServer server(ok, options);
  std::vector<RawSocket> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect());
    clients.back().send(kGet);
    ASSERT_EQ(clients.back().read_answer().status, 200);
  }
  for (int i = 0; i < 20; ++i) {
    auto client = server.connect();
    client.send(kGet);
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.head, HasSubstr("Retry-After: 1\r\n"));
    EXPECT_EQ(client.read_to_end(), "");
  }
  EXPECT_EQ(server.there([](HttpServer& s) { return s.counters().refused; }), 20U);
  EXPECT_EQ(server.there([](HttpServer& s) { return s.connections(); }), 3U);
  clients.pop_back();
  ASSERT_TRUE(server.comes_true([](HttpServer& s) { return s.connections() == 2; }));
  EXPECT_EQ(server.ask(kGet).status, 200);
}

TEST(HttpServerLife, AFloodOfConnectionsDoesNotHurt) {
  HttpServerOptions options;
  options.limits.connections = 2;
  TestServer server(ok, options);
  {
    std::vector<RawSocket> flood;
    for (int i = 0; i < 200; ++i) flood.push_back(server.connect());
    ASSERT_TRUE(server.comes_true(
        [](HttpServer& s) { return s.counters().accepted + s.counters().refused == 200 && s.connections() == 2; }));
  }
  ASSERT_TRUE(server.comes_true([](HttpServer& s) { return s.connections() == 0; }));
  EXPECT_EQ(server.ask(kGet).status, 200);
}

TEST(HttpServerLife, DrainsWhenItStopsAccepting) {
  Keeper keeper;
  TestServer server(keeper.handler());
  auto idle = server.connect();
  ASSERT_TRUE(server.comes_true([](HttpServer& s) { return s.connections() == 1; }));
  auto waiting = server.connect();
  waiting.send(kGet);
  ASSERT_TRUE(server.comes_true([&](HttpServer&) { return keeper.kept.size() == 1; }));
  server.there([](HttpServer& s) { s.stop_accepting(); });
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_FALSE(server.connect().is_connected());
  server.there([&](HttpServer&) { keeper.kept[0]({200, "", ""}); });
  const auto answer = waiting.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
  waiting.close();
  EXPECT_TRUE(server.comes_true([](HttpServer& s) { return s.connections() == 0; }));
  server.there([&](HttpServer&) { keeper.kept.clear(); });
}

TEST(HttpServerLife, ARespondMayOutliveConnectionAndServer) {
  Keeper keeper;
  {
    TestServer server(keeper.handler());
    auto client = server.connect();
    client.send(kGet);
    ASSERT_TRUE(server.comes_true([&](HttpServer&) { return keeper.kept.size() == 1; }));
    server.there([](HttpServer& s) { s.close(); });
    EXPECT_EQ(client.read_to_end(), "");
  }
  keeper.kept[0]({200, "", ""});
}

TEST(HttpServerLife, MayBeClosedByItsOwnHandler) {
  HttpServer* self = nullptr;
  TestServer server([&](const HttpRequest&, const Respond& respond) {
    self->close();
    respond({200, "", ""});
  });
  server.there([&](HttpServer& s) { self = &s; });
  EXPECT_EQ(server.ask(kGet).status, 0);
}

TEST(HttpServerLife, ItsIoContextMayEndWithConnectionsOpen) {
  Keeper keeper;
  std::optional<RawSocket> idle;
  std::optional<RawSocket> waiting;
  {
    boost::asio::io_context io;
    HttpServer server(io, keeper.handler());
    ASSERT_TRUE(server.listen("127.0.0.1", 0));
    idle.emplace(RawSocket::connect(server.port()));
    waiting.emplace(RawSocket::connect(server.port()));
    waiting->send(kGet);
    while (keeper.kept.empty()) io.run_one_for(kPatience);
  }
  EXPECT_EQ(idle->read_to_end(), "");
  EXPECT_EQ(waiting->read_to_end(), "");
  keeper.kept[0]({200, "", ""});
}

TEST(HttpServerLife, SaysWhyItCannotListen) {
  boost::asio::io_context io;
  HttpServer first(io, ok);
  ASSERT_TRUE(first.listen("127.0.0.1", 0));
  ASSERT_NE(first.port(), 0);
  HttpServer second(io, ok);
  const auto where = "127.0.0.1:" + std::to_string(first.port());
  const auto in_use = second.listen("127.0.0.1", first.port());
  ASSERT_FALSE(in_use);
  EXPECT_EQ(in_use.error().detail, "cannot listen on " + where + ": another program listens there already");
  for (const auto* bad : {"localhost", "", "127.0.0.300", "1.2.3", ":::", "192.0.2.1"}) {
    const auto listens = second.listen(bad, 3000);
    ASSERT_FALSE(listens) << bad;
    EXPECT_THAT(listens.error().detail, HasSubstr(std::string("cannot listen on ")));
    EXPECT_THAT(listens.error().detail, HasSubstr(":3000"));
  }
  EXPECT_TRUE(second.listen("127.0.0.1", 0)) << "a failure is not final";
}

TEST(HttpServerLife, ShowsIpv4ClientsOfADualStackSocketAsSuch) {
  if (const int probe = ::socket(AF_INET6, SOCK_STREAM, 0); probe >= 0) {
    ::close(probe);
  } else {
    GTEST_SKIP() << "no IPv6 here";
  }
  TestServer server(
      [](const HttpRequest& request, const Respond& respond) {
        respond({200, "text/plain", request.peer + (request.peer_is_loopback ? " loopback" : "")});
      },
      {}, "::");
  EXPECT_EQ(server.ask(kGet).body, "127.0.0.1 loopback");
}

}  // namespace
}  // namespace carillon::net
