// Amazon SNS: publishes to topics. Blocking; any thread that may use the client. The topic's ARN says the region.
// A publication that is tried again may arrive twice: consumers tell by the event's own id.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aws/batch.h"
#include "aws/client.h"

namespace carillon::aws {

// Ok for "arn:aws:sns:il-central-1:123456789012:calls", also of other partitions and with ".fifo"; else Invalid, in
// words for whoever wrote it.
Result<void> check_topic_arn(std::string_view arn);

class Sns {
 public:
  explicit Sns(Client& client) : client_(client) {}

  Result<Sent> publish(const std::string& topic_arn, const Message& message);
  // 1 to 10 messages, 256 KiB in all; batch_size() says how many fit. An error here means that none was published, or
  // that the answer was lost; asked_pause: see Call.
  Result<SentBatch> publish_batch(const std::string& topic_arn, std::span<const Message> messages,
                                  std::optional<Duration>* asked_pause = nullptr);

 private:
  Client& client_;
};

}  // namespace carillon::aws
