#include <fmt/format.h>

#include "core/campaign/gates/gates.h"

namespace carillon::gates {

Verdict schedule_gate(const Facts& /*facts*/, const GateContext& context) {
  const auto& settings = context.campaign.settings;
  if (settings.ends_at && context.now + settings.expected_call > *settings.ends_at) {
    return skip("campaign-over", fmt::format("the campaign ends at {}, and a call may last {}",
                                             to_rfc3339(*settings.ends_at), to_words(settings.expected_call)));
  }
  if (settings.starts_at && context.now < *settings.starts_at) {
    return hold("not-started", fmt::format("the campaign starts at {}", to_rfc3339(*settings.starts_at)),
                settings.starts_at);
  }
  return pass();
}

}  // namespace carillon::gates
