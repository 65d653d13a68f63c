// Accepts TCP connections on one address and hands the sockets to a function. Owned by a server, on the thread that
// runs the io_context, which must outlive it. Out of file descriptors it waits and tries again: clients stay in the
// kernel's backlog meanwhile.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace carillon::net {

class TcpListener {
 public:
  using Accepted = std::function<void(boost::asio::ip::tcp::socket)>;

  TcpListener(boost::asio::io_context& io, Accepted accepted);
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  // An IP address, v4 or v6; port 0 takes a free one. Once only, unless it failed.
  Result<void> listen(const std::string& address, std::uint16_t port);
  // The one that it listens on; 0 when it does not.
  std::uint16_t port() const;
  // Nothing is accepted afterwards.
  void close();

 private:
  struct State;
  // Shared with the accept that is under way, which only the io_context can end.
  std::shared_ptr<State> state_;
};

}  // namespace carillon::net
