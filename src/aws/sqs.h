// Amazon SQS: sends to and reads from queues. Blocking; any thread that may use the client. The queue's URL says the
// region if it is one of AWS's own, else it is the configured one.
// What is received stays hidden for the queue's visibility timeout and comes again unless it is deleted.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
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

// Ok for what can be the URL of a queue, "https://sqs.il-central-1.amazonaws.com/123456789012/calls" or a stand-in's;
// else Invalid.
Result<void> check_queue_url(std::string_view url);
// The region in the host's name; empty if it has none.
std::string region_of_queue(std::string_view url);

class Sqs {
 public:
  explicit Sqs(Client& client) : client_(client) {}

  // The delay, up to 15 minutes, is not for FIFO queues.
  Result<Sent> send(const std::string& queue_url, const Message& message, Duration delay = Duration::zero());
  // As Sns::publish_batch().
  Result<SentBatch> send_batch(const std::string& queue_url, std::span<const Message> messages,
                               std::optional<Duration>* asked_pause = nullptr);
  Result<std::vector<Received>> receive(const std::string& queue_url, const Receive& how = {});
  Result<void> remove(const std::string& queue_url, const std::string& receipt_handle);
  // 1 to 10. An error if one of them is not deleted, with the first one's words; such messages come again.
  Result<void> remove_batch(const std::string& queue_url, std::span<const std::string> receipt_handles);
  // From now on; zero gives it back at once. Up to 12 h since it was received.
  Result<void> change_visibility(const std::string& queue_url, const std::string& receipt_handle, Duration timeout);

 private:
  Client& client_;
};

}  // namespace carillon::aws
