#include "asterisk/ari_connection.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "net/test_web_socket.h"

namespace carillon::asterisk {
namespace {

namespace json = boost::json;
using net::FakeWebSocketPeer;
using net::kPatience;
using net::RawListener;

// An AriConnection with a thread of its own, and what it told.
class Client {
 public:
  explicit Client(std::uint16_t port) : told_(std::make_shared<Told>()) {
    log::set_up(log::Format::kText, "off");
    there([this, port] {
      AriOptions options;
      options.port = port;
      options.username = "carillon";
      options.password = "secret";
      options.probe_timeout = std::chrono::milliseconds(300);
      ari_ = std::make_unique<AriConnection>(io_, options);
      ari_->set_listener({[told = told_](const AriEvent& event) { told->add("event " + event.channel); },
                          [told = told_] { told->add("up"); }, [told = told_] { told->add("down"); }});
      ari_->start();
    });
  }
  ~Client() {
    there([this] { ari_.reset(); });
    work_.reset();
    thread_.join();
  }
  std::string next() { return told_->next(); }
  AriState state() {
    AriState state;
    there([&] { state = ari_->state(); });
    return state;
  }
  // Its answer is told as "answer 200" or "error …".
  void ask(const std::string& path) {
    there([this, path] {
      ari_->ask({"GET", path, {}}, [told = told_](const Result<AriAnswer>& answer) {
        told->add(answer ? "answer " + std::to_string(answer->status) + " " + answer->body
                         : "error " + std::string(slug_of(answer.error().code)));
      });
    });
  }

 private:
  struct Told {
    void add(std::string what) {
      const std::scoped_lock lock(mutex);
      all.push_back(std::move(what));
      wake.notify_one();
    }
    std::string next() {
      std::unique_lock lock(mutex);
      if (!wake.wait_for(lock, kPatience, [this] { return !all.empty(); })) return "nothing";
      auto what = std::move(all.front());
      all.pop_front();
      return what;
    }
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::string> all;
  };
  void there(const std::function<void()>& work) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  std::shared_ptr<Told> told_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<AriConnection> ari_;
  std::thread thread_{[this] { io_.run(); }};
};

// A node that knows REST over WebSocket.
struct Node {
  FakeWebSocketPeer peer;
  explicit Node(RawListener& listener) : peer(listener.accept()) { peer.agree(); }
  json::object request() { return json::parse(peer.read_text()).as_object(); }
  void answer(const json::object& request, int status, std::string_view body) {
    peer.send_text(json::serialize(json::object{{"type", "RESTResponse"},
                                                {"request_id", request.at("request_id")},
                                                {"status_code", status},
                                                {"message_body", body}}));
  }
  // The ping by which it is known, and the filter.
  void greet() {
    const auto ping = request();
    EXPECT_EQ(ping.at("uri").as_string(), "asterisk/ping");
    answer(ping, 200, "{}");
    const auto filter = request();
    EXPECT_EQ(filter.at("uri").as_string(), "applications/carillon/eventFilter");
    answer(filter, 200, "{}");
  }
};

TEST(AriConnection, RequestsTravelOverTheWebSocketWhereTheNodeKnowsThat) {
  RawListener listener;
  Client client(listener.port());
  Node node(listener);
  EXPECT_TRUE(node.peer.head().starts_with("GET /ari/events?app=carillon&subscribeAll=false ")) << node.peer.head();
  EXPECT_NE(node.peer.head().find("Authorization: Basic Y2FyaWxsb246c2VjcmV0"), std::string::npos);
  node.greet();
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(client.state().transport, "websocket");
  client.ask("channels/a");
  client.ask("channels/b");
  const auto first = node.request();
  const auto second = node.request();
  EXPECT_EQ(second.at("uri").as_string(), "channels/b");
  node.answer(second, 404, "b");
  node.answer(first, 200, "a");
  EXPECT_EQ(client.next(), "answer 404 b") << "by their ids, in whatever order";
  EXPECT_EQ(client.next(), "answer 200 a");
  node.answer(first, 200, "again");
  node.peer.send_text("no JSON");
  node.peer.send_text(R"({"type":"StasisStart","channel":{"id":"x"}})");
  EXPECT_EQ(client.next(), "event x") << "what is odd or late is passed over";
}

TEST(AriConnection, ANodeThatDoesNotKnowItIsAskedByHttp) {
  RawListener listener;
  Client client(listener.port());
  Node node(listener);
  node.request();  // the ping, which such a node ignores
  auto http = listener.accept();
  const auto answer = [&http](std::string_view target, std::string_view body) {
    const auto head = http.read_until("\r\n\r\n");
    EXPECT_NE(head.find(target), std::string::npos) << head;
    EXPECT_NE(head.find("Authorization: Basic Y2FyaWxsb246c2VjcmV0"), std::string::npos) << head;
    const auto length = head.find("Content-Length: ");
    if (length != std::string::npos) http.read_bytes(std::strtoul(head.c_str() + length + 16, nullptr, 10));
    http.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  };
  answer("GET /ari/asterisk/ping ", "{}");
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(client.state().transport, "http");
  answer("PUT /ari/applications/carillon/eventFilter ", "{}");
  client.ask("channels");
  answer("GET /ari/channels ", "[]");
  EXPECT_EQ(client.next(), "answer 200 []");
  node.peer.send_text(R"({"type":"ChannelDestroyed","channel":{"id":"y"}})");
  EXPECT_EQ(client.next(), "event y") << "events come by the WebSocket all the same";
}

TEST(AriConnection, ALostConnectionFailsWhatIsUnderWayAndComesBack) {
  RawListener listener;
  Client client(listener.port());
  {
    Node node(listener);
    node.greet();
    EXPECT_EQ(client.next(), "up");
    client.ask("channels/a");
    node.request();
    node.peer.socket().reset();
  }
  EXPECT_EQ(client.next(), "error telephony");
  EXPECT_EQ(client.next(), "down");
  client.ask("channels/a");
  EXPECT_EQ(client.next(), "error unavailable");
  Node again(listener);
  again.greet();
  EXPECT_EQ(client.next(), "up");
}

TEST(AriConnection, AWrongPasswordIsToldAndTriedAgain) {
  RawListener listener;
  Client client(listener.port());
  FakeWebSocketPeer(listener.accept()).refuse(401);
  FakeWebSocketPeer(listener.accept()).refuse(401);
  const auto state = client.state();
  EXPECT_EQ(state.state, "down");
  EXPECT_NE(state.detail.find("HTTP 401"), std::string::npos) << state.detail;
}

TEST(AriConnection, WithoutAUserItIsOff) {
  boost::asio::io_context io;
  AriConnection ari(io, {});
  ari.start();
  EXPECT_EQ(ari.state().state, "off");
  EXPECT_EQ(io.run(), 0u) << "it does nothing";
}

}  // namespace
}  // namespace carillon::asterisk
