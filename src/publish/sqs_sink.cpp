#include "publish/sqs_sink.h"

#include "publish/message_batches.h"

namespace carillon::publish {

SqsSink::SqsSink(aws::Client& client, std::string queue_url, EventForm form)
    : sqs_(client), queue_url_(std::move(queue_url)), form_(std::move(form)) {}

Published SqsSink::publish(const std::vector<OutboxRow>& rows) {
  std::vector<aws::Message> messages;
  messages.reserve(rows.size());
  for (const auto& row : rows) messages.push_back(to_message(row, form_, aws::is_fifo(queue_url_)));
  return publish_in_batches(
      messages, [this](auto batch, auto* asked_pause) { return sqs_.send_batch(queue_url_, batch, asked_pause); });
}

}  // namespace carillon::publish
