// What operators do to a campaign, and what becomes of its state. Pure.
#pragma once

#include <string_view>

#include "core/campaign/campaign.h"

namespace carillon {

enum class CampaignVerb : std::uint8_t { kStart, kPause, kResume, kStop };
std::string_view to_string(CampaignVerb verb);

// The state that follows; Conflict, with a sentence, if the verb does not fit the present one. A completed or canceled
// campaign can be started again: what is left of its list, and what was added, is called.
Result<CampaignState> next_state(const Campaign& campaign, CampaignVerb verb, Time now);

}  // namespace carillon
