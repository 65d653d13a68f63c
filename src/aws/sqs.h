// Amazon SQS: sends to and reads from queues. Blocking; any thread that may use the client.
// What is received stays hidden for the queue's visibility timeout and comes again unless it is deleted.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "aws/batch.h"
#include "aws/client.h"

namespace carillon::aws {

struct Receive {
  int max_messages = 10;                            // 1 to 10
  Duration wait = std::chrono::seconds(20);         // 0 to 20 s for the first one (long poll)
  std::optional<Duration> visibility_timeout = {};  // up to 12 h; nothing: the queue's own
};

struct Received {
  std::string message_id;
  std::string receipt_handle;  // for remove() and change_visibility(); another one each time
  std::string body;
  std::map<std::string, MessageAttribute> attributes = {};    // of the sender, strings and numbers
  std::map<std::string, std::string> system_attributes = {};  // "ApproximateReceiveCount", "MessageGroupId", …
};

class Sqs {
 public:
  explicit Sqs(Client& client) : client_(client) {}

  // The delay, up to 15 minutes, is not for FIFO queues.
  Result<Sent> send(const std::string& queue_url, const Message& message, Duration delay = Duration::zero());
  Result<SentBatch> send_batch(const std::string& queue_url, std::span<const Message> messages);
  Result<std::vector<Received>> receive(const std::string& queue_url, const Receive& how = {});
  Result<void> remove(const std::string& queue_url, const std::string& receipt_handle);
  // From now on; zero gives it back at once. Up to 12 h since it was received.
  Result<void> change_visibility(const std::string& queue_url, const std::string& receipt_handle, Duration timeout);

 private:
  Client& client_;
};

}  // namespace carillon::aws
