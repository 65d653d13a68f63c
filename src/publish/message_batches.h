// Events as messages of SNS topics and SQS queues: how one looks, and how they are sent up to ten at a time without
// ever breaking the order within a call. Used by one sink's thread.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "aws/batch.h"
#include "publish/event_form.h"
#include "publish/sink.h"

namespace carillon::publish {

// The CloudEvent is the text; attributes are what subscribers filter by: type, and campaignId, status and outcome where
// there is one. For FIFO: a call is a group, and the event's id is the deduplication id.
aws::Message to_message(const OutboxRow& row, const EventForm& form, bool is_fifo);

using SendBatch =
    std::function<Result<aws::SentBatch>(std::span<const aws::Message> batch, std::optional<Duration>* asked_pause)>;

// In order, until something fails that is worth a later try. What follows that in its batch is sent again then. A batch
// has each FIFO group once: if its first part failed and the second did not, the group would be out of order for good.
// A message counts as refused for good if AWS says that the sender is at fault: of the one entry, or, where a batch is
// refused as a whole, of this message sent alone while it takes another. A topic that takes none is what is wrong.
Published publish_in_batches(std::span<const aws::Message> messages, const SendBatch& send);

}  // namespace carillon::publish
