#include "core/campaign/campaign.h"

#include <array>

namespace carillon {
namespace {

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const std::array<Enum, N>& values, std::string_view word) {
  for (const Enum value : values) {
    if (to_string(value) == word) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(CampaignState state) {
  switch (state) {
    case CampaignState::kDraft: return "draft";
    case CampaignState::kScheduled: return "scheduled";
    case CampaignState::kRunning: return "running";
    case CampaignState::kPaused: return "paused";
    case CampaignState::kStopping: return "stopping";
    case CampaignState::kCompleted: return "completed";
    case CampaignState::kCanceled: return "canceled";
  }
  return "";
}

std::optional<CampaignState> parse_campaign_state(std::string_view word) {
  constexpr std::array kAll{CampaignState::kDraft,   CampaignState::kScheduled, CampaignState::kRunning,
                            CampaignState::kPaused,  CampaignState::kStopping,  CampaignState::kCompleted,
                            CampaignState::kCanceled};
  return value_of(kAll, word);
}

std::string_view to_string(CampaignClass kind) {
  switch (kind) {
    case CampaignClass::kAdvertisement: return "advertisement";
    case CampaignClass::kDonation: return "donation";
    case CampaignClass::kInformational: return "informational";
    case CampaignClass::kEmergency: return "emergency";
  }
  return "";
}

std::optional<CampaignClass> parse_campaign_class(std::string_view word) {
  constexpr std::array kAll{CampaignClass::kAdvertisement, CampaignClass::kDonation, CampaignClass::kInformational,
                            CampaignClass::kEmergency};
  return value_of(kAll, word);
}

std::string_view to_string(StopMode mode) {
  switch (mode) {
    case StopMode::kDrain: return "drain";
    case StopMode::kFinish: return "finish";
    case StopMode::kNow: return "now";
  }
  return "";
}

std::optional<StopMode> parse_stop_mode(std::string_view word) {
  constexpr std::array kAll{StopMode::kDrain, StopMode::kFinish, StopMode::kNow};
  return value_of(kAll, word);
}

}  // namespace carillon
