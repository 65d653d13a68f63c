#include "core/campaign/caller_id.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace carillon {
namespace {

std::vector<std::string> pool_of(int size) {
  std::vector<std::string> pool;
  for (int i = 0; i < size; ++i) pool.push_back(fmt::format("+120255501{:02}", i));
  return pool;
}

// As many people as a test needs: any text will do.
std::string contact(int i) { return fmt::format("+12025550100x{}", i); }

TEST(CallerId, ThereIsNoneInAnEmptyPoolAndOneInAPoolOfOne) {
  EXPECT_EQ(pick_caller_id({}, "+12025550100"), "");
  EXPECT_EQ(pick_caller_id({"+12025550199"}, "+12025550100"), "+12025550199");
}

// A change of the hash would show every person another number from one release to the next.
TEST(CallerId, StaysTheSameInAllVersions) {
  const auto pool = pool_of(10);
  EXPECT_EQ(pick_caller_id(pool, "+12025550142"), "+12025550104");
  EXPECT_EQ(pick_caller_id(pool, "+12025550143"), "+12025550103");
  EXPECT_EQ(pick_caller_id(pool, "+12025550144"), "+12025550103");
}

TEST(CallerId, IsSpreadEvenlyOverThePool) {
  const auto pool = pool_of(5);
  std::map<std::string_view, int> counts;
  for (int i = 0; i < 10'000; ++i) ++counts[pick_caller_id(pool, contact(i))];
  for (const auto& caller_id : pool) EXPECT_NEAR(counts[caller_id], 2000, 200) << caller_id;
}

TEST(CallerId, DoesNotDependOnTheOrderOfThePool) {
  const auto pool = pool_of(7);
  auto shuffled = pool;
  std::ranges::shuffle(shuffled, std::mt19937(7));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(pick_caller_id(pool, contact(i)), pick_caller_id(shuffled, contact(i)));
}

RC_GTEST_PROP(CallerId, OnlyThosePeopleMoveWhoseCallerIdIsTakenAway, ()) {
  const auto pool = pool_of(*rc::gen::inRange(2, 30));
  auto fewer = pool;
  const auto removed = static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(pool.size())));
  fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(removed));
  const auto person = contact(*rc::gen::inRange(0, 10'000));
  const auto before = pick_caller_id(pool, person);
  const auto after = pick_caller_id(fewer, person);
  const bool has_moved = before == pool[removed];
  if (has_moved) RC_ASSERT(std::ranges::find(fewer, after) != fewer.end());
  if (!has_moved) RC_ASSERT(after == before);
}

}  // namespace
}  // namespace carillon
