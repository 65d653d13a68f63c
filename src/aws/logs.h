// Amazon CloudWatch Logs: appends to a stream of a log group. Blocking; any thread that may use the client.
#pragma once

#include <span>
#include <string>

#include "aws/client.h"

namespace carillon::aws {

struct LogEvent {
  Time time;         // at most two weeks old, two hours ahead; CloudWatch drops others silently but for a count
  std::string text;  // 1 to 250,000 bytes; phone numbers masked by the caller
};

class Logs {
 public:
  explicit Logs(Client& client) : client_(client) {}

  // The group must be there; a stream that is there already is fine.
  Result<void> create_stream(const std::string& group, const std::string& stream);
  // In the order of their times, in as many requests as it takes (10,000 events, 1 MiB and 24 hours each). After an
  // error the first `sent` events of that order are there.
  Result<void> put(const std::string& group, const std::string& stream, std::span<const LogEvent> events,
                   std::size_t* sent = nullptr);

 private:
  Result<net::WebResponse> call(const char* action, const std::string& body);

  Client& client_;
};

}  // namespace carillon::aws
