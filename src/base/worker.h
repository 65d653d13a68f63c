// One thread for work that would hold up the control thread: jobs run in order, their results go back by `post`. The
// queue is bounded; the destructor runs what was submitted and then joins.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace carillon {

class Worker {
 public:
  explicit Worker(std::size_t max_jobs = 64);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False if the queue is full: nothing was taken.
  bool submit(std::function<void()> job);

 private:
  void run();

  std::size_t max_jobs_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace carillon
