// ULID: 26 characters of Crockford's base 32, 48 bits of time and 80 of randomness; ids sort by creation.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "base/time.h"

namespace carillon {

// Gives ids that rise strictly, also within one millisecond. One generator per thread.
class UlidGenerator {
 public:
  // A fixed seed gives the same ids again, for simulations.
  explicit UlidGenerator(std::uint64_t seed) : random_(seed) {}
  // Seeded by the operating system.
  static UlidGenerator from_entropy();

  std::string next(Time now);

 private:
  std::mt19937_64 random_;
  std::uint64_t last_ms_ = 0;
  std::array<std::uint8_t, 10> tail_{};
};

bool is_ulid(std::string_view text);

}  // namespace carillon
