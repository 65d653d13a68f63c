#include "engine/calling_times.h"

#include "core/campaign/phone_number.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxKept = 1'000;
// An answer without an end of its own.
constexpr std::chrono::hours kHolds{1};

}  // namespace

const CallingTime& CallingTimes::of(const std::vector<std::string>& zones,
                                    const std::shared_ptr<const GateRules>& rules, Time now) {
  std::string key;
  for (const auto& zone : zones) key += zone + ",";
  if (kept_.size() >= kMaxKept) kept_.clear();
  auto& kept = kept_[{rules.get(), key}];
  if (kept.rules && kept.time.holds(now)) return kept.time;
  kept.rules = rules;
  kept.time = calling_time(zones, rules->context(now));
  auto& end = kept.time.is_open ? kept.time.closes_at : kept.time.opens_at;
  if (!end) end = now + kHolds;
  return kept.time;
}

const CallingTime& CallingTimes::of_request(const AttemptRequest& request,
                                            const std::shared_ptr<const GateRules>& rules, Time now) {
  if (!request.time_zone.empty()) return of({request.time_zone}, rules, now);
  std::vector<std::string> zones;
  if (const auto number = parse_phone_number(request.number, "")) {
    for (const auto& region : number->regions) {
      const auto& more = rules->places->zones_of(region);
      zones.insert(zones.end(), more.begin(), more.end());
    }
  }
  return of(zones, rules, now);
}

}  // namespace carillon
