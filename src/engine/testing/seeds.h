// Running simulations from many seeds: CARILLON_SEED=n replays one, CARILLON_SEEDS=n sets how many.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::testing {

inline std::uint64_t number_from(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

// Sanitizers make everything many times slower.
constexpr bool is_sanitized() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#endif
#endif
  return false;
}

// run(seed) gives what went wrong. Each failing seed prints how to replay it; after five it stops.
inline void for_each_seed(std::uint64_t count, std::string_view suite, std::string_view program,
                          const std::function<std::vector<std::string>(std::uint64_t)>& run) {
  const auto only = number_from("CARILLON_SEED");
  const auto many = number_from("CARILLON_SEEDS");
  const auto first = only != 0 ? only : 1;
  const auto last = only != 0 ? only : (many != 0 ? many : count);
  int failed = 0;
  for (auto seed = first; seed <= last && failed < 5; ++seed) {
    const auto problems = run(seed);
    if (problems.empty()) continue;
    ++failed;
    std::string text;
    for (const auto& problem : problems) text += "  " + problem + "\n";
    ADD_FAILURE() << "seed " << seed << ":\n"
                  << text << "replay: CARILLON_SEED=" << seed << " " << program << " --gtest_filter='" << suite
                  << ".*'";
  }
}

}  // namespace carillon::testing
