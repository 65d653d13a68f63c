#include "prompt/work_lane.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <vector>

namespace carillon {
namespace {

TEST(WorkLane, DoesJobsInOrder) {
  std::vector<int> done;
  std::promise<void> last;
  {
    WorkLane lane;
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(lane.submit([&, i] {
        done.push_back(i);
        if (i == 9) last.set_value();
      }));
    }
    last.get_future().wait();
  }
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(WorkLane, RefusesWhatIsTooMuchAndDropsWhatHasNotBegun) {
  std::promise<void> may_go_on;
  std::promise<void> has_begun;
  bool is_late_done = false;
  {
    WorkLane lane({.max_waiting = 1});
    lane.submit([&] {
      has_begun.set_value();
      may_go_on.get_future().wait();
    });
    has_begun.get_future().wait();
    EXPECT_TRUE(lane.submit([&] { is_late_done = true; }));
    EXPECT_FALSE(lane.submit([] {}));
    // The lane is told to end while its job is still at it.
    const auto freed = std::async(std::launch::async, [&] {
      while (!lane.is_stopping()) std::this_thread::yield();
      may_go_on.set_value();
    });
    lane.stop();
  }
  EXPECT_FALSE(is_late_done);
}

TEST(WorkLane, RestsBetweenJobs) {
  using Clock = std::chrono::steady_clock;
  std::promise<Clock::time_point> second;
  const auto begin = Clock::now();
  WorkLane lane({.rest = std::chrono::milliseconds(50)});
  lane.submit([] {});
  lane.submit([&] { second.set_value(Clock::now()); });
  EXPECT_GE(second.get_future().get() - begin, std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace carillon
