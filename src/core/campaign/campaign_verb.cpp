#include "core/campaign/campaign_verb.h"

#include <fmt/format.h>

namespace carillon {
namespace {

std::unexpected<Error> misfit(const Campaign& campaign, CampaignVerb verb) {
  return fail(ErrorCode::Conflict, fmt::format("campaign {} is {}: {} does not apply", campaign.id,
                                               to_string(campaign.state), to_string(verb)));
}

Result<CampaignState> running_or_scheduled(const Campaign& campaign, Time now) {
  const auto& starts_at = campaign.settings.starts_at;
  return starts_at && *starts_at > now ? CampaignState::kScheduled : CampaignState::kRunning;
}

}  // namespace

std::string_view to_string(CampaignVerb verb) {
  switch (verb) {
    case CampaignVerb::kStart: return "start";
    case CampaignVerb::kPause: return "pause";
    case CampaignVerb::kResume: return "resume";
    case CampaignVerb::kStop: return "stop";
  }
  return "";
}

Result<CampaignState> next_state(const Campaign& campaign, CampaignVerb verb, Time now) {
  switch (campaign.state) {
    case CampaignState::kDraft:
    case CampaignState::kCompleted:
    case CampaignState::kCanceled:
      if (verb == CampaignVerb::kStart && campaign.settings.ends_at && *campaign.settings.ends_at <= now) {
        return fail(ErrorCode::Conflict, fmt::format("campaign {} was to end at {}: give it a later end first",
                                                     campaign.id, to_rfc3339(*campaign.settings.ends_at)));
      }
      if (verb == CampaignVerb::kStart) return running_or_scheduled(campaign, now);
      if (verb == CampaignVerb::kStop && campaign.state != CampaignState::kCompleted) return CampaignState::kCanceled;
      return misfit(campaign, verb);
    case CampaignState::kScheduled:
      if (verb == CampaignVerb::kStart || verb == CampaignVerb::kResume) return running_or_scheduled(campaign, now);
      if (verb == CampaignVerb::kPause) return CampaignState::kPaused;
      if (verb == CampaignVerb::kStop) return CampaignState::kStopping;
      return misfit(campaign, verb);
    case CampaignState::kRunning:
      // Asked again by a client that did not get the answer, or by a process that found it running.
      if (verb == CampaignVerb::kStart || verb == CampaignVerb::kResume) return CampaignState::kRunning;
      if (verb == CampaignVerb::kPause) return CampaignState::kPaused;
      if (verb == CampaignVerb::kStop) return CampaignState::kStopping;
      return misfit(campaign, verb);
    case CampaignState::kPaused:
      if (verb == CampaignVerb::kPause) return CampaignState::kPaused;
      if (verb == CampaignVerb::kStart || verb == CampaignVerb::kResume) return running_or_scheduled(campaign, now);
      if (verb == CampaignVerb::kStop) return CampaignState::kStopping;
      return misfit(campaign, verb);
    case CampaignState::kStopping:
      // Again, to stop in another way.
      if (verb == CampaignVerb::kStop) return CampaignState::kStopping;
      return misfit(campaign, verb);
  }
  return misfit(campaign, verb);
}

}  // namespace carillon
