// The ledger in memory behind its ports, for simulations and tests. What is submitted waits until commit(); its reply
// waits until reply(). Reads of campaigns go by a queue of their own, as they do on the real ledger's reader thread:
// what read() answers may be old when reply_reads() lets it go. A crash loses what is not committed and every reply
// under way; what is committed stays.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulated/memory_ledger.h"

namespace carillon::simulated {

class MemoryStore final : public Store, public CampaignStore {
 public:
  // clock: for the audit, and for what operators resolve.
  explicit MemoryStore(std::function<Time()> clock, bool keeps_texts = true)
      : ledger(keeps_texts), clock_(std::move(clock)) {}

  MemoryLedger ledger;                      // what is on the disk
  std::function<void()> on_submit;          // something waits for commit()
  std::function<void()> on_read;            // something waits for read()
  std::optional<Error> failure;             // every commit fails with it
  std::optional<std::size_t> fake_backlog;  // instead of the true one

  // The next n that were submitted become durable, in one commit.
  void commit(std::size_t n = SIZE_MAX) { move_on(writes_, replies_, n); }
  // The next n replies of what is durable reach the engine.
  void reply(std::size_t n = SIZE_MAX) { let_go(replies_, n); }
  // The same for reads: they see what is committed at this moment.
  void read(std::size_t n = SIZE_MAX) { move_on(reads_, read_replies_, n); }
  void reply_reads(std::size_t n = SIZE_MAX) { let_go(read_replies_, n); }
  void crash();
  bool is_idle() const { return writes_.empty() && replies_.empty() && reads_.empty() && read_replies_.empty(); }
  bool has_unread() const { return !reads_.empty(); }

  // ---- Store
  void accept(AttemptRequest request, std::shared_ptr<const GateRules> rules, CallingTime calling_time,
              Reply<Accepted> reply) override;
  void intend(StartRequest request, Reply<StartResult> reply) override;
  void record(AttemptChange change, Reply<void> reply) override;
  void load_open(Reply<std::vector<StoredAttempt>> reply) override;
  void load(std::vector<std::string> ids, Reply<std::vector<StoredAttempt>> reply) override;
  void find_call(std::string call_id, Reply<std::optional<StoredAttempt>> reply) override;
  std::size_t backlog() const override { return fake_backlog.value_or(writes_.size()); }

  // ---- CampaignStore
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

 private:
  using Answer = std::function<void()>;  // the reply with its result
  using Job = std::function<Answer()>;

  template <class T, class Work>
  Job job_of(Reply<T> reply, Work work) {
    return [this, reply = std::move(reply), work = std::move(work)]() -> Answer {
      if (failure) return [reply, error = *failure] { reply(std::unexpected(error)); };
      auto result = std::make_shared<Result<T>>(work());
      return [reply, result] { reply(std::move(*result)); };
    };
  }
  template <class T, class Work>
  void write(Reply<T> reply, Work work) {
    writes_.push_back(job_of<T>(std::move(reply), std::move(work)));
    if (on_submit) on_submit();
  }
  template <class T, class Work>
  void look_up(Reply<T> reply, Work work) {
    reads_.push_back(job_of<T>(std::move(reply), std::move(work)));
    if (on_read) on_read();
  }
  static void move_on(std::deque<Job>& jobs, std::deque<Answer>& answers, std::size_t n);
  static void let_go(std::deque<Answer>& answers, std::size_t n);
  void note_audit(const Actor& actor, std::string what, std::string campaign_id, std::string detail);

  std::function<Time()> clock_;
  std::deque<Job> writes_;
  std::deque<Answer> replies_;
  std::deque<Job> reads_;
  std::deque<Answer> read_replies_;
};

}  // namespace carillon::simulated
