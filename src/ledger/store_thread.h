// One thread that owns one connection and runs jobs on it in order. The writer's jobs are batched into transactions
// (group commit); a job is told complete, by `post`, only after its transaction is on disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "ledger/database.h"

namespace carillon::ledger {

// Runs a function on the thread that owns the caller's state.
using Post = std::function<void(std::function<void()>)>;

// A piece of work with its SQL. The writer runs it, and the thread of `post` is told how it ended: one of complete()
// and fail(), once.
class StoreJob {
 public:
  virtual ~StoreJob() = default;
  virtual void run(Database& db) = 0;
  virtual void complete() = 0;  // its transaction is on the disk
  virtual void fail(const Error& error) = 0;
};

class StoreThread {
 public:
  enum class Kind { kWriter, kReader };
  StoreThread(std::unique_ptr<Database> db, Kind kind, Post post, std::function<void()> after_commit = {});
  ~StoreThread();

  // kNow: somebody waits for this commit (an API client, a person who pressed 9). kSoon: it may wait for company.
  enum class Urgency { kSoon, kNow };
  void submit(std::unique_ptr<StoreJob> job, Urgency urgency);
  std::size_t backlog() const { return backlog_.load(std::memory_order_relaxed); }
  std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }

 private:
  using Jobs = std::vector<std::unique_ptr<StoreJob>>;

  void run();
  void run_batch(Jobs batch);
  void give_back(Jobs& batch, std::size_t done);
  void roll_back();

  std::unique_ptr<Database> db_;
  Kind kind_;
  Post post_;
  std::function<void()> after_commit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<StoreJob>> queue_;
  bool must_hurry_ = false;  // a batch is not held back for more company
  bool is_stopping_ = false;
  std::atomic<std::size_t> backlog_{0};
  std::atomic<std::uint64_t> commits_{0};
  std::thread thread_;
};

}  // namespace carillon::ledger
