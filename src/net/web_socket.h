// A WebSocket client (RFC 6455) for text messages, without TLS and compression. One connection, from connect to its
// end; whoever owns it reconnects. Owned by a shared_ptr, on the thread that runs the io_context. Limits:
// WebSocketOptions. A message beyond its bound, a peer that stays silent through a ping, and output that nobody takes
// end the connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace boost::asio {
class io_context;
}

namespace carillon::net {

struct WebSocketOptions {
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 80;
  std::string target = "/";
  HttpPairs headers = {};                           // of the handshake's request
  std::size_t max_message_bytes = 4 * 1024 * 1024;  // of one that comes in
  std::size_t max_output_bytes = 1024 * 1024;       // waiting to be written
  Duration open_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(30);  // half of it without a byte: a ping; all of it: the end
};

class WebSocket {
 public:
  using OnOpen = std::function<void(Result<void>)>;
  using OnMessage = std::function<void(std::string)>;
  using OnClosed = std::function<void(std::string reason)>;

  WebSocket(boost::asio::io_context& io, WebSocketOptions options);
  // As close().
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // Once. on_open comes first, later on_message for each text message and, if the opening succeeded, on_closed once
  // when the connection ends by itself. Errors name host, port and what the server said; never the target.
  void open(OnOpen on_open, OnMessage on_message, OnClosed on_closed);
  // False if it is not open, or more output waits than may.
  bool send(std::string text);
  // The connection ends; no callback runs after it.
  void close();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace carillon::net
