// The ledger in one SQLite file: a writer thread with group commit, a reader thread for reports, and the outbox.
// One process at a time: an exclusive lock on <file>.lock is held while it is open.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "core/ports/campaign_store.h"
#include "core/ports/outbox.h"
#include "ledger/store_thread.h"

namespace carillon::ledger {

class SqliteStore final : public Store, public CampaignStore, public Outbox {
 public:
  // Replies come by `post`. after_commit runs on the writer's thread after each commit (to wake the relay).
  // Locked if another process has it; Ledger if it cannot be opened.
  static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& file, Post post,
                                                   std::function<void()> after_commit = {});
  ~SqliteStore() override;

  void accept(AttemptRequest request, std::shared_ptr<const GateRules> rules, CallingTime calling_time,
              Reply<Accepted> reply) override;
  void intend(StartRequest request, Reply<StartResult> reply) override;
  void record(AttemptChange change, Reply<void> reply) override;
  void load_open(Reply<std::vector<StoredAttempt>> reply) override;
  void load(std::vector<std::string> ids, Reply<std::vector<StoredAttempt>> reply) override;
  void find_call(std::string call_id, Reply<std::optional<StoredAttempt>> reply) override;
  std::size_t backlog() const override { return writer_->backlog(); }
  std::uint64_t commits() const { return writer_->commits(); }

  void load_campaigns(Reply<std::vector<Campaign>> reply) override;
  void create_campaign(Campaign campaign, Actor actor, Reply<Campaign> reply) override;
  void change_campaign(Campaign campaign, Actor actor, std::string what, Reply<void> reply) override;
  void add_contacts(std::int64_t campaign_key, std::vector<NewContact> contacts, Reply<AddedContacts> reply) override;
  void count_lanes(std::int64_t campaign_key, Reply<std::vector<LaneCount>> reply) override;
  void fetch_due(std::int64_t campaign_key, int lane, DueKind kind, Time now, int limit,
                 Reply<DueContacts> reply) override;
  void report(std::string campaign_id, Reply<CampaignReport> reply) override;
  void list_contacts(std::int64_t campaign_key, std::optional<ContactState> state, std::int64_t after, int limit,
                     Reply<ContactPage> reply) override;
  void list_attempts(std::string campaign_id, std::string after, int limit, Reply<AttemptPage> reply) override;
  void facts_page(std::int64_t campaign_key, std::int64_t after, int limit, Reply<ContactFactsPage> reply) override;
  void facts_of(std::string number, Reply<std::vector<ContactFacts>> reply) override;
  void attempts_of(std::string number, int limit, Reply<std::vector<Attempt>> reply) override;
  void suppress(std::vector<Suppression> entries, Actor actor, Reply<std::int64_t> reply) override;
  void unsuppress(std::string number, SuppressionLevel level, std::string scope, Actor actor,
                  Reply<void> reply) override;
  void list_suppressions(std::string number, std::string after, int limit, Reply<SuppressionPage> reply) override;
  void add_registry_checks(std::vector<std::pair<std::string, RegistryCheck>> checks, Actor actor,
                           Reply<std::int64_t> reply) override;
  void add_consents(std::vector<std::pair<std::string, Consent>> consents, Actor actor,
                    Reply<std::int64_t> reply) override;
  void resolve(std::string attempt_id, Resolution resolution, Actor actor, Reply<void> reply) override;
  void audit(std::string campaign_id, int limit, Reply<std::vector<AuditEntry>> reply) override;
  void list_audit(std::string call_id, std::int64_t below, int limit, Reply<AuditPage> reply) override;
  void record_audit(AuditEntry entry, Reply<void> reply) override;

  Result<std::vector<OutboxRow>> read_after(std::int64_t position, int limit) override;
  Result<std::int64_t> position_before(Time time) override;
  Result<OutboxBounds> bounds() override;
  Result<std::int64_t> cursor(const std::string& sink) override;
  Result<std::vector<DeadLetter>> dead_letters(const std::string& sink, std::int64_t after, int limit) override;
  Result<std::vector<OutboxRow>> dead_letter_events(const std::string& sink, std::int64_t after, int limit) override;
  Result<std::int64_t> count_dead_letters(const std::string& sink) override;
  void keep_progress(const std::string& sink, std::int64_t position, std::vector<DeadLetter> refused) override;
  void remove_dead_letters(const std::string& sink, std::vector<std::int64_t> positions) override;
  void trim(std::int64_t position) override;
  void forget_dead_letters(Time before) override;

 private:
  class FileLock;
  SqliteStore(std::unique_ptr<FileLock> lock, const std::filesystem::path& file, Post post,
              std::function<void()> after_commit);
  // Work that gives a Result<T>, and the caller's reply to it.
  template <class T, class Work>
  class Question final : public StoreJob {
   public:
    Question(Reply<T> reply, Work work) : reply_(std::move(reply)), work_(std::move(work)) {}
    void run(Database& db) override {
      result_.emplace((*work_)(db));
      work_.reset();  // what it carried is freed here, not on the caller's thread
    }
    void complete() override { reply_(std::move(*result_)); }
    void fail(const Error& error) override { reply_(std::unexpected(error)); }

   private:
    Reply<T> reply_;
    std::optional<Work> work_;
    std::optional<Result<T>> result_;
  };
  // Runs the work on the thread, and the reply with its result once that is durable.
  template <class T, class Work>
  static void submit(StoreThread& thread, Reply<T> reply, Work work,
                     StoreThread::Urgency urgency = StoreThread::Urgency::kSoon) {
    thread.submit(std::make_unique<Question<T, Work>>(std::move(reply), std::move(work)), urgency);
  }

  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<StoreThread> writer_;
  std::unique_ptr<StoreThread> reader_;
  // Questions of the relay's threads, one at a time.
  template <class T, class Ask>
  Result<T> ask_outbox(Ask ask);
  std::mutex relay_mutex_;
  std::unique_ptr<Database> relay_db_;
};

}  // namespace carillon::ledger
