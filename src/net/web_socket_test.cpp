#include "net/web_socket.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "net/test_web_socket.h"

namespace carillon::net {
namespace {

// What the client's callbacks told, in order.
class Heard {
 public:
  void tell(std::string what) {
    const std::scoped_lock lock(mutex_);
    told_.push_back(std::move(what));
    wake_.notify_one();
  }
  // The next one, or "nothing" when patience ends.
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!wake_.wait_for(lock, kPatience, [this] { return !told_.empty(); })) return "nothing";
    auto what = std::move(told_.front());
    told_.pop_front();
    return what;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> told_;
};

// A client with a thread of its own.
class Client {
 public:
  explicit Client(WebSocketOptions options) : heard_(std::make_shared<Heard>()) {
    there([this, options] {
      socket_ = std::make_unique<WebSocket>(io_, options);
      socket_->open(
          [heard = heard_](const Result<void>& opened) {
            heard->tell(opened ? "open" : "refused: " + opened.error().detail);
          },
          [heard = heard_](const std::string& text) { heard->tell("text: " + text); },
          [heard = heard_](const std::string& reason) { heard->tell("closed: " + reason); });
    });
  }
  ~Client() {
    there([this] { socket_.reset(); });
    work_.reset();
    thread_.join();
  }
  bool send(const std::string& text) {
    bool is_sent = false;
    there([&] { is_sent = socket_->send(text); });
    return is_sent;
  }
  void close() {
    there([this] { socket_->close(); });
  }
  std::string next() { return heard_->next(); }

 private:
  void there(const std::function<void()>& work) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  std::shared_ptr<Heard> heard_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<WebSocket> socket_;
  std::thread thread_{[this] { io_.run(); }};
};

WebSocketOptions to(const RawListener& listener) {
  WebSocketOptions options;
  options.host = "127.0.0.1";
  options.port = listener.port();
  options.target = "/events?app=x";
  options.headers = {{"Authorization", "Basic abc"}};
  return options;
}

TEST(WebSocket, TextGoesBothWaysAndTheHandshakeCarriesOurHeaders) {
  RawListener listener;
  Client client(to(listener));
  FakeWebSocketPeer peer(listener.accept());
  EXPECT_TRUE(peer.head().starts_with("GET /events?app=x HTTP/1.1\r\n")) << peer.head();
  EXPECT_NE(peer.head().find("Authorization: Basic abc\r\n"), std::string::npos) << peer.head();
  peer.agree();
  EXPECT_EQ(client.next(), "open");
  peer.send_text("hello");
  EXPECT_EQ(client.next(), "text: hello");
  EXPECT_TRUE(client.send("one"));
  EXPECT_TRUE(client.send(std::string(70'000, 'x')));
  EXPECT_EQ(peer.read_text(), "one");
  EXPECT_EQ(peer.read_text(), std::string(70'000, 'x'));
  peer.send(FakeWebSocketPeer::kPing, "p");
  EXPECT_EQ(peer.read().opcode, FakeWebSocketPeer::kPong);
}

TEST(WebSocket, ARefusalNamesTheStatusAndNeverTheTarget) {
  RawListener listener;
  Client client(to(listener));
  FakeWebSocketPeer(listener.accept()).refuse(401);
  const auto told = client.next();
  EXPECT_NE(told.find("HTTP 401"), std::string::npos) << told;
  EXPECT_EQ(told.find("app=x"), std::string::npos) << told;
}

TEST(WebSocket, WhatSpeaksNoWebSocketIsRefused) {
  RawListener listener;
  Client client(to(listener));
  auto peer = listener.accept();
  peer.send("SSH-2.0-nothing\r\n");
  EXPECT_TRUE(client.next().starts_with("refused: "));
}

TEST(WebSocket, WithoutAServerItIsRefused) {
  WebSocketOptions options;
  {
    const RawListener gone;
    options = to(gone);
  }
  Client client(options);
  EXPECT_TRUE(client.next().starts_with("refused: "));
}

TEST(WebSocket, AServerThatDoesNotAnswerTheHandshakeIsGivenUp) {
  RawListener listener;
  auto options = to(listener);
  options.open_timeout = std::chrono::milliseconds(50);
  Client client(options);
  auto peer = listener.accept();
  EXPECT_TRUE(client.next().starts_with("refused: "));
}

TEST(WebSocket, ATooBigMessageEndsTheConnection) {
  RawListener listener;
  auto options = to(listener);
  options.max_message_bytes = 1000;
  Client client(options);
  FakeWebSocketPeer peer(listener.accept());
  peer.agree();
  EXPECT_EQ(client.next(), "open");
  peer.send_text(std::string(1001, 'x'));
  EXPECT_EQ(client.next(), "closed: a message is too big");
}

TEST(WebSocket, OutputThatNobodyTakesIsRefused) {
  RawListener listener;
  auto options = to(listener);
  options.max_output_bytes = 100'000;
  Client client(options);
  FakeWebSocketPeer peer(listener.accept());
  EXPECT_FALSE(client.send("too early"));
  peer.agree();
  EXPECT_EQ(client.next(), "open");
  EXPECT_FALSE(client.send(std::string(100'001, 'x')));
}

TEST(WebSocket, APeerThatDoesNotAnswerAPingIsGivenUp) {
  RawListener listener;
  auto options = to(listener);
  options.idle_timeout = std::chrono::milliseconds(200);
  Client client(options);
  FakeWebSocketPeer peer(listener.accept());
  peer.agree();
  EXPECT_EQ(client.next(), "open");
  EXPECT_TRUE(client.next().starts_with("closed: "));
}

TEST(WebSocket, AnEndIsToldOnceAndNothingAfterClose) {
  RawListener listener;
  Client client(to(listener));
  FakeWebSocketPeer peer(listener.accept());
  peer.agree();
  EXPECT_EQ(client.next(), "open");
  peer.socket().reset();
  EXPECT_TRUE(client.next().starts_with("closed: "));
  EXPECT_FALSE(client.send("late"));

  Client other(to(listener));
  FakeWebSocketPeer second(listener.accept());
  second.agree();
  EXPECT_EQ(other.next(), "open");
  other.close();
  EXPECT_EQ(second.read().opcode, -1);
}

}  // namespace
}  // namespace carillon::net
