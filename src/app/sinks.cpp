#include "app/sinks.h"

#include <map>

#include "publish/file_sink.h"
#include "publish/nats_sink.h"
#include "publish/sns_sink.h"
#include "publish/sqs_sink.h"
#include "publish/webhook_sink.h"

namespace carillon {
namespace {

// By topic: who configures one topic for several kinds of events gets them in one order.
std::map<std::string, std::set<EventType>> types_by_topic(const Config::Aws& aws) {
  std::map<std::string, std::set<EventType>> topics;
  const auto add = [&](const std::string& topic, std::initializer_list<EventType> types) {
    if (!topic.empty()) topics[topic].insert(types);
  };
  add(aws.sns_call_events_topic, {EventType::kCallStatus, EventType::kKeyPressed});
  add(aws.sns_donation_events_topic, {EventType::kDonation});
  add(aws.sns_optout_events_topic, {EventType::kOptOut});
  return topics;
}

}  // namespace

publish::EventForm event_form(const Config& config) {
  return {config.events.source, *publish::parse_number_form(config.events.numbers), config.events.hash_key};
}

std::vector<std::unique_ptr<publish::Sink>> make_sinks(const Config& config, net::WebClient& web, aws::Client* aws) {
  const auto form = event_form(config);
  std::vector<std::unique_ptr<publish::Sink>> sinks;
  if (!config.events.file.empty()) sinks.push_back(std::make_unique<publish::FileSink>(config.events.file, form));
  for (const auto& webhook : config.events.webhooks)
    sinks.push_back(std::make_unique<publish::WebhookSink>(web, webhook, form));
  if (!config.nats.host.empty()) {
    const auto& nats = config.nats;
    const publish::NatsServer server{nats.host, nats.port, nats.username, nats.password, nats.token};
    sinks.push_back(
        std::make_unique<publish::NatsSink>(publish::NatsOptions{server, nats.subject_prefix, nats.stream}, form));
  }
  if (aws != nullptr) {
    for (auto& [topic, types] : types_by_topic(config.aws))
      sinks.push_back(std::make_unique<publish::SnsSink>(*aws, publish::SnsTopic{topic, std::move(types)}, form));
    if (!config.aws.sqs_events_queue_url.empty())
      sinks.push_back(std::make_unique<publish::SqsSink>(*aws, config.aws.sqs_events_queue_url, form));
  }
  return sinks;
}

}  // namespace carillon
