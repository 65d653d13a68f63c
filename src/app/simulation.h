// A campaign before its first real call: the engine, the campaigns, the dialer and the gates of production on a ledger
// in memory, a virtual telephony server and virtual time. One thread; the same scenario and seed give the same
// forecast, byte for byte.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "core/campaign/places.h"
#include "core/campaign/policy.h"
#include "simulated/forecast.h"
#include "simulated/scenario.h"

namespace carillon {

struct SimulationProgress {
  Time now{};
  std::int64_t contacts = 0;
  std::int64_t finished = 0;  // done or skipped
  std::int64_t attempts = 0;
};

// show is called every virtual minute. Fails if the campaign may not start under its policy.
Result<simulated::Forecast> simulate(const simulated::Scenario& scenario,
                                     const std::map<std::string, PolicyPack>& policies,
                                     std::shared_ptr<const Places> places,
                                     const std::function<void(const SimulationProgress&)>& show = nullptr);

}  // namespace carillon
