#include "simulated/population.h"

#include <date/tz.h>

#include <algorithm>
#include <cmath>

#include "base/result.h"
#include "simulated/fictional_numbers.h"

namespace carillon::simulated {
namespace {

constexpr Duration kMailboxOfPhoneThatIsOff{1'500};
// A key is pressed somewhere in the middle of the call.
constexpr double kEarliestPress = 0.2;
constexpr double kLatestPress = 0.9;

Duration in_ms(double seconds) { return Duration(std::llround(seconds * 1000)); }

// Picks by weight; luck in [0, 1).
template <class Choices>
std::size_t pick(const Choices& choices, double sum, double luck) {
  double left = luck * sum;
  std::size_t index = 0;
  for (const auto& choice : choices) {
    if (left < choice.share) return index;
    left -= choice.share;
    ++index;
  }
  return index - 1;  // sums of fractions
}

}  // namespace

Duration Spread::at(double share) const {
  const auto between = [&](double from, double to, double begin, double end) {
    return in_ms(from + (to - from) * (share - begin) / (end - begin));
  };
  if (share < 0.5) return between(least, median, 0, 0.5);
  if (share < 0.9) return between(median, p90, 0.5, 0.9);
  return between(p90, most, 0.9, 1);
}

// What hour it is in a zone. The offset is looked up once for as long as it holds.
class Population::Clock {
 public:
  explicit Clock(const std::string& zone) : zone_(date::locate_zone(zone)) {}

  int hour_at(Time at) const {
    if (at < info_.begin || at >= info_.end) info_ = zone_->get_info(at);
    const auto local = at + info_.offset;
    return static_cast<int>(std::chrono::floor<std::chrono::hours>(local - date::floor<date::days>(local)).count());
  }

 private:
  const date::time_zone* zone_;
  mutable date::sys_info info_{};
};

Population::Population(PopulationPlan plan, std::uint64_t seed) : plan_(std::move(plan)), dice_(seed) {
  CARILLON_CHECK(!plan_.regions.empty());
  for (const auto& region : plan_.regions) {
    CARILLON_CHECK(!region.zones.empty());
    region_shares_ += region.share;
    Region made{region, {}};
    for (const auto& zone : region.zones) made.clocks.emplace_back(zone.zone);
    regions_.push_back(std::move(made));
  }
}

Population::~Population() = default;

std::vector<Person> Population::people(std::size_t count) const {
  std::vector<Person> people;
  people.reserve(count);
  std::vector<std::size_t> ranks(regions_.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    const auto chosen = pick(plan_.regions, region_shares_, dice_.of("region").of(i).share());
    const auto& region = regions_[chosen];
    auto number = fictional_number(region.plan.region, ranks[chosen]++);
    const auto& zone = region.plan.zones[zone_of(region, number)].zone;
    people.push_back({std::move(number), region.plan.region, zone, region.plan.is_zone_listed});
  }
  return people;
}

std::size_t Population::zone_of(const Region& region, std::string_view number) const {
  double sum = 0;
  for (const auto& zone : region.plan.zones) sum += zone.share;
  return pick(region.plan.zones, sum, dice_.of(number).of("zone").share());
}

bool Population::has_trait(std::string_view number, std::string_view trait, double share) const {
  return dice_.of(number).of(trait).share() < share;
}

// Of all calls to everybody at that hour `answered` are answered; of one person's it is more or less, always.
double Population::answer_share(std::string_view number, Time at) const {
  const auto name = region_of_fictional(number);
  const auto region = std::ranges::find_if(regions_, [&](const Region& one) { return one.plan.region == name; });
  CARILLON_CHECK(region != regions_.end());
  const int hour = region->clocks[zone_of(*region, number)].hour_at(at);
  const double habit = 1 + plan_.habit * (2 * dice_.of(number).of("habit").share() - 1);
  return plan_.answered[static_cast<std::size_t>(hour)] * habit;
}

Reaction Population::reaction_to_ringing(std::string_view number, const Dice& call) const {
  const double luck = call.of("reaction").share();
  if (luck < plan_.busy) return Reaction::kBusy;
  if (luck < plan_.busy + plan_.rejected) return Reaction::kRejects;
  if (has_trait(number, "mailbox", plan_.mailboxes)) return Reaction::kMailbox;
  return luck < plan_.busy + plan_.rejected + plan_.unreachable ? Reaction::kUnreachable : Reaction::kRings;
}

Fate Population::fate_of(std::string_view number, int call, Time at) const {
  const Dice dice = dice_.of(number).of("call").of(static_cast<std::uint64_t>(call));
  Fate fate;
  fate.post_dial_delay = plan_.post_dial_delay.at(dice.of("delay").share());
  if (has_trait(number, "invalid", plan_.invalid_numbers)) {
    fate.reaction = Reaction::kInvalidNumber;
    return fate;
  }
  fate.rings = plan_.ring.at(dice.of("ring").share());
  const bool is_answered = dice.of("answer").share() < answer_share(number, at);
  fate.reaction = is_answered ? Reaction::kAnswers : reaction_to_ringing(number, dice);
  if (fate.reaction == Reaction::kMailbox) {
    const bool is_off = dice.of("reaction").share() < plan_.busy + plan_.rejected + plan_.unreachable;
    fate.rings = is_off ? kMailboxOfPhoneThatIsOff : in_ms(plan_.mailbox_ring_seconds);
    fate.talks = in_ms(plan_.mailbox_talk_seconds);
  }
  if (fate.reaction != Reaction::kAnswers) return fate;
  fate.talks = plan_.talk.at(dice.of("talk").share());
  double luck = dice.of("key").share();
  for (const auto& [action, share] : plan_.keys) {
    if (luck < share) {
      fate.pressed = action;
      const double when = kEarliestPress + (kLatestPress - kEarliestPress) * dice.of("press").share();
      fate.pressed_after = in_ms(std::chrono::duration<double>(fate.talks).count() * when);
      break;
    }
    luck -= share;
  }
  return fate;
}

}  // namespace carillon::simulated
