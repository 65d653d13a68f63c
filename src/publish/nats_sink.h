// Events into a NATS JetStream stream: subject = prefix and event type, Nats-Msg-Id = the event's id, so that what is
// sent twice within the stream's duplicate window is stored once. An event counts as published when the stream has
// acknowledged it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "publish/event_form.h"
#include "publish/nats_connection.h"
#include "publish/sink.h"

namespace carillon::publish {

struct NatsOptions {
  NatsServer server;
  std::string subject_prefix = {};  // before "carillon.call.status"; with its dot, if there is one
  std::string stream = "carillon";  // made if the server does not have it; empty: somebody else sees to it
};

class NatsSink final : public Sink {
 public:
  NatsSink(NatsOptions options, EventForm form);

  std::string name() const override;
  int batch() const override { return 200; }
  Published publish(const std::vector<OutboxRow>& rows) override;

 private:
  Result<void> connect();
  Result<void> ensure_stream();

  NatsOptions options_;
  EventForm form_;
  std::unique_ptr<NatsConnection> connection_;
  bool is_careful_ = false;  // one event at a time, since the last one was refused
};

}  // namespace carillon::publish
