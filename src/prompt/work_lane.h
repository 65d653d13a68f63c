// One thread that does jobs in order: the library has one for each kind of work, so that a slow server does not hold up
// what lies on the disk. Its queue is bounded; at the end, what has not begun is dropped.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/time.h"

namespace carillon {

struct WorkLaneOptions {
  std::size_t max_waiting = 256;
  Duration rest{0};  // at least so long from one job's begin to the next one's
  int niceness = 0;  // of this thread and of the programs that it starts
};

class WorkLane {
 public:
  explicit WorkLane(WorkLaneOptions options = {});
  ~WorkLane();
  WorkLane(const WorkLane&) = delete;
  WorkLane& operator=(const WorkLane&) = delete;

  // False if the queue is full: nothing was taken.
  bool submit(std::function<void()> job);
  // Ends it: what has not begun is dropped, the present job comes to its end first.
  void stop();
  bool is_stopping() const { return is_stopping_; }

 private:
  void run();

  WorkLaneOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

}  // namespace carillon
