#include "ledger/store_thread.h"

#include <chrono>
#include <vector>

#include "base/log.h"

namespace carillon::ledger {
namespace {

// A commit waits this long for company: an fsync costs more CPU than many rows, and nobody hears 5 ms.
constexpr std::chrono::milliseconds kGather{5};
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

void StoreThread::submit(Job job, Failure on_failure) {
  backlog_.fetch_add(1, std::memory_order_relaxed);
  bool was_empty = false;
  {
    const std::scoped_lock lock(mutex_);
    was_empty = queue_.empty();
    queue_.push_back({std::move(job), std::move(on_failure)});
  }
  if (was_empty) wake_.notify_one();
}

void StoreThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return is_stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;  // stopping, and all that was submitted is done
    if (kind_ == Kind::kWriter && !is_stopping_) {
      lock.unlock();
      std::this_thread::sleep_for(kGather);
      lock.lock();
    }
    std::deque<Item> batch;
    while (!queue_.empty() && batch.size() < kMaxBatch) {
      batch.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
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
    } catch (const SqlError&) {
      // SQLite has rolled back by itself (disk full, I/O error).
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
