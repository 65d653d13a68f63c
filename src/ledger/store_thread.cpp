#include "ledger/store_thread.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"

namespace carillon::ledger {
namespace {

// Commits are this far apart, so that they find company: an fsync costs more CPU than many rows.
constexpr std::chrono::milliseconds kCommitEvery{80};
constexpr std::chrono::milliseconds kUrgentCommitEvery{5};
constexpr std::size_t kMaxBatch = 10'000;
// A transaction takes no further job after so long: an opt-out must not wait for a whole import.
constexpr std::chrono::milliseconds kMaxTransaction{50};

}  // namespace

StoreThread::StoreThread(std::unique_ptr<Database> db, Kind kind, Post post, std::function<void()> after_commit)
    : db_(std::move(db)), kind_(kind), post_(std::move(post)), after_commit_(std::move(after_commit)) {
  thread_ = std::thread([this] { run(); });
}

StoreThread::~StoreThread() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void StoreThread::submit(std::unique_ptr<StoreJob> job, Urgency urgency) {
  backlog_.fetch_add(1, std::memory_order_relaxed);
  bool must_wake = false;
  {
    const std::scoped_lock lock(mutex_);
    must_wake = queue_.empty() || (urgency == Urgency::kNow && !must_hurry_);
    must_hurry_ = must_hurry_ || urgency == Urgency::kNow;
    queue_.push_back(std::move(job));
  }
  if (must_wake) wake_.notify_one();
}

void StoreThread::run() {
  auto last_commit = std::chrono::steady_clock::now() - kCommitEvery;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return is_stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;  // stopping, and all that was submitted is done
    if (kind_ == Kind::kWriter) {
      wake_.wait_until(lock, last_commit + kCommitEvery, [&] { return is_stopping_ || must_hurry_; });
      wake_.wait_until(lock, last_commit + kUrgentCommitEvery, [&] { return is_stopping_; });
    }
    Jobs batch;
    batch.reserve(std::min(queue_.size(), kMaxBatch));
    while (!queue_.empty() && batch.size() < kMaxBatch) {
      batch.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    must_hurry_ = !queue_.empty();  // more than a batch: there is company enough
    last_commit = std::chrono::steady_clock::now();
    lock.unlock();
    run_batch(std::move(batch));
    lock.lock();
  }
}

// What the transaction has no time for goes first in the next one.
void StoreThread::give_back(Jobs& batch, std::size_t done) {
  if (done == batch.size()) return;
  const std::scoped_lock lock(mutex_);
  while (batch.size() > done) {
    queue_.push_front(std::move(batch.back()));
    batch.pop_back();
  }
  must_hurry_ = true;
}

void StoreThread::run_batch(Jobs batch) {
  std::optional<Error> failure;
  try {
    db_->execute(kind_ == Kind::kWriter ? "BEGIN IMMEDIATE" : "BEGIN");
    const auto began = std::chrono::steady_clock::now();
    std::size_t done = 0;
    while (done < batch.size() && (done == 0 || std::chrono::steady_clock::now() - began < kMaxTransaction)) {
      batch[done++]->run(*db_);
    }
    give_back(batch, done);
    db_->tally().write(*db_);
    db_->execute("COMMIT");
    commits_.fetch_add(1, std::memory_order_relaxed);
  } catch (const SqlError& error) {
    log::error("ledger_refused", {{"detail", error.what()}, {"jobs", std::to_string(batch.size())}});
    failure.emplace(ErrorCode::Ledger, error.what());
    roll_back();
  }
  backlog_.fetch_sub(batch.size(), std::memory_order_relaxed);
  // Shared, because what is posted must be copyable; nobody copies it.
  post_([jobs = std::make_shared<Jobs>(std::move(batch)), failure] {
    for (const auto& job : *jobs) failure ? job->fail(*failure) : job->complete();
  });
  if (!failure && after_commit_) after_commit_();
}

void StoreThread::roll_back() {
  db_->tally().clear();
  try {
    db_->execute("ROLLBACK");
  } catch (const SqlError& error) {
    // SQLite has rolled back by itself (disk full, I/O error).
    log::debug("ledger_rolled_back", {{"detail", error.what()}});
  }
}

}  // namespace carillon::ledger
