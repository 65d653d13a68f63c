// An HTTP/1.1 server (RFC 9112) on one io_context: one coroutine per connection, requests of a connection answered one
// after the other. Owned by app/, which destroys it before the io_context; everything here, Respond and its destruction
// included, happens on the one thread that runs the io_context. The handler must not block.
// Limits: HttpLimits. Beyond them the client gets a problem+json and, where the connection is no longer in step, its
// end; the counters tell how often.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace boost::asio {
class io_context;
}

namespace carillon::net {

// Answers one request: at once or later, for instance after a commit. The second call does nothing. If the last copy is
// destroyed without a call, the client gets 500. It may outlive the connection and the server.
using Respond = std::function<void(HttpResponse)>;
using Handler = std::function<void(HttpRequest, Respond)>;

struct HttpServerOptions {
  HttpLimits limits = {};
  // The bytes that a body may have, by method (HEAD is GET) and decoded path; without it HttpLimits::body_bytes. Must
  // not throw.
  std::function<std::size_t(std::string_view method, std::string_view path)> body_limit = {};
};

struct HttpServerCounters {
  std::uint64_t accepted = 0;    // connections
  std::uint64_t refused = 0;     // connections beyond the bound
  std::uint64_t requests = 0;    // that reached the handler
  std::uint64_t rejected = 0;    // malformed or too large: 400, 413, 414, 431
  std::uint64_t too_slow = 0;    // 408
  std::uint64_t unanswered = 0;  // the handler threw, forgot or was late: 500, 503
};

class HttpServer {
 public:
  HttpServer(boost::asio::io_context& io, Handler handler, HttpServerOptions options = {});
  // As close(). Coroutines that are under way end by themselves when the io_context runs next or is destroyed.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // An IP address, v4 or v6; port 0 takes a free one. Once only, unless it failed.
  Result<void> listen(const std::string& address, std::uint16_t port);
  std::uint16_t port() const;

  // No new connections; idle ones are closed, the others after the answer that they wait for.
  void stop_accepting();
  // Every connection ends now; the handler is not called again.
  void close();

  // Open ones that are served, without those being refused.
  std::size_t connections() const;
  const HttpServerCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace carillon::net
