// The real server is test/system/test_events.py's; here are answers that it gives seldom.
#include "publish/nats_sink.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

#include "net/test_sockets.h"
#include "publish/testing/memory_outbox.h"

namespace carillon::publish {
namespace {

using testing::row;

// A server with one stream, which stores every message but those that it is told to refuse.
class FakeNats {
 public:
  FakeNats() : thread_([this] { serve(); }) {}
  ~FakeNats() {
    is_stopping_ = true;
    net::RawSocket::connect(port());
    thread_.join();
  }
  std::uint16_t port() const { return listener_.port(); }

  // Message ids. In both cases the others of a batch are stored.
  void forbid(std::set<std::string> ids) { set(forbidden_, std::move(ids)); }  // "-ERR", and no answer
  void delay(std::set<std::string> ids) { set(delayed_, std::move(ids)); }     // 503, as while a leader is chosen
  std::vector<std::string> stored() {
    const std::scoped_lock lock(mutex_);
    return stored_;
  }

 private:
  void set(std::set<std::string>& what, std::set<std::string> ids) {
    const std::scoped_lock lock(mutex_);
    what = std::move(ids);
  }
  void serve() {
    while (!is_stopping_) {
      auto socket = listener_.accept();
      if (!is_stopping_) talk(socket);
    }
  }
  void talk(net::RawSocket& socket) {
    socket.send("INFO {\"headers\":true}\r\n");
    for (;;) {
      const auto line = socket.read_until("\r\n");
      if (!line.ends_with("\r\n")) return;
      if (line.starts_with("PING")) socket.send("PONG\r\n");
      if (line.starts_with("PUB ")) answer_api(socket, line);
      if (line.starts_with("HPUB ")) answer_message(socket, line);
    }
  }
  static void reply(net::RawSocket& socket, const std::string& subject, const std::string& payload) {
    socket.send(fmt::format("MSG {} 1 {}\r\n{}\r\n", subject, payload.size(), payload));
  }
  static void answer_api(net::RawSocket& socket, const std::string& line) {
    char subject[256];
    char inbox[256];
    unsigned size = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "PUB %255s %255s %u", subject, inbox, &size), 3) << line;
    socket.read_bytes(size + 2);
    reply(socket, inbox, "{}");
  }
  void answer_message(net::RawSocket& socket, const std::string& line) {
    char subject[256];
    char inbox[256];
    unsigned head = 0;
    unsigned all = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "HPUB %255s %255s %u %u", subject, inbox, &head, &all), 4) << line;
    const auto bytes = socket.read_bytes(all + 2);
    constexpr std::string_view name = "Nats-Msg-Id: ";
    const auto begin = bytes.find(name) + name.size();
    const auto id = bytes.substr(begin, bytes.find("\r\n", begin) - begin);
    const std::scoped_lock lock(mutex_);
    if (forbidden_.contains(id)) {
      socket.send("-ERR 'Permissions Violation for Publish to \"carillon.call.status\"'\r\n");
    } else if (delayed_.contains(id)) {
      reply(socket, inbox, R"({"error":{"code":503,"description":"JetStream system temporarily unavailable"}})");
    } else {
      stored_.push_back(id);
      reply(socket, inbox, R"({"stream":"carillon","seq":1})");
    }
  }

  net::RawListener listener_;
  std::mutex mutex_;
  std::set<std::string> forbidden_;
  std::set<std::string> delayed_;
  std::vector<std::string> stored_;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

class NatsSinkTest : public ::testing::Test {
 protected:
  NatsSink make_sink() {
    NatsOptions options;
    options.server.port = server.port();
    options.stream = "carillon";
    return NatsSink(options, EventForm{});
  }
  FakeNats server;
};

TEST_F(NatsSinkTest, EachAcknowledgedEventIsDone) {
  auto sink = make_sink();
  const auto published = sink.publish({row(1), row(2)});
  EXPECT_EQ(published.done, 2u);
  EXPECT_FALSE(published.trouble);
  EXPECT_EQ(server.stored(), (std::vector<std::string>{"attempt-1", "attempt-2"}));
}

TEST_F(NatsSinkTest, WhatTheServerForbidsIsTheOneThatIsHeldUp) {
  auto sink = make_sink();
  server.forbid({"attempt-3"});
  const auto published = sink.publish({row(1), row(2), row(3), row(4)});
  EXPECT_EQ(published.done, 2u) << "what was acknowledged before it stays so";
  ASSERT_TRUE(published.trouble);
  EXPECT_NE(published.trouble->detail.find("Permissions Violation"), std::string::npos);
  // From then on alone: those behind it are not stored again and again.
  const auto before = server.stored().size();
  EXPECT_EQ(sink.publish({row(3), row(4)}).done, 0u);
  EXPECT_EQ(server.stored().size(), before);
  server.forbid({});
  const auto alone = sink.publish({row(3), row(4)});
  EXPECT_EQ(alone.done, 1u);
  EXPECT_FALSE(alone.trouble);
  EXPECT_EQ(sink.publish({row(4)}).done, 1u);
}

TEST_F(NatsSinkTest, AServerThatIsNotReadyIsTriedAgainFromThere) {
  auto sink = make_sink();
  server.delay({"attempt-1"});
  const auto published = sink.publish({row(1), row(2)});
  EXPECT_EQ(published.done, 0u);
  ASSERT_TRUE(published.trouble);
  EXPECT_NE(published.trouble->detail.find("temporarily unavailable"), std::string::npos);
  server.delay({});
  EXPECT_EQ(sink.publish({row(1), row(2)}).done, 1u);
  EXPECT_EQ(sink.publish({row(2)}).done, 1u);
}

}  // namespace
}  // namespace carillon::publish
