// Chance that can be repeated: a number between 0 and 1 that follows from what is asked, and from nothing else. Not
// std::hash and not the distributions of std: the same seed must give the same people with every library and in every
// order of asking.
#pragma once

#include <cstdint>
#include <string_view>

namespace carillon::simulated {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(finish(seed + kStep)) {}

  // Dice of their own for whatever the text or number names.
  Dice of(std::string_view name) const {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return of(hash);
  }
  Dice of(std::uint64_t number) const { return Dice(finish(state_ ^ finish(number + kStep)), Done{}); }

  // In [0, 1).
  double share() const { return static_cast<double>(state_ >> 11) * 0x1.0p-53; }

 private:
  struct Done {};
  Dice(std::uint64_t state, Done) : state_(state) {}

  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
  // Of splitmix64 (Steele, Lea and Flood, 2014).
  static std::uint64_t finish(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  std::uint64_t state_;
};

}  // namespace carillon::simulated
