// A connected TCP socket for coroutines whose every await has a deadline, and the bytes read from it that nobody has
// used yet. Owned by one connection, on the thread that runs the io_context; one await at a time. Never throws for what
// the other side does. Limit: the buffer, whose size the caller watches (pending()).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/time.h"

namespace carillon::net {

class TimedSocket {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  enum class Got { kBytes, kTimeout, kEnd };

  explicit TimedSocket(boost::asio::ip::tcp::socket socket);

  // Adds to pending(), at most kReadBytes. kEnd: the other side closed or vanished, or close() was called.
  boost::asio::awaitable<Got> read_some(Deadline deadline);
  // All of it; false when the connection broke, the other side took nothing for as long as the timeout, or the deadline
  // came. The bytes must stay until then.
  boost::asio::awaitable<bool> write(std::string_view bytes, Duration timeout, Deadline deadline = Deadline::max());
  // After the last write: waits until the other side closes, discarding what it still sends. RFC 9112 9.6: closing with
  // unread bytes would reset the connection, and the answer might never be seen.
  boost::asio::awaitable<void> linger(Duration timeout);

  std::string_view pending() const { return std::string_view(buffer_).substr(used_); }
  void consume(std::size_t bytes);

  // Ends the await that is under way; every later one ends at once.
  void close();
  bool is_closed() const { return !socket_.is_open(); }

  // Open, and nothing has arrived that is not read yet, not even the end.
  bool is_quiet();

  // An IPv4 address as such even on a dual-stack socket; unspecified when the peer is gone.
  boost::asio::ip::address peer() const;

  static constexpr std::size_t kReadBytes = 16 * 1024;

 private:
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::string buffer_;
  std::size_t used_ = 0;  // of the buffer's front
};

}  // namespace carillon::net
