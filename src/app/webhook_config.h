// [[events.webhooks]] of the configuration.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "publish/webhook_sink.h"

namespace carillon {

// Config with file, line and key; secrets stay out of the messages.
Result<std::vector<publish::WebhookOptions>> read_webhooks(const toml::array& array, const std::string& file);

}  // namespace carillon
