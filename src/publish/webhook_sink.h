// Events by HTTP POST to a receiver of the operator's: one CloudEvent a request (structured mode), signed after
// Standard Webhooks, in order, one after the other. What the receiver answers decides:
//   2xx             it has it
//   400 413 415 422 it will never take this one: a dead letter
//   410             it wants no more: tried again seldom, until the webhook is taken out of the configuration
//   429 503         tried again when Retry-After says, if it does
//   anything else, a redirect, silence: tried again with growing pauses
#pragma once

#include <set>
#include <string>
#include <vector>

#include "net/web_client.h"
#include "publish/event_form.h"
#include "publish/sink.h"

namespace carillon::publish {

struct WebhookOptions {
  std::string name = {};  // of the sink: "webhook:<name>"
  std::string url = {};
  std::vector<std::string> secrets = {};  // bytes; the first is the newest
  std::set<EventType> types = {};         // empty: all
  std::string campaign = {};              // only events of this one; empty: all
  bool allows_private = false;            // addresses of the house; see net::AddressPolicy
  Duration timeout = std::chrono::seconds(15);
};

class WebhookSink final : public Sink {
 public:
  // The client is shared with other sinks and must live longer.
  WebhookSink(net::WebClient& client, WebhookOptions options, EventForm form);

  std::string name() const override { return "webhook:" + options_.name; }
  int batch() const override { return 50; }
  bool wants(const PublishedEvent& event) const override;
  Published publish(const std::vector<OutboxRow>& rows) override;

 private:
  // One event. False: it goes no further; `published` says why.
  bool send(const OutboxRow& row, std::size_t index, Published& published);

  net::WebClient& client_;
  WebhookOptions options_;
  EventForm form_;
};

}  // namespace carillon::publish
