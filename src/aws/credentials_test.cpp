#include "aws/credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace carillon::aws {
namespace {

using namespace std::chrono_literals;

// A source that gives keys for an hour, or fails, in virtual time.
struct World {
  std::atomic<Time::rep> now_ms = 1'000'000'000;
  std::atomic<int> fetches = 0;
  std::atomic<bool> is_broken = false;

  Time now() const { return time_from_ms(now_ms); }
  void pass(Duration time) { now_ms += time.count(); }
  CredentialProvider provider() {
    return CredentialProvider(
        [this]() -> Result<Credentials> {
          ++fetches;
          if (is_broken) return fail(ErrorCode::Io, "metadata is away");
          return Credentials{"KEY" + std::to_string(fetches), "s", "t", now() + 1h};
        },
        [this] { return now(); });
  }
};

TEST(CredentialProvider, AsksOnceAndAgainFiveMinutesBeforeTheEnd) {
  World world;
  auto provider = world.provider();
  EXPECT_EQ(provider.get()->access_key_id, "KEY1");
  world.pass(54min);
  EXPECT_EQ(provider.get()->access_key_id, "KEY1");
  world.pass(1min);
  EXPECT_EQ(provider.get()->access_key_id, "KEY2");
  EXPECT_EQ(world.fetches, 2);
}

TEST(CredentialProvider, OldKeysServeWhileRenewalFailsAndTheyHold) {
  World world;
  auto provider = world.provider();
  ASSERT_TRUE(provider.get());
  world.is_broken = true;
  world.pass(56min);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(provider.get()->access_key_id, "KEY1");
  EXPECT_EQ(world.fetches, 2) << "no storm of attempts";
  world.pass(30s);
  EXPECT_EQ(provider.get()->access_key_id, "KEY1");
  EXPECT_EQ(world.fetches, 3);
  world.pass(4min);
  const auto ended = provider.get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().detail, "metadata is away");
  world.is_broken = false;
  world.pass(1s);
  EXPECT_EQ(provider.get()->access_key_id, "KEY5");
}

TEST(CredentialProvider, AnErrorHoldsForASecond) {
  World world;
  auto provider = world.provider();
  world.is_broken = true;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(provider.get());
  EXPECT_EQ(world.fetches, 1);
}

TEST(CredentialProvider, KeysThatAwsRejectsAreReplaced) {
  World world;
  auto provider = world.provider();
  ASSERT_TRUE(provider.get());
  provider.reject("KEY0");
  EXPECT_EQ(provider.get()->access_key_id, "KEY1") << "another's old key";
  provider.reject("KEY1");
  EXPECT_EQ(provider.get()->access_key_id, "KEY2");
}

TEST(CredentialProvider, KeysThatHaveEndedAlreadyAreAnError) {
  CredentialProvider provider([]() -> Result<Credentials> { return Credentials{"A", "s", "", time_from_ms(5)}; },
                              [] { return time_from_ms(10); });
  EXPECT_FALSE(provider.get());
}

TEST(CredentialProvider, ManyThreadsFetchOnce) {
  World world;
  auto provider = world.provider();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(provider.get());
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(world.fetches, 1);
}

}  // namespace
}  // namespace carillon::aws
