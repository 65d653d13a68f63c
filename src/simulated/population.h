// Seeded people. Who somebody is (number, place, mailbox, habits) and what becomes of each call to them follows from
// the seed, the number and the count of calls to it, whatever the order of asking. Probabilities are shares, 0 to 1.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/call/words.h"
#include "simulated/dice.h"

namespace carillon::simulated {

// How long something takes: four of its quantiles in seconds, and straight lines between them.
struct Spread {
  double least = 0;
  double median = 0;
  double p90 = 0;
  double most = 0;

  Duration at(double share) const;
};

struct ZoneShare {
  std::string zone;  // IANA
  double share = 0;
};

struct RegionShare {
  std::string region;  // ISO 3166, one of fictional_regions()
  double share = 0;    // of the people; in proportion to those of other regions
  std::vector<ZoneShare> zones;
  bool is_zone_listed = true;  // the list of contacts has their time zones
};

struct PopulationPlan {
  std::vector<RegionShare> regions;
  // Of people.
  double invalid_numbers = 0.02;  // nobody has the number, ever
  double mailboxes = 0.3;         // a machine answers where nobody does
  double habit = 0.5;             // 0: everybody is as likely to answer; 1: some never do, some twice as often
  // Of calls.
  std::array<double, 24> answered{};  // by the hour of the person's clock
  // Of calls that are not answered; the rest rings until it is given up.
  double busy = 0.1;
  double rejected = 0.05;
  double unreachable = 0.1;
  // Of calls that a person answered: one key at most.
  std::map<KeyAction, double> keys;
  Spread post_dial_delay{0.5, 2.5, 5, 12};  // of an idle carrier
  Spread ring{2, 9, 20, 28};                // until somebody takes it
  Spread talk{2, 20, 45, 120};              // until somebody hangs up
  double mailbox_ring_seconds = 18;
  double mailbox_talk_seconds = 30;  // it listens to the whole message
};

struct Person {
  std::string number;  // E.164
  std::string region;
  std::string zone;
  bool is_zone_listed = true;
};

// What becomes of one call, as far as the carrier takes it.
enum class Reaction : std::uint8_t {
  kAnswers,
  kMailbox,  // answered, too: nothing tells machines from people yet
  kRings,    // until it is given up
  kBusy,
  kRejects,
  kUnreachable,
  kInvalidNumber,
};

struct Fate {
  Reaction reaction = Reaction::kRings;
  Duration post_dial_delay{0};
  Duration rings{0};  // before it is answered or rejected
  Duration talks{0};  // from the answer until the other side hangs up
  std::optional<KeyAction> pressed;
  Duration pressed_after{0};  // the answer
};

class Population {
 public:
  // The regions' zones must be known ones (is_known_zone).
  Population(PopulationPlan plan, std::uint64_t seed);
  ~Population();

  std::vector<Person> people(std::size_t count) const;
  // Whether the number belongs to the share of people that a trait names: "consent", "registry il-dnc", …
  bool has_trait(std::string_view number, std::string_view trait, double share) const;
  // call: how many calls to the number came before.
  Fate fate_of(std::string_view number, int call, Time at) const;

 private:
  class Clock;
  struct Region {
    RegionShare plan;
    std::vector<Clock> clocks;  // of its zones
  };

  std::size_t zone_of(const Region& region, std::string_view number) const;
  double answer_share(std::string_view number, Time at) const;
  Reaction reaction_to_ringing(std::string_view number, const Dice& call) const;

  PopulationPlan plan_;
  Dice dice_;
  double region_shares_ = 0;  // their sum
  std::vector<Region> regions_;
};

}  // namespace carillon::simulated
