// Chance for simulations: everything in a world comes from one seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <vector>

#include "engine/testing/fates.h"

namespace carillon::testing {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  int number(int from, int to) { return from + static_cast<int>(below(static_cast<std::uint64_t>(to - from + 1))); }
  Duration between(int from_ms, int to_ms) { return Duration(number(from_ms, to_ms)); }
  template <class All>
  auto& one_of(All& all) {
    return all[below(std::size(all))];
  }

  std::vector<Press> presses() {
    std::vector<Press> presses;
    while (presses.size() < 4 && chance(50)) {
      const Press options[] = {{'1', KeyAction::kDonation}, {'2', KeyAction::kMoreInfo}, {'9', KeyAction::kOptOut}};
      presses.push_back(one_of(options));
      presses.back().after = between(1, 4'000);
      if (presses.back().action == KeyAction::kOptOut) break;
    }
    return presses;
  }
  // What becomes of a call; through a dead trunk nobody is reached.
  Fate fate(bool is_trunk_dead) {
    const auto kind = is_trunk_dead ? 7 + below(2) : below(14);
    const auto unreachable = fates::fails(480, 19, Outcome::kUnreachable);
    const Fate failures[] = {fates::busy(),        unreachable,        fates::congestion(),
                             fates::rejected(),    fates::no_answer(), fates::invalid_number(),
                             fates::early_media(), fates::silent(),    fates::no_trunk()};
    Fate fate = kind < std::size(failures) ? failures[kind] : fates::human(presses());
    if (fate.rings_after) fate.rings_after = between(1, 2'000);
    if (fate.answers_after) fate.answers_after = between(2'000, 10'000);
    fate.ends_after = fate.answers_after ? between(1, 20'000) : std::max(fate.ends_after, between(2'001, 6'000));
    fate.fails_before_hangup = chance(50);
    return fate;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace carillon::testing
