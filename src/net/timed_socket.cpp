#include "net/timed_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace carillon::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

struct Transfer {
  error_code error;
  std::size_t bytes;
  bool is_late;  // the deadline came first, and nothing was transferred
};

// The operation and the timer, whichever ends first; the other is cancelled, and both are over when this returns, so
// that nothing dangles. Only for operations of one step: others (async_write) would be cancelled between two steps by
// luck.
template <class Operation>
asio::awaitable<Transfer> race(asio::steady_timer& timer, TimedSocket::Deadline deadline, Operation operation) {
  timer.expires_at(deadline);
  const auto [order, error, bytes, ignored] =
      co_await asio::experimental::make_parallel_group(std::move(operation), timer.async_wait(asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  constexpr std::size_t kTimer = 1;
  co_return Transfer{error, bytes, error && order[0] == kTimer};
}

}  // namespace

TimedSocket::TimedSocket(tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
}

asio::awaitable<TimedSocket::Got> TimedSocket::read_some(Deadline deadline) {
  if (is_closed()) co_return Got::kEnd;
  // A sender that always has a byte ready would otherwise win every race.
  if (std::chrono::steady_clock::now() >= deadline) co_return Got::kTimeout;
  buffer_.erase(0, std::exchange(used_, 0));
  const auto before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const auto space = asio::buffer(buffer_.data() + before, kReadBytes);
  const auto read = co_await race(timer_, deadline, socket_.async_read_some(space, asio::deferred));
  buffer_.resize(before + read.bytes);
  if (read.is_late && !is_closed()) co_return Got::kTimeout;
  co_return read.error ? Got::kEnd : Got::kBytes;
}

asio::awaitable<bool> TimedSocket::write(std::string_view bytes, Duration timeout, Deadline deadline) {
  while (!bytes.empty() && !is_closed()) {
    const auto next = std::min<Deadline>(std::chrono::steady_clock::now() + timeout, deadline);
    const auto rest = asio::buffer(bytes.data(), bytes.size());
    const auto written = co_await race(timer_, next, socket_.async_write_some(rest, asio::deferred));
    if (written.error) co_return false;
    bytes.remove_prefix(written.bytes);
  }
  co_return bytes.empty();
}

asio::awaitable<void> TimedSocket::linger(Duration timeout) {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  do consume(pending().size());
  while (co_await read_some(deadline) == Got::kBytes);
}

void TimedSocket::consume(std::size_t bytes) {
  used_ += bytes;
  if (used_ < buffer_.size()) return;
  buffer_.clear();
  used_ = 0;
}

void TimedSocket::close() {
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

bool TimedSocket::is_quiet() {
  char byte = 0;
  if (is_closed() || !pending().empty()) return false;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

asio::ip::address TimedSocket::peer() const {
  error_code ignored;
  const auto address = socket_.remote_endpoint(ignored).address();
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

}  // namespace carillon::net
