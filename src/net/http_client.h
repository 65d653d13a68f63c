// A small blocking HTTP/1.1 client for the command line: one server, one connection that is kept between requests.
// Plain HTTP only. One thread. Limits: a deadline over each request, kMaxAnswerBytes for a body.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace carillon::net {

class HttpClient {
 public:
  static constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;
  static constexpr Duration kDefaultTimeout = std::chrono::seconds(30);

  // Whether a request may be sent again on a new connection when the kept one broke before any byte of the answer: the
  // server may or may not have acted on it (RFC 9110 9.2.2).
  enum class Repeat { kIfGet, kAlways };

  // A name or an address, IPv6 without brackets. Connects at the first request.
  HttpClient(std::string host, std::uint16_t port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Every complete answer is a value, whatever its status; the names of its headers are in lower case. Io when there is
  // no server or none that speaks HTTP, Timeout when it is too slow. The time does not cover looking up a name.
  Result<HttpResponse> request(std::string_view method, std::string_view target, std::string_view body = {},
                               const HttpPairs& headers = {}, Duration timeout = kDefaultTimeout,
                               Repeat repeat = Repeat::kIfGet);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace carillon::net
