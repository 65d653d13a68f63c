// All events to one Amazon SQS queue, standard or FIFO, without a topic in between. As SnsSink otherwise.
#pragma once

#include <string>
#include <vector>

#include "aws/sqs.h"
#include "publish/event_form.h"
#include "publish/sink.h"

namespace carillon::publish {

class SqsSink final : public Sink {
 public:
  // The client must live longer.
  SqsSink(aws::Client& client, std::string queue_url, EventForm form);

  std::string name() const override { return "sqs:" + queue_url_; }
  int batch() const override { return 100; }
  Published publish(const std::vector<OutboxRow>& rows) override;

 private:
  aws::Sqs sqs_;
  std::string queue_url_;
  EventForm form_;
};

}  // namespace carillon::publish
