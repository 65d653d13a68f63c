// One AMI connection, from connect to its end: challenge login (MD5; AMI has nothing better), event filters, pipelined
// actions matched by ActionID, pings. It does not reconnect: its owner (Node) does. Lives on the control thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "asterisk/ami_message.h"
#include "base/result.h"

namespace carillon::asterisk {

struct AmiLogin {
  std::string host;
  std::uint16_t port = 5038;
  std::string username;
  std::string secret;
  // Names of the events that may arrive; empty = none at all.
  std::vector<std::string> events;
};

// The answer to an action: the response, and for lists the events up to and with the closing one (ListItems).
struct AmiAnswer {
  AmiMessage response;
  std::vector<AmiMessage> items;
};

class AmiConnection : public std::enable_shared_from_this<AmiConnection> {
 public:
  static constexpr std::size_t kMaxPendingActions = 50'000;
  static constexpr std::size_t kMaxOutputBytes = 16 * 1024 * 1024;

  using OnEvent = std::function<void(AmiMessage)>;
  using OnBroken = std::function<void(std::string reason)>;
  using OnAnswer = std::function<void(Result<AmiAnswer>)>;

  AmiConnection(boost::asio::io_context& io, AmiLogin login, OnEvent on_event, OnBroken on_broken);

  // Connects and logs in, within the deadline. Errors name host, port and what Asterisk said.
  boost::asio::awaitable<Result<void>> open(std::chrono::seconds deadline);

  // Sends now, behind what was sent before. The answer may be an error: broken connection, Asterisk's refusal is not
  // one (see AmiMessage::is_success). Without on_answer the response is dropped.
  void send(AmiAction action, OnAnswer on_answer);
  // A list action (EventList).
  boost::asio::awaitable<Result<AmiAnswer>> ask(AmiAction action, std::chrono::seconds deadline);

  // No callback runs after it.
  void close();
  bool is_open() const { return is_open_; }
  std::string next_action_id();

 private:
  struct Pending {
    OnAnswer on_answer;
    AmiAnswer answer;
  };

  boost::asio::awaitable<Result<void>> log_in();
  boost::asio::awaitable<void> read_until_broken();
  boost::asio::awaitable<void> ping_until_broken();
  void dispatch(AmiMessage message);
  void flush();
  void broken(std::string reason);

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::socket socket_;
  AmiLogin login_;
  OnEvent on_event_;
  OnBroken on_broken_;
  AmiParser parser_;
  std::string output_;   // waits to be written
  std::string writing_;  // being written
  std::unordered_map<std::string, Pending> pending_;
  std::uint64_t next_id_ = 1;
  bool is_flush_due_ = false;
  bool is_open_ = false;
  bool is_closed_ = false;
};

}  // namespace carillon::asterisk
