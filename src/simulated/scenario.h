// What is simulated: a campaign, the people whom it calls and the carriers that it calls through. One TOML file
// (examples/simulation.toml is its manual). Pure: the caller reads the file.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/campaign/campaign.h"
#include "core/campaign/dialer.h"
#include "simulated/carrier.h"
#include "simulated/population.h"

namespace carillon::simulated {

struct TrunkPlan {
  TrunkConfig config;   // what the operator set up
  CarrierPlan carrier;  // what is really there
};

struct SuppressedShare {
  SuppressionLevel level = SuppressionLevel::kGlobal;
  std::string scope;
  std::string reason;
  double share = 0;
};

struct RegistryShare {
  std::string registry;
  double asked = 1;   // share of the numbers that it was asked about
  double listed = 0;  // of these
  std::chrono::days asked_before{1};
};

struct ConsentShare {
  std::string basis;
  double share = 0;
  std::chrono::days given_before{30};
};

struct Scenario {
  Time start{};
  std::uint64_t seed = 1;
  std::size_t contacts = 10'000;
  std::chrono::days longest{60};
  std::string time_zone;  // of tables and pictures
  CampaignSettings campaign;
  PopulationPlan population;
  std::vector<TrunkPlan> trunks;
  std::vector<SuppressedShare> suppressed;
  std::vector<RegistryShare> registries;
  std::vector<ConsentShare> consents;
  Pace node{100, 400};  // of the telephony server
  Duration max_call{600'000};
  Duration post_dial_delay{15'000};  // allowance, as calls.post_dial_delay_seconds
};

constexpr std::size_t kMaxSimulatedContacts = 1'000'000;

// Errors say file, line and column. An unknown key is an error.
Result<Scenario> parse_scenario(std::string_view toml, std::string_view file_name);

}  // namespace carillon::simulated
