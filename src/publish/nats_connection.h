// A blocking connection to a NATS server, for requests and their answers. Plain TCP; one thread. The protocol:
// https://docs.nats.io/reference/reference-protocols/nats-protocol
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "publish/nats_parser.h"

namespace carillon::publish {

struct NatsServer {
  std::string host = "127.0.0.1";
  std::uint16_t port = 4222;
  std::string username = {};  // empty: none
  std::string password = {};
  std::string token = {};  // instead of the two; empty: none
};

struct NatsRequest {
  std::string subject;
  std::string message_id;  // header Nats-Msg-Id, by which JetStream knows what it has already; empty: none
  std::string payload;
};

struct NatsAnswer {
  bool has_come = false;
  bool has_no_responder = false;  // nobody takes this subject
  std::string payload;
};

// each[i] is the answer to requests[i].
struct NatsAnswers {
  std::vector<NatsAnswer> each;
  std::optional<Error> trouble;  // why some have not come
};

class NatsConnection {
 public:
  static Result<std::unique_ptr<NatsConnection>> open(const NatsServer& server, Duration timeout);
  ~NatsConnection();
  NatsConnection(const NatsConnection&) = delete;
  NatsConnection& operator=(const NatsConnection&) = delete;

  // All are sent at once. After trouble the connection is of no use any more.
  NatsAnswers ask(const std::vector<NatsRequest>& requests, Duration timeout);

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  explicit NatsConnection(int fd);
  Result<void> greet(const NatsServer& server, Deadline deadline);
  Result<void> send(std::string_view bytes, Deadline deadline);
  // The next frame that is not the server's PING, INFO or +OK.
  Result<NatsFrame> receive(Deadline deadline);
  Result<void> wait(short events, Deadline deadline);

  int fd_;
  std::string inbox_;
  std::uint64_t next_ = 1;  // number of the next request
  NatsParser parser_;
};

}  // namespace carillon::publish
