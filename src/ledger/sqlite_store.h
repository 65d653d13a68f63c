// The ledger in one SQLite file: a writer thread with group commit, a reader thread for reports, and the outbox.
// One process at a time: an exclusive lock on <file>.lock is held while it is open.
#pragma once

#include <filesystem>
#include <memory>

#include "core/ports/outbox.h"
#include "core/ports/store.h"
#include "ledger/store_thread.h"

namespace carillon::ledger {

class SqliteStore final : public Store, public Outbox {
 public:
  // Replies come by `post`. after_commit runs on the writer's thread after each commit (to wake the relay).
  // Locked if another process has it; Ledger if it cannot be opened.
  static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& file, Post post,
                                                   std::function<void()> after_commit = {});
  ~SqliteStore() override;

  void accept(AttemptRequest request, bool keep_skipped, Reply<Accepted> reply) override;
  void intend(AttemptChange change, Reply<void> reply) override;
  void record(AttemptChange change, Reply<void> reply) override;
  void load_open(Reply<std::vector<StoredAttempt>> reply) override;
  void load(std::vector<std::string> ids, Reply<std::vector<StoredAttempt>> reply) override;
  void find_call(std::string call_id, Reply<std::optional<StoredAttempt>> reply) override;
  void report(std::string campaign_id, Reply<Report> reply) override;
  std::size_t backlog() const override { return writer_->backlog(); }
  std::uint64_t commits() const { return writer_->commits(); }

  Result<std::vector<OutboxRow>> read_after(std::int64_t position, int limit) override;
  Result<std::int64_t> last_position() override;
  Result<std::int64_t> cursor(const std::string& sink) override;
  void set_cursor(const std::string& sink, std::int64_t position) override;

 private:
  class FileLock;
  SqliteStore(std::unique_ptr<FileLock> lock, const std::filesystem::path& file, Post post,
              std::function<void()> after_commit);
  template <class T, class Work>
  void submit(StoreThread& thread, Reply<T> reply, Work work,
              StoreThread::Urgency urgency = StoreThread::Urgency::kSoon);

  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<StoreThread> writer_;
  std::unique_ptr<StoreThread> reader_;
  std::unique_ptr<Database> relay_db_;
};

}  // namespace carillon::ledger
