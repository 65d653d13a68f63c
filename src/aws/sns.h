// Amazon SNS: publishes to topics. Blocking; any thread that may use the client. The topic's ARN says the region.
// A publication that is tried again may arrive twice: consumers tell by the event's own id.
#pragma once

#include <span>
#include <string>

#include "aws/batch.h"
#include "aws/client.h"

namespace carillon::aws {

class Sns {
 public:
  explicit Sns(Client& client) : client_(client) {}

  Result<Sent> publish(const std::string& topic_arn, const Message& message);
  // 1 to 10 messages, 256 KiB in all; batch_size() says how many fit. An error here means that none was published.
  Result<SentBatch> publish_batch(const std::string& topic_arn, std::span<const Message> messages);

 private:
  Client& client_;
};

}  // namespace carillon::aws
