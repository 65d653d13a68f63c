// For tests: the server's end of a WebSocket over a raw socket, so that a test says frame by frame what it does.
#pragma once

#include <openssl/sha.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/crypto.h"
#include "net/test_sockets.h"

namespace carillon::net {

class FakeWebSocketPeer {
 public:
  struct Frame {
    int opcode = -1;  // -1: the connection ended
    std::string payload;
  };
  static constexpr int kText = 1, kClose = 8, kPing = 9, kPong = 10;

  // Reads the client's request; what it was is head().
  explicit FakeWebSocketPeer(RawSocket socket) : socket_(std::move(socket)), head_(socket_.read_until("\r\n\r\n")) {}

  const std::string& head() const { return head_; }
  bool asks_for_web_socket() const { return head_.find("Upgrade: websocket") != std::string::npos; }
  RawSocket& socket() { return socket_; }

  // RFC 6455 4.2.2
  void agree() {
    const std::string text = header("Sec-WebSocket-Key: ") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::string digest(SHA_DIGEST_LENGTH, '\0');
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
    socket_.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        to_base64(digest) + "\r\n\r\n");
  }
  void refuse(int status) { socket_.send("HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: 0\r\n\r\n"); }

  void send(int opcode, std::string_view payload) {
    std::string frame{static_cast<char>(0x80 | opcode)};
    // RFC 6455 5.2: the shortest form that holds the length.
    const bool is_short = payload.size() < 126;
    const int bytes = is_short ? 0 : payload.size() < 65'536 ? 2 : 8;
    frame += static_cast<char>(is_short ? payload.size() : bytes == 2 ? 126 : 127);
    for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>(payload.size() >> (8 * i) & 0xff);
    socket_.send(frame + std::string(payload));
  }
  void send_text(std::string_view text) { send(kText, text); }

  // The next frame; one without a mask, which a client must not send, fails the test.
  Frame read() {
    const auto begin = socket_.read_bytes(2);
    if (begin.size() < 2) return {};
    Frame frame{begin[0] & 0x0f, {}};
    EXPECT_NE(begin[1] & 0x80, 0) << "a client's frames are masked";
    std::size_t size = static_cast<std::size_t>(begin[1] & 0x7f);
    if (size >= 126) {
      const auto bytes = socket_.read_bytes(size == 126 ? 2 : 8);
      size = 0;
      for (const char byte : bytes) size = size << 8 | static_cast<std::uint8_t>(byte);
    }
    const auto mask = socket_.read_bytes(4);
    frame.payload = socket_.read_bytes(size);
    for (std::size_t i = 0; i < frame.payload.size(); ++i)
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ mask[i % 4]);
    return frame;
  }
  // The next text, whatever pings come before it.
  std::string read_text() {
    for (;;) {
      auto frame = read();
      if (frame.opcode == kText || frame.opcode == -1) return std::move(frame.payload);
    }
  }

 private:
  std::string header(std::string_view name) const {
    const auto at = head_.find(name);
    if (at == std::string::npos) return {};
    const auto begin = at + name.size();
    return head_.substr(begin, head_.find('\r', begin) - begin);
  }

  RawSocket socket_;
  std::string head_;
};

}  // namespace carillon::net
