#include "publish/sns_sink.h"

#include "publish/message_batches.h"

namespace carillon::publish {

SnsSink::SnsSink(aws::Client& client, SnsTopic topic, EventForm form)
    : sns_(client), topic_(std::move(topic)), form_(std::move(form)) {}

Published SnsSink::publish(const std::vector<OutboxRow>& rows) {
  std::vector<aws::Message> messages;
  messages.reserve(rows.size());
  for (const auto& row : rows) messages.push_back(to_message(row, form_, aws::is_fifo(topic_.arn)));
  return publish_in_batches(
      messages, [this](auto batch, auto* asked_pause) { return sns_.publish_batch(topic_.arn, batch, asked_pause); });
}

}  // namespace carillon::publish
