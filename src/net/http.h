// HTTP messages as values, and the text inside them: targets, queries, percent escapes (RFC 3986, RFC 9110). No sockets
// and no Beast here, so that routes and handlers build quickly. Plain values: owned by whoever holds them, any thread.
// Limits: HttpLimits is what the server enforces; a query has at most kMaxQueryPairs pairs.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace carillon::net {

// In the order in which they came; a name may come twice.
using HttpPairs = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::size_t kMaxQueryPairs = 1024;

struct HttpRequest {
  std::string method;  // as sent, but HEAD is told as GET: see is_head
  std::string target;  // raw; may hold tokens, so it is never logged
  std::string path;    // decoded: %2F is a slash here
  HttpPairs query;     // decoded
  HttpPairs headers;   // names in lower case
  std::string body;
  std::string peer;  // the address without the port, an IPv4 one as such even on a dual-stack socket
  bool peer_is_loopback = false;
  // The answer's body will not be sent. For handlers whose GET does something.
  bool is_head = false;

  // The first value of it, empty if there is none. The name in lower case.
  std::string_view header(std::string_view name) const;
  // The first value of it, null if there is none.
  const std::string* query_value(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::string body;
  // Beside Content-Type. Content-Length, Connection and Date are the server's business.
  HttpPairs headers = {};

  std::string_view header(std::string_view name) const;
};

struct HttpLimits {
  std::size_t header_bytes = 16 * 1024;  // request line and headers; beyond: 431
  std::size_t target_bytes = 8 * 1024;   // beyond: 414
  std::size_t body_bytes = 1024 * 1024;  // beyond: 413; HttpServerOptions::body_limit may allow more
  std::size_t connections = 1024;        // beyond: 503 and closed
  // From a request's first byte to its last, else 408. Each further body_bytes that arrive grant as much time again,
  // so that a permitted big upload may take longer, yet nobody can trickle.
  Duration receive_timeout = std::chrono::seconds(30);
  // For the first byte of a request; then the connection is closed without a word.
  Duration idle_timeout = std::chrono::seconds(60);
  // From the request to the handler's answer, else 503.
  Duration answer_timeout = std::chrono::seconds(60);
  // For each piece of an answer that the client takes.
  Duration send_timeout = std::chrono::seconds(30);
  // After a last answer, for the client to read it before the connection is gone (RFC 9112 9.6).
  Duration linger_timeout = std::chrono::seconds(2);
};

struct HttpTarget {
  std::string path;
  HttpPairs query;
};

// Origin form, absolute form and "*" (RFC 9112 3.2). BadRequest for a bad escape, a NUL byte or a fragment.
Result<HttpTarget> parse_target(std::string_view target);
// "a=1&b=two+words", from a target or from a form's body. A name without "=" has an empty value.
Result<HttpPairs> parse_query(std::string_view query);
// %XX, and nothing else: "+" stays. BadRequest for a bad escape or a NUL byte.
Result<std::string> percent_decode(std::string_view text);
// Everything but RFC 3986's unreserved characters, so that it fits into a path segment or a query value.
std::string percent_encode(std::string_view text);

// The status line and the headers up to the empty line (RFC 9112 4); connection is the Connection header, if any.
std::string response_head(const HttpResponse& response, std::string_view connection);
// The request line and the headers up to the empty line; host as it stands in the Host header.
std::string request_head(std::string_view method, std::string_view target, std::string_view host,
                         const HttpPairs& headers, std::size_t body_bytes);
// Whether an answer with this status has a body and a Content-Length.
bool has_body(int status);

// RFC 9457 problem+json, with the status of the error's code or with one that HTTP itself asks for.
HttpResponse problem(const Error& error);
HttpResponse problem(int status, const Error& error);

// The path as it may stand in a log: without anything from the query, and with phone numbers masked.
std::string loggable_path(std::string_view path);

}  // namespace carillon::net
