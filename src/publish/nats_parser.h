// What a NATS server sends, as frames (the client protocol's INFO MSG HMSG PING PONG +OK -ERR). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace carillon::publish {

struct NatsFrame {
  enum class Kind : std::uint8_t { kInfo, kMessage, kPing, kPong, kOk, kError };
  Kind kind = Kind::kOk;
  std::string subject;  // of a message
  std::string headers;  // "NATS/1.0 503\r\n…", empty if there are none
  std::string payload;  // of a message; the text of INFO and -ERR
};

class NatsParser {
 public:
  static constexpr std::size_t kMaxLine = 64 * 1024;
  static constexpr std::size_t kMaxPayload = 1024 * 1024;

  void feed(std::string_view bytes) { buffer_ += bytes; }
  // Nothing: more bytes are needed. An error: this is not NATS, or beyond the limits; the connection is of no use.
  Result<std::optional<NatsFrame>> next();

 private:
  Result<std::optional<NatsFrame>> message(std::string_view line, std::size_t line_end);

  std::string buffer_;
};

}  // namespace carillon::publish
