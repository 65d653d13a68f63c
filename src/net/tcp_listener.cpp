#include "net/tcp_listener.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "base/log.h"

namespace carillon::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto kPauseAfterError = std::chrono::milliseconds(100);

Error listen_error(const std::string& where, const error_code& error) {
  std::string why = error.message();
  if (error == asio::error::address_in_use) why = "another program listens there already";
  if (error == asio::error::access_denied) why = "ports below 1024 need a privilege";
  if (error == boost::system::errc::address_not_available) why = "this machine does not have that address";
  return Error(ErrorCode::Config, "cannot listen on " + where + ": " + why);
}

}  // namespace

struct TcpListener::State {
  State(asio::io_context& io, Accepted on_accepted) : acceptor(io), pause(io), accepted(std::move(on_accepted)) {}

  tcp::acceptor acceptor;
  asio::steady_timer pause;
  Accepted accepted;
  bool is_troubled = false;

  static void accept_next(std::shared_ptr<State> state) {
    auto& acceptor = state->acceptor;
    acceptor.async_accept([state = std::move(state)](const error_code& error, tcp::socket socket) mutable {
      if (!state->acceptor.is_open()) return;
      if (error && error != asio::error::connection_aborted) return pause_then_accept(std::move(state), error);
      state->is_troubled = false;
      if (!error) state->accepted(std::move(socket));
      if (state->acceptor.is_open()) accept_next(std::move(state));
    });
  }

  static void pause_then_accept(std::shared_ptr<State> state, const error_code& error) {
    // Once, not at every try.
    if (!std::exchange(state->is_troubled, true)) log::warn("accept-failed", {{"why", error.message()}});
    auto& pause = state->pause;
    pause.expires_after(kPauseAfterError);
    pause.async_wait([state = std::move(state)](const error_code&) mutable {
      if (state->acceptor.is_open()) accept_next(std::move(state));
    });
  }
};

TcpListener::TcpListener(asio::io_context& io, Accepted accepted)
    : state_(std::make_shared<State>(io, std::move(accepted))) {}

TcpListener::~TcpListener() { close(); }

Result<void> TcpListener::listen(const std::string& address, std::uint16_t port) {
  auto& acceptor = state_->acceptor;
  CARILLON_CHECK(!acceptor.is_open());
  const bool is_v6 = address.find(':') != std::string::npos;
  const auto where = fmt::format("{}{}{}:{}", is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
  error_code error;
  const tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
  if (error)
    return fail(ErrorCode::Config, "cannot listen on " + where +
                                       ": this is not an IP address; 127.0.0.1 is this machine alone, 0.0.0.0 and :: "
                                       "are every network that it is on");
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    close();
    return std::unexpected(listen_error(where, error));
  }
  State::accept_next(state_);
  return {};
}

std::uint16_t TcpListener::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

void TcpListener::close() {
  error_code ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
}

}  // namespace carillon::net
