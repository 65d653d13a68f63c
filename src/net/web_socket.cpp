#include "net/web_socket.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <utility>

namespace carillon::net {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

// Lives as long as an operation of it is under way; is_closed_ says that nobody listens any more.
class WebSocket::Impl : public std::enable_shared_from_this<WebSocket::Impl> {
 public:
  Impl(asio::io_context& io, WebSocketOptions options)
      : io_(io), stream_(io), timer_(io), options_(std::move(options)) {
    const bool is_v6 = options_.host.find(':') != std::string::npos;
    where_ = fmt::format("{}{}{}:{}", is_v6 ? "[" : "", options_.host, is_v6 ? "]" : "", options_.port);
  }

  void open(OnOpen on_open, OnMessage on_message, OnClosed on_closed) {
    on_message_ = std::move(on_message);
    on_closed_ = std::move(on_closed);
    asio::co_spawn(io_, run(shared_from_this(), std::move(on_open)), asio::detached);
  }

  bool send(std::string text) {
    if (!is_open_ || waiting_bytes_ + text.size() > options_.max_output_bytes) return false;
    waiting_bytes_ += text.size();
    output_.push_back(std::move(text));
    if (output_.size() == 1) asio::co_spawn(io_, write_all(shared_from_this()), asio::detached);
    return true;
  }

  void close() {
    is_closed_ = true;
    shut();
  }

 private:
  using Self = std::shared_ptr<Impl>;  // kept by a coroutine for as long as it runs

  static asio::awaitable<void> run(Self self, OnOpen on_open) {
    Result<void> opened = co_await self->connect();
    if (self->is_closed_) co_return;
    self->is_open_ = opened.has_value();
    if (!opened) self->shut();
    on_open(std::move(opened));
    std::string reason = co_await self->read_all();
    const bool must_tell = self->is_open_ && !self->is_closed_;
    self->shut();
    if (must_tell) self->on_closed_(std::move(reason));
  }

  asio::awaitable<Result<void>> connect() {
    const auto refuse = [this](std::string_view what) {
      return fail(ErrorCode::Io, fmt::format("{}: {}", where_, is_late_ ? "no connection in time" : what));
    };
    // The deadline closes the socket; whatever waits on it then fails.
    timer_.expires_after(options_.open_timeout);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->is_open_) return;
      self->is_late_ = true;
      self->shut();
    });
    error_code error;
    tcp::resolver resolver(io_);
    const auto endpoints = co_await resolver.async_resolve(options_.host, std::to_string(options_.port),
                                                           asio::redirect_error(asio::use_awaitable, error));
    if (error || is_late_ || is_closed_) co_return refuse(error.message());
    co_await asio::async_connect(stream_.next_layer(), endpoints, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return refuse(error.message());
    stream_.next_layer().set_option(tcp::no_delay(true), error);

    websocket::stream_base::timeout timeouts{};
    timeouts.handshake_timeout = options_.open_timeout;
    timeouts.idle_timeout = options_.idle_timeout;
    timeouts.keep_alive_pings = true;
    stream_.set_option(timeouts);
    stream_.set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
      for (const auto& [name, value] : options_.headers) request.set(name, value);
    }));
    // read_all() watches the size: Beast would say farewell first, and wait for the other side's.
    stream_.read_message_max(0);
    stream_.auto_fragment(false);
    websocket::response_type response;
    co_await stream_.async_handshake(response, where_, options_.target,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error == websocket::error::upgrade_declined)
      co_return refuse(fmt::format("the server answered HTTP {}", response.result_int()));
    if (error) co_return refuse(error.message());
    timer_.cancel();
    stream_.text(true);
    co_return Result<void>();
  }

  asio::awaitable<std::string> read_all() {
    boost::beast::flat_buffer buffer;
    while (is_open_) {
      error_code error;
      co_await stream_.async_read_some(buffer, kReadBytes, asio::redirect_error(asio::use_awaitable, error));
      if (error == websocket::error::closed) co_return "closed by the server";
      if (error) co_return error.message();
      if (is_closed_) break;
      if (buffer.size() > options_.max_message_bytes) co_return "a message is too big";
      if (!stream_.is_message_done()) continue;
      if (stream_.got_text()) on_message_(boost::beast::buffers_to_string(buffer.data()));
      buffer.consume(buffer.size());
    }
    co_return "";
  }

  static asio::awaitable<void> write_all(Self self) {
    while (self->is_open_ && !self->output_.empty()) {
      error_code error;
      co_await self->stream_.async_write(asio::buffer(self->output_.front()),
                                         asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        // The read that is under way ends by it, and tells.
        error_code ignored;
        self->stream_.next_layer().close(ignored);
        co_return;
      }
      self->waiting_bytes_ -= self->output_.front().size();
      self->output_.pop_front();
    }
  }

  void shut() {
    is_open_ = false;
    timer_.cancel();
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

  asio::io_context& io_;
  websocket::stream<tcp::socket, false> stream_;
  asio::steady_timer timer_;
  WebSocketOptions options_;
  std::string where_;
  OnMessage on_message_;
  OnClosed on_closed_;
  std::deque<std::string> output_;  // the first one is being written
  std::size_t waiting_bytes_ = 0;
  bool is_open_ = false;
  bool is_late_ = false;
  bool is_closed_ = false;
};

WebSocket::WebSocket(asio::io_context& io, WebSocketOptions options)
    : impl_(std::make_shared<Impl>(io, std::move(options))) {}

WebSocket::~WebSocket() { close(); }

void WebSocket::open(OnOpen on_open, OnMessage on_message, OnClosed on_closed) {
  impl_->open(std::move(on_open), std::move(on_message), std::move(on_closed));
}

bool WebSocket::send(std::string text) { return impl_->send(std::move(text)); }

void WebSocket::close() { impl_->close(); }

}  // namespace carillon::net
