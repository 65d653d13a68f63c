#include "net/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/timed_socket.h"

namespace carillon::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Deadline = TimedSocket::Deadline;
using Parser = http::response_parser<http::string_body>;

constexpr std::uint32_t kMaxHeaderBytes = 64 * 1024;
constexpr Duration kLongestTimeout = std::chrono::hours(24);

struct Exchange {
  std::string_view method;
  std::string head;
  std::string_view body;
  Duration timeout;
  Deadline deadline;
  bool is_answered = false;  // at least one byte came
};

HttpResponse to_response(Parser& parser) {
  const auto view = [](boost::beast::string_view text) { return std::string_view(text.data(), text.size()); };
  auto& message = parser.get();
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message)
    response.headers.emplace_back(to_lower(view(field.name_string())), view(field.value()));
  response.content_type = response.header("content-type");
  response.body = std::move(message.body());
  return response;
}

bool is_interim(const Parser& parser) {
  const auto status = parser.get().result_int();
  return status >= 100 && status < 200 && status != 101;
}

}  // namespace

struct HttpClient::Impl {
  std::string host;
  std::uint16_t port;
  std::string where;  // host and port, for people and for the Host header
  asio::io_context io{1};
  std::optional<TimedSocket> socket = {};  // the kept connection

  Result<void> connect(const Exchange& exchange);
  std::optional<error_code> try_connect(tcp::socket& fresh, const tcp::endpoint& endpoint, Deadline deadline);
  Result<HttpResponse> run(Exchange& exchange);
  asio::awaitable<Result<HttpResponse>> talk(Exchange& exchange);
  asio::awaitable<Result<void>> receive(Parser& parser, Exchange& exchange);

  std::unexpected<Error> late(const Exchange& exchange) const {
    return fail(ErrorCode::Timeout, where + " did not answer within " + to_words(exchange.timeout));
  }
};

Result<void> HttpClient::Impl::connect(const Exchange& exchange) {
  error_code error;
  tcp::resolver resolver(io);
  const auto endpoints = resolver.resolve(host, std::to_string(port), error);
  if (error) return fail(ErrorCode::Io, "the host cannot be found: " + host + ": " + error.message());
  for (const auto& entry : endpoints) {
    tcp::socket fresh(io);
    const auto tried = try_connect(fresh, entry.endpoint(), exchange.deadline);
    if (!tried) return fail(ErrorCode::Timeout, "no connection to " + where + " within " + to_words(exchange.timeout));
    error = *tried;
    if (error) continue;
    socket.emplace(std::move(fresh));
    return {};
  }
  if (error == asio::error::connection_refused)
    return fail(ErrorCode::Io, "connection refused: is carillon serve running on " + where + "?");
  return fail(ErrorCode::Io, "no connection to " + where + ": " + error.message());
}

// Nothing when the deadline came first.
std::optional<error_code> HttpClient::Impl::try_connect(tcp::socket& fresh, const tcp::endpoint& endpoint,
                                                        Deadline deadline) {
  std::optional<error_code> outcome;
  fresh.async_connect(endpoint, [&outcome](const error_code& error) { outcome = error; });
  io.restart();
  io.run_until(deadline);
  if (outcome) return outcome;
  error_code ignored;
  fresh.close(ignored);
  io.run();
  return std::nullopt;
}

Result<HttpResponse> HttpClient::Impl::run(Exchange& exchange) {
  std::optional<Result<HttpResponse>> result;
  asio::co_spawn(io, talk(exchange), [&result](const std::exception_ptr& thrown, Result<HttpResponse> answer) {
    if (!thrown) result = std::move(answer);
  });
  io.restart();
  io.run();
  if (!result || !*result) socket.reset();
  if (!result) return fail(ErrorCode::Internal, "the request to " + where + " could not be made");
  return *std::move(result);
}

