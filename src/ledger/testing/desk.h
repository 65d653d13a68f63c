// The thread of somebody who asks the ledger: its replies wait here, in the order of the commits, until they are run.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "ledger/sqlite_store.h"

namespace carillon::ledger::testing {

class Desk {
 public:
  Post post() {
    return [this](std::function<void()> work) {
      const std::scoped_lock lock(mutex_);
      queue_.push_back(std::move(work));
      wake_.notify_one();
    };
  }
  // Waits for one.
  void run_one() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return !queue_.empty(); });
    const auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
};

}  // namespace carillon::ledger::testing
