#include "prompt/work_lane.h"

#include <sys/resource.h>

#include <chrono>
#include <utility>

namespace carillon {

WorkLane::WorkLane(WorkLaneOptions options) : options_(options), thread_([this] { run(); }) {}

WorkLane::~WorkLane() { stop(); }

void WorkLane::stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool WorkLane::submit(std::function<void()> job) {
  const std::scoped_lock lock(mutex_);
  if (is_stopping_ || jobs_.size() >= options_.max_waiting) return false;
  jobs_.push_back(std::move(job));
  wake_.notify_one();
  return true;
}

void WorkLane::run() {
  // On Linux this is the thread's alone (setpriority(2), "C library/kernel differences").
  if (options_.niceness != 0) ::setpriority(PRIO_PROCESS, 0, options_.niceness);
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return is_stopping_ || !jobs_.empty(); });
    if (is_stopping_) return;
    const auto next_at = std::chrono::steady_clock::now() + options_.rest;
    {
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
    lock.lock();
    if (wake_.wait_until(lock, next_at, [&] { return is_stopping_.load(); })) return;
  }
}

}  // namespace carillon
