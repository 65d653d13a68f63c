// One Asterisk server: three AMI connections (orders, events, journal) that live and die together, and what the engine
// sees of them. Reconnects by itself. Lives on the control thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <string>

#include "asterisk/ami_connection.h"
#include "core/ports/telephony.h"
#include "net/backoff.h"

namespace carillon::asterisk {

struct NodeOptions {
  AmiLogin orders;  // its user has allowmultiplelogin=no, so that no older session of ours can still be read from
  AmiLogin events;
  AmiLogin journal;  // deletes and snapshots never hold up an order
};

class Node final : public Telephony {
 public:
  static constexpr std::size_t kMaxHeldEvents = 200'000;

  Node(boost::asio::io_context& io, NodeOptions options);
  ~Node() override;

  void start();
  void stop();

  bool place(const Placement& placement) override;
  void acknowledge(const std::string& attempt_id, std::uint32_t seq) override;
  void hang_up(const std::string& attempt_id) override;
  void finish(const std::string& attempt_id) override;
  void forget(const std::string& attempt_id, const std::vector<std::uint32_t>& seqs) override;
  void look(std::function<void(Result<NodeSnapshot>)> reply) override;
  NodeState state() const override { return state_; }
  void set_listener(Listener listener) override { listener_ = std::move(listener); }
  void release_events() override;

  // For the control of live calls (LiveCalls), which sees what the engine has no use for.
  struct LiveListener {
    std::function<void(const std::string& order_id)> on_said;  // a prompt of context carillon-live was heard to its end
    std::function<void(const std::string& channel_id)> on_gone;  // a channel has ended
  };
  void set_live_listener(LiveListener listener) { live_listener_ = std::move(listener); }
  // Any action of AMI's class call; Unavailable without a connection. The action has no id yet.
  boost::asio::awaitable<Result<AmiAnswer>> ask(AmiAction action);

 private:
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<Result<void>> connect();
  boost::asio::awaitable<Result<void>> wait_until_booted();
  boost::asio::awaitable<Result<std::string>> boot_identity();
  boost::asio::awaitable<void> look_now(std::function<void(Result<NodeSnapshot>)> reply);
  void disconnect();
  void on_message(const AmiMessage& message);
  void emit(std::string attempt_id, CallEvent event);

  struct HeldEvent {
    std::string attempt_id;
    CallEvent event;
  };

  boost::asio::io_context& io_;
  NodeOptions options_;
  Listener listener_;
  LiveListener live_listener_;
  NodeState state_;
  std::shared_ptr<AmiConnection> orders_;
  std::shared_ptr<AmiConnection> events_;
  std::shared_ptr<AmiConnection> journal_;
  std::deque<HeldEvent> held_;
  bool is_holding_ = true;
  bool is_booted_ = false;  // the events connection has said so
  bool is_stopping_ = false;
  std::string broken_reason_;
  boost::asio::steady_timer wake_;  // canceled when a connection breaks
  net::Backoff backoff_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);  // callbacks that outlive the node see it
};

}  // namespace carillon::asterisk
