// The connection to an Asterisk's ARI: events by WebSocket, requests over the same WebSocket where the node knows that
// (Asterisk 20.14, 22.4 and later), else by HTTP. Connects again by itself, with back-off; nothing of a call depends on
// it. On the control thread; HTTP requests wait on a thread of their own.
// Limits: kMaxPending requests under way, kRequestTimeout for each, the WebSocket's own bounds.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "asterisk/ari_message.h"
#include "base/worker.h"
#include "core/ports/live_control.h"
#include "net/backoff.h"
#include "net/http_client.h"
#include "net/web_socket.h"

namespace carillon::asterisk {

struct AriOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8088;
  std::string username;  // empty: ARI is not used
  std::string password;
  std::string app = "carillon";  // the Stasis application
  // How long a node may take to answer the first request over the WebSocket before HTTP is used instead.
  std::chrono::milliseconds probe_timeout{3000};
};

class AriConnection {
 public:
  static constexpr std::size_t kMaxPending = 256;
  static constexpr std::chrono::seconds kRequestTimeout{10};

  using OnAnswer = std::function<void(Result<AriAnswer>)>;
  struct Listener {
    std::function<void(const AriEvent&)> on_event;
    std::function<void()> on_up;    // connected; what was before is not replayed
    std::function<void()> on_down;  // only after on_up
  };

  AriConnection(boost::asio::io_context& io, AriOptions options);
  ~AriConnection();
  AriConnection(const AriConnection&) = delete;
  AriConnection& operator=(const AriConnection&) = delete;

  // Before start().
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  void start();
  void stop();

  // An error: not connected (Unavailable), lost (Telephony), no answer in time (Timeout), too many (QueueFull). A
  // refusal by ARI is an answer.
  void ask(AriRequest request, OnAnswer on_answer);
  boost::asio::awaitable<Result<AriAnswer>> ask(AriRequest request);

  const std::string& app() const { return options_.app; }
  AriState state() const { return state_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Pending {
    OnAnswer on_answer;
    Clock::time_point deadline;
  };

  void connect();
  void on_open(Result<void> opened);
  void on_text(const std::string& text);
  void probe();
  void ready(std::string transport);
  void lost(const std::string& reason);
  void ask_by_web_socket(const AriRequest& request, std::chrono::milliseconds timeout, OnAnswer on_answer);
  void ask_by_http(AriRequest request, OnAnswer on_answer);
  void sweep();

  boost::asio::io_context& io_;
  AriOptions options_;
  Listener listener_;
  AriState state_;
  std::string authorization_;
  std::unique_ptr<net::WebSocket> socket_;
  std::map<std::string, Pending> pending_;
  std::uint64_t next_id_ = 1;
  boost::asio::steady_timer retry_;
  boost::asio::steady_timer sweep_;
  net::Backoff backoff_;
  bool is_stopped_ = true;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);  // what comes back from the HTTP thread sees it
  net::HttpClient http_;
  Worker http_thread_{kMaxPending};  // ends before what it uses
};

}  // namespace carillon::asterisk
