#include "ledger/store_thread.h"

#include <chrono>
#include <vector>

#include "base/log.h"

namespace carillon::ledger {
namespace {

// Commits are this far apart, so that they find company: an fsync costs more CPU than many rows.
constexpr std::chrono::milliseconds kCommitEvery{80};
constexpr std::chrono::milliseconds kUrgentCommitEvery{5};
constexpr std::size_t kMaxBatch = 2000;

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

void StoreThread::submit(Job job, Failure on_failure, Urgency urgency) {
  backlog_.fetch_add(1, std::memory_order_relaxed);
  bool must_wake = false;
  {
    const std::scoped_lock lock(mutex_);
    must_wake = queue_.empty() || (urgency == Urgency::kNow && !has_urgent_);
    has_urgent_ = has_urgent_ || urgency == Urgency::kNow;
    queue_.push_back({std::move(job), std::move(on_failure)});
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
      wake_.wait_until(lock, last_commit + kCommitEvery, [&] { return is_stopping_ || has_urgent_; });
      wake_.wait_until(lock, last_commit + kUrgentCommitEvery, [&] { return is_stopping_; });
    }
    std::deque<Item> batch;
    while (!queue_.empty() && batch.size() < kMaxBatch) {
      batch.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    has_urgent_ = has_urgent_ && !queue_.empty();
    last_commit = std::chrono::steady_clock::now();
    lock.unlock();
    run_batch(batch);
    lock.lock();
  }
}

void StoreThread::run_batch(std::deque<Item>& batch) {
  std::vector<Completion> completions;
  completions.reserve(batch.size());
  try {
    db_->execute(kind_ == Kind::kWriter ? "BEGIN IMMEDIATE" : "BEGIN");
    for (auto& item : batch) completions.push_back(item.job(*db_));
    db_->execute("COMMIT");
    commits_.fetch_add(1, std::memory_order_relaxed);
  } catch (const SqlError& error) {
    log::error("ledger_refused", {{"detail", error.what()}, {"jobs", std::to_string(batch.size())}});
    try {
      db_->execute("ROLLBACK");
    } catch (const SqlError& rollback_error) {
      // SQLite has rolled back by itself (disk full, I/O error).
      log::debug("ledger_rolled_back", {{"detail", rollback_error.what()}});
    }
    const Error failure(ErrorCode::Ledger, error.what());
    backlog_.fetch_sub(batch.size(), std::memory_order_relaxed);
    for (auto& item : batch) post_([on_failure = std::move(item.on_failure), failure] { on_failure(failure); });
    return;
  }
  backlog_.fetch_sub(batch.size(), std::memory_order_relaxed);
  post_([all = std::move(completions)] {
    for (const auto& completion : all) completion();
  });
  if (after_commit_) after_commit_();
}

}  // namespace carillon::ledger
