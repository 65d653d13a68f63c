// Events to one Amazon SNS topic, standard or FIFO. Blocking; a throttled or absent SNS is trouble with the pause that
// it asks for. Each topic is a sink of its own, so that one without permission holds up no other.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "aws/sns.h"
#include "publish/event_form.h"
#include "publish/sink.h"

namespace carillon::publish {

struct SnsTopic {
  std::string arn;
  std::set<EventType> types;  // that go there
};

class SnsSink final : public Sink {
 public:
  // The client must live longer.
  SnsSink(aws::Client& client, SnsTopic topic, EventForm form);

  std::string name() const override { return "sns:" + topic_.arn; }
  int batch() const override { return 100; }
  bool wants(const PublishedEvent& event) const override { return topic_.types.contains(event.type); }
  Published publish(const std::vector<OutboxRow>& rows) override;

 private:
  aws::Sns sns_;
  SnsTopic topic_;
  EventForm form_;
};

}  // namespace carillon::publish
