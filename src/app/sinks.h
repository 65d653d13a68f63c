// Where events go, by the configuration: one sink per destination.
#pragma once

#include <memory>
#include <vector>

#include "app/config.h"
#include "aws/client.h"
#include "net/web_client.h"
#include "publish/event_form.h"
#include "publish/sink.h"

namespace carillon {

// How events are written, for sinks and for the API alike.
publish::EventForm event_form(const Config& config);

// aws: null if nothing of AWS is configured. Both clients must outlive the sinks.
std::vector<std::unique_ptr<publish::Sink>> make_sinks(const Config& config, net::WebClient& web, aws::Client* aws);

}  // namespace carillon
