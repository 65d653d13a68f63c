#include "net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <expected>
#include <optional>
#include <unordered_set>

#include "base/log.h"
#include "base/text.h"
#include "net/tcp_listener.h"
#include "net/timed_socket.h"

namespace carillon::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Got = TimedSocket::Got;
using Parser = http::request_parser<http::string_body>;

// Up to here an answer's body goes out in one piece with its head.
constexpr std::size_t kCopiedBodyBytes = 16 * 1024;
// Connections beyond the bound that are being told so; beyond this one they are just closed.
constexpr std::size_t kMaxRefusing = 64;

// What is sent before the connection ends; without it, it ends without a word.
using Refusal = std::optional<HttpResponse>;

std::unexpected<Refusal> refuse_with(int status, ErrorCode code, std::string detail) {
  return std::unexpected(Refusal(problem(status, Error(code, std::move(detail)))));
}
std::unexpected<Refusal> bad_request(std::string detail) {
  return refuse_with(400, ErrorCode::BadRequest, std::move(detail));
}
std::unexpected<Refusal> header_too_large(std::size_t limit) {
  return refuse_with(431, ErrorCode::TooLarge, fmt::format("the headers have more than {} bytes", limit));
}
std::unexpected<Refusal> body_too_large(std::size_t limit) {
  return refuse_with(413, ErrorCode::TooLarge, fmt::format("the body has more than {} bytes", limit));
}
std::unexpected<Refusal> nothing_to_say() { return std::unexpected(Refusal()); }

class Connection;

struct Server {
  Server(asio::io_context& context, Handler request_handler, HttpServerOptions server_options)
      : io(context), handler(std::move(request_handler)), options(std::move(server_options)) {}

  asio::io_context& io;
  Handler handler;
  HttpServerOptions options;
  std::unordered_set<Connection*> connections;
  std::size_t refusing = 0;  // of these
  HttpServerCounters counters;
  bool is_draining = false;
  bool is_closed = false;
};

