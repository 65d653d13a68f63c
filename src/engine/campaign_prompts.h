// What a campaign says, made ready: names, sources elsewhere and texts become stored prompts in its settings.
#pragma once

#include "core/ports/prompts.h"

namespace carillon {

struct PreparedSettings {
  CampaignSettings settings;
  std::string notice{};  // what an operator should know; empty if all is as it should be
};

// Whether something of it is looked at again at each start.
bool has_prompt_sources(const CampaignSettings& settings);

// Of settings as an operator wrote them: `audio` and `preamble` become ids, what they were stays beside them as a
// source. The error names the member.
void resolve_prompts(Prompts& prompts, CampaignSettings settings, Reply<PreparedSettings> reply);

// Before a campaign's first call: its sources are asked, whenever that was done last.
void prepare_prompts(Prompts& prompts, CampaignSettings settings, Reply<PreparedSettings> reply);

}  // namespace carillon