asio::awaitable<Result<HttpResponse>> HttpClient::Impl::talk(Exchange& exchange) {
  // A server that refuses a body may stop reading it and answer, so the answer is read even if writing failed.
  const auto timeout = exchange.timeout;
  if (co_await socket->write(exchange.head, timeout, exchange.deadline))
    co_await socket->write(exchange.body, timeout, exchange.deadline);
  std::optional<Parser> parser;
  do {
    parser.emplace();
    parser->header_limit(kMaxHeaderBytes);
    parser->body_limit(kMaxAnswerBytes);
    parser->eager(true);
    if (exchange.method == "HEAD") parser->skip(true);
    if (auto received = co_await receive(*parser, exchange); !received) co_return std::unexpected(received.error());
  } while (is_interim(*parser));
  if (!parser->keep_alive() || !socket->pending().empty()) socket.reset();
  co_return to_response(*parser);
}

asio::awaitable<Result<void>> HttpClient::Impl::receive(Parser& parser, Exchange& exchange) {
  while (!parser.is_done()) {
    const auto pending = socket->pending();
    // Beast 1.81 asserts that it gets the last chunk in no fewer bytes. All that comes in chunks ends in "0\r\n\r\n".
    const std::size_t least = parser.is_header_done() && parser.chunked() ? 5 : 1;
    if (pending.size() >= least) {
      error_code error;
      const auto used = parser.put(asio::buffer(pending.data(), pending.size()), error);
      socket->consume(used);
      if (error == http::error::body_limit)
        co_return fail(ErrorCode::Io,
                       fmt::format("the answer of {} has more than {} MB", where, kMaxAnswerBytes >> 20));
      if (error == http::error::need_more) error = {};
      if (error || socket->pending().size() > kMaxHeaderBytes)
        co_return fail(ErrorCode::Io,
                       "what listens on " + where + " does not speak HTTP as expected: " + error.message());
      if (parser.is_done()) break;
    }
    const auto got = co_await socket->read_some(exchange.deadline);
    if (got == TimedSocket::Got::kTimeout) co_return late(exchange);
    if (got == TimedSocket::Got::kBytes) {
      exchange.is_answered = true;
      continue;
    }
    if (Clock::now() >= exchange.deadline) co_return late(exchange);
    if (!exchange.is_answered) co_return fail(ErrorCode::Io, where + " closed the connection without an answer");
    // Some answers end with their connection.
    error_code error;
    if (parser.got_some()) parser.put_eof(error);
    if (error || !parser.is_done())
      co_return fail(ErrorCode::Io, where + " closed the connection in the middle of its answer");
  }
  co_return Result<void>();
}

HttpClient::HttpClient(std::string host, std::uint16_t port) : impl_(std::make_unique<Impl>()) {
  const bool is_v6 = host.find(':') != std::string::npos;
  impl_->where = fmt::format("{}{}{}:{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
  impl_->host = std::move(host);
  impl_->port = port;
}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::request(std::string_view method, std::string_view target, std::string_view body,
                                         const HttpPairs& headers, Duration timeout, Repeat repeat) {
  const auto is_graphic = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!target.starts_with('/') || !std::ranges::all_of(target, is_graphic))
    return fail(ErrorCode::BadRequest, "a target must begin with a slash and be percent-encoded");
  timeout = std::min(timeout, kLongestTimeout);
  Exchange exchange{method, request_head(method, target, impl_->where, headers, body.size()), body, timeout,
                    Clock::now() + timeout};

  // A server closes idle connections; what it closed before we wrote is safe to replace.
  if (impl_->socket && !impl_->socket->is_quiet()) impl_->socket.reset();
  const bool is_kept = impl_->socket.has_value();
  if (is_kept) {
    auto answer = impl_->run(exchange);
    const bool may_repeat = repeat == Repeat::kAlways || method == "GET" || method == "HEAD";
    const bool is_broken = !answer && answer.error().code == ErrorCode::Io && !exchange.is_answered;
    if (!is_broken || !may_repeat) return answer;
  }
  if (auto connected = impl_->connect(exchange); !connected) return std::unexpected(connected.error());
  return impl_->run(exchange);
}

}  // namespace carillon::net
