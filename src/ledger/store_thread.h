// One thread that owns one connection and runs jobs on it in order. The writer's jobs are batched into transactions
// (group commit); a job's completion runs, by `post`, only after its transaction is on disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "ledger/database.h"

namespace carillon::ledger {

// Runs a function on the thread that owns the caller's state.
using Post = std::function<void(std::function<void()>)>;

class StoreThread {
 public:
  // A job does its SQL and returns what is to be done with the result once it is durable.
  using Completion = std::function<void()>;
  using Job = std::function<Completion(Database&)>;
  // Told when the job's transaction could not be committed.
  using Failure = std::function<void(const Error&)>;

  enum class Kind { kWriter, kReader };
  StoreThread(std::unique_ptr<Database> db, Kind kind, Post post, std::function<void()> after_commit = {});
  ~StoreThread();

  // kNow: somebody waits for this commit (an API client, a person who pressed 9). kSoon: it may wait for company.
  enum class Urgency { kSoon, kNow };
  void submit(Job job, Failure on_failure, Urgency urgency);
  std::size_t backlog() const { return backlog_.load(std::memory_order_relaxed); }
  std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }

 private:
  struct Item {
    Job job;
    Failure on_failure;
  };
  void run();
  void run_batch(std::deque<Item>& batch);

  std::unique_ptr<Database> db_;
  Kind kind_;
  Post post_;
  std::function<void()> after_commit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool has_urgent_ = false;
  bool is_stopping_ = false;
  std::atomic<std::size_t> backlog_{0};
  std::atomic<std::uint64_t> commits_{0};
  std::thread thread_;
};

}  // namespace carillon::ledger