// The promise to answer one request. All copies of a Respond share it; the last one to go tells the connection.
class Ticket {
 public:
  explicit Ticket(Connection& connection) : connection_(&connection) {}
  ~Ticket() { settle(std::nullopt); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  void settle(std::optional<HttpResponse> answer);
  // The connection is gone or waits no longer.
  void forget() { connection_ = nullptr; }

 private:
  Connection* connection_;
};

// One client. Lives in its coroutine's frame.
class Connection {
 public:
  Connection(std::shared_ptr<Server> server, tcp::socket socket)
      : server_(std::move(server)),
        limits_(server_->options.limits),
        socket_(std::move(socket)),
        answer_timer_(server_->io) {
    server_->connections.insert(this);
  }
  ~Connection() {
    forget_ticket();
    server_->connections.erase(this);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  awaitable<void> serve();
  // Says 503.
  awaitable<void> refuse();

  void close() {
    socket_.close();
    answer_timer_.cancel();
  }
  void close_if_idle() {
    if (is_idle_) close();
  }
  void settled(std::optional<HttpResponse> answer);

 private:
  // The request that is being received or answered.
  struct Current {
    Clock::time_point began = Clock::now();
    std::size_t header_bytes = 0;
    std::size_t body_bytes = 0;
    std::size_t body_limit = 0;
    bool is_http10 = false;
    bool is_head = false;
    bool is_keep_alive = false;
    bool is_settled = false;  // answered, or there will be no answer
    std::optional<HttpResponse> answer = {};
  };
  enum class Until { kHeaderDone, kBodyDone };

  awaitable<bool> wait_for_request();
  awaitable<std::expected<HttpRequest, Refusal>> receive();
  awaitable<std::expected<void, Refusal>> feed(Parser& parser, Until until);
  std::expected<bool, Refusal> put_pending(Parser& parser, Until until);
  std::expected<HttpRequest, Refusal> read_header(const Parser& parser);
  awaitable<HttpResponse> ask(HttpRequest request);
  bool call_handler(HttpRequest request);
  void forget_ticket();
  awaitable<bool> send(const HttpResponse& response, bool is_last);

  std::shared_ptr<Server> server_;
  const HttpLimits& limits_;
  TimedSocket socket_;
  asio::steady_timer answer_timer_;  // ends, or is cancelled when there is an answer
  bool is_idle_ = false;
  Current now_;
  Ticket* ticket_ = nullptr;
};

void Ticket::settle(std::optional<HttpResponse> answer) {
  if (auto* connection = std::exchange(connection_, nullptr)) connection->settled(std::move(answer));
}

awaitable<void> Connection::serve() {
  while (co_await wait_for_request()) {
    auto request = co_await receive();
    if (!request) {
      if (!request.error()) co_return;
      ++(request.error()->status == 408 ? server_->counters.too_slow : server_->counters.rejected);
      if (co_await send(*request.error(), true)) co_await socket_.linger(limits_.linger_timeout);
      co_return;
    }
    const auto answer = co_await ask(*std::move(request));
    const bool is_last = !now_.is_keep_alive || server_->is_draining;
    if (!co_await send(answer, is_last)) co_return;
    if (is_last) co_return co_await socket_.linger(limits_.linger_timeout);
  }
}

awaitable<void> Connection::refuse() {
  auto answer = problem(Error(ErrorCode::Unavailable, "too many connections are open"));
  answer.headers.emplace_back("Retry-After", "1");
  if (co_await send(answer, true)) co_await socket_.linger(limits_.linger_timeout);
}

// False when there will be none.
awaitable<bool> Connection::wait_for_request() {
  const auto deadline = Clock::now() + limits_.idle_timeout;
  for (;;) {
    // RFC 9112 2.2: empty lines before a request are to be ignored.
    const auto begin = socket_.pending().find_first_not_of("\r\n");
    socket_.consume(std::min(begin, socket_.pending().size()));
    if (begin != std::string_view::npos) co_return !socket_.is_closed();

    if (server_->is_draining) co_return false;
    is_idle_ = true;
    const auto got = co_await socket_.read_some(deadline);
    is_idle_ = false;
    if (got != Got::kBytes) co_return false;
  }
}

awaitable<std::expected<HttpRequest, Refusal>> Connection::receive() {
  now_ = Current();
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser.body_limit(boost::none);  // it depends on the path
  parser.eager(false);             // stop after the header
  if (auto fed = co_await feed(parser, Until::kHeaderDone); !fed) co_return std::unexpected(std::move(fed).error());
  auto request = read_header(parser);
  if (!request) co_return request;

  const auto& limit_of = server_->options.body_limit;
  now_.body_limit = limit_of ? limit_of(request->method, request->path) : limits_.body_bytes;
  if (parser.content_length().value_or(0) > now_.body_limit) co_return body_too_large(now_.body_limit);
  parser.body_limit(now_.body_limit);
  parser.eager(true);
  // RFC 9110 10.1.1: such a client holds its body back until it hears that it is welcome.
  const bool is_waiting = !parser.is_done() && !now_.is_http10 && to_lower(request->header("expect")) == "100-continue";
  if (is_waiting && !co_await socket_.write("HTTP/1.1 100 Continue\r\n\r\n", limits_.send_timeout))
    co_return nothing_to_say();
  if (auto fed = co_await feed(parser, Until::kBodyDone); !fed) co_return std::unexpected(std::move(fed).error());
  request->body = std::move(parser.get().body());
  co_return request;
}

awaitable<std::expected<void, Refusal>> Connection::feed(Parser& parser, Until until) {
  while (until == Until::kHeaderDone ? !parser.is_header_done() : !parser.is_done()) {
    const auto moved = put_pending(parser, until);
    if (!moved) co_return std::unexpected(moved.error());
    if (*moved) continue;
    const auto extensions = static_cast<int>(now_.body_bytes / std::max<std::size_t>(limits_.body_bytes, 1));
    const auto got = co_await socket_.read_some(now_.began + limits_.receive_timeout * (1 + extensions));
    if (got == Got::kEnd) co_return nothing_to_say();
    if (got == Got::kTimeout)
      co_return refuse_with(408, ErrorCode::Timeout, "the request did not arrive completely in time");
  }
  co_return std::expected<void, Refusal>();
}

// True when the parser may take more of what is there already.
std::expected<bool, Refusal> Connection::put_pending(Parser& parser, Until until) {
  const bool is_header = until == Until::kHeaderDone;
  // Beast 1.81 asserts that it gets the last chunk in no fewer bytes. All that comes in chunks ends in "0\r\n\r\n".
  const std::size_t least = !is_header && parser.chunked() ? 5 : 1;
  const auto pending = socket_.pending();
  if (pending.size() < least) return false;
  boost::system::error_code error;
  const auto used = parser.put(asio::buffer(pending.data(), pending.size()), error);
  socket_.consume(used);
  (is_header ? now_.header_bytes : now_.body_bytes) += used;
  const bool needs_more = error == http::error::need_more;
  // Beast counts line by line what it has not consumed yet; so we count the sum.
  if (error == http::error::header_limit || now_.header_bytes > limits_.header_bytes)
    return header_too_large(limits_.header_bytes);
  if (error == http::error::body_limit) return body_too_large(now_.body_limit);
  if (error && !needs_more) return bad_request("this is not valid HTTP/1.1: " + error.message());
  if (needs_more && !is_header && socket_.pending().size() > limits_.header_bytes)
    return bad_request("the line before a chunk, or the trailer after the last one, is too long");
  return used > 0 && !needs_more;
}

std::expected<HttpRequest, Refusal> Connection::read_header(const Parser& parser) {
  const auto view = [](boost::beast::string_view text) { return std::string_view(text.data(), text.size()); };
  const auto& message = parser.get();
  HttpRequest request;
  request.method = view(message.method_string());
  request.target = view(message.target());
  request.is_head = request.method == "HEAD";
  if (request.is_head) request.method = "GET";
  now_.is_head = request.is_head;
  now_.is_http10 = message.version() == 10;
  now_.is_keep_alive = message.keep_alive();
  for (const auto& field : message)
    request.headers.emplace_back(to_lower(view(field.name_string())), view(field.value()));

  if (request.target.size() > limits_.target_bytes)
    return refuse_with(414, ErrorCode::TooLarge,
                       fmt::format("the target has more than {} bytes", limits_.target_bytes));
  // RFC 9112 3.2.
  const auto hosts = std::ranges::count(request.headers, "host", &HttpPairs::value_type::first);
  if (hosts > 1 || (hosts == 0 && !now_.is_http10)) return bad_request("there must be one Host header");
  // RFC 9112 6.1: guessing where such a body ends is how requests are smuggled.
  const auto coding = to_lower(request.header("transfer-encoding"));
  if (!coding.empty() && (now_.is_http10 || coding != "chunked"))
    return bad_request("the only transfer encoding that is understood is chunked, in HTTP/1.1");
  auto target = parse_target(request.target);
  if (!target) return std::unexpected(Refusal(problem(target.error())));
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  const auto peer = socket_.peer();
  request.peer = peer.to_string();
  request.peer_is_loopback = peer.is_loopback();
  return request;
}

awaitable<HttpResponse> Connection::ask(HttpRequest request) {
  const auto method = request.method;
  const auto path = loggable_path(request.path);
  ++server_->counters.requests;
  const bool is_asked = call_handler(std::move(request));
  if (is_asked && !now_.is_settled && !socket_.is_closed()) {
    answer_timer_.expires_after(limits_.answer_timeout);
    co_await answer_timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  forget_ticket();
  if (now_.answer) co_return *std::move(now_.answer);
  if (socket_.is_closed()) co_return HttpResponse();  // nobody is there to read it
  ++server_->counters.unanswered;
  const bool is_late = is_asked && !now_.is_settled;
  if (is_asked)
    log::error(is_late ? "http-answer-late" : "http-answer-forgotten", {{"method", method}, {"path", path}});
  if (is_late) co_return problem(Error(ErrorCode::Timeout, "this takes too long; it may still succeed"));
  co_return problem(Error(ErrorCode::Internal, "the request could not be answered; the log says more"));
}

// False if it threw without having answered.
bool Connection::call_handler(HttpRequest request) {
  const auto method = request.method;
  const auto path = loggable_path(request.path);
  std::string what;
  try {
    auto ticket = std::make_shared<Ticket>(*this);
    ticket_ = ticket.get();
    server_->handler(std::move(request),
                     [ticket = std::move(ticket)](HttpResponse response) { ticket->settle(std::move(response)); });
    return true;
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
    what = "unknown exception";
  }
  log::error("http-handler-failed", {{"method", method}, {"path", path}, {"what", what}});
  return now_.answer.has_value();
}

void Connection::settled(std::optional<HttpResponse> answer) {
  ticket_ = nullptr;
  now_.is_settled = true;
  now_.answer = std::move(answer);
  answer_timer_.cancel();
}

void Connection::forget_ticket() {
  if (ticket_) ticket_->forget();
  ticket_ = nullptr;
}

awaitable<bool> Connection::send(const HttpResponse& response, bool is_last) {
  auto head = response_head(response, is_last ? "close" : now_.is_http10 ? "keep-alive" : "");
  const bool with_body = has_body(response.status) && !now_.is_head;
  const bool in_one_piece = with_body && response.body.size() <= kCopiedBodyBytes;
  if (in_one_piece) head += response.body;
  if (!co_await socket_.write(head, limits_.send_timeout)) co_return false;
  if (!with_body || in_one_piece) co_return true;
  co_return co_await socket_.write(response.body, limits_.send_timeout);
}

awaitable<void> run(std::shared_ptr<Server> server, tcp::socket socket) {
  if (server->is_closed) co_return;
  const bool is_refused = server->connections.size() - server->refusing >= server->options.limits.connections;
  ++(is_refused ? server->counters.refused : server->counters.accepted);
  if (is_refused && server->refusing >= kMaxRefusing) co_return;
  server->refusing += is_refused;
  try {
    Connection connection(server, std::move(socket));
    if (is_refused) co_await connection.refuse();
    if (!is_refused) co_await connection.serve();
  } catch (const std::exception& exception) {
    log::error("http-connection-failed", {{"what", exception.what()}});
  }
  server->refusing -= is_refused;
}

}  // namespace

struct HttpServer::Impl {
  Impl(asio::io_context& io, Handler handler, HttpServerOptions options)
      : server(std::make_shared<Server>(io, std::move(handler), std::move(options))),
        listener(io, [this](tcp::socket socket) {
          asio::co_spawn(server->io, run(server, std::move(socket)), asio::detached);
        }) {}

  // Shared with the connections' coroutines, whose frames only the io_context can destroy.
  std::shared_ptr<Server> server;
  TcpListener listener;
};

HttpServer::HttpServer(asio::io_context& io, Handler handler, HttpServerOptions options) {
  CARILLON_CHECK(handler);
  impl_ = std::make_unique<Impl>(io, std::move(handler), std::move(options));
}

HttpServer::~HttpServer() { close(); }

Result<void> HttpServer::listen(const std::string& address, std::uint16_t port) {
  return impl_->listener.listen(address, port);
}

std::uint16_t HttpServer::port() const { return impl_->listener.port(); }

void HttpServer::stop_accepting() {
  impl_->listener.close();
  impl_->server->is_draining = true;
  for (auto* connection : impl_->server->connections) connection->close_if_idle();
}

void HttpServer::close() {
  stop_accepting();
  impl_->server->is_closed = true;
  for (auto* connection : impl_->server->connections) connection->close();
}

std::size_t HttpServer::connections() const { return impl_->server->connections.size() - impl_->server->refusing; }

const HttpServerCounters& HttpServer::counters() const { return impl_->server->counters; }

}  // namespace carillon::net
