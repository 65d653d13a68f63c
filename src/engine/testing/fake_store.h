// A ledger in memory that answers as ledger/attempts.cpp does. What is submitted waits until the test commits it; its
// reply waits until the test lets it go. A crash loses all that is not committed and every reply under way.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/store.h"

namespace carillon::testing {

// What is on the disk.
struct Ledger {
  std::map<std::string, Attempt> attempts;
  std::map<std::string, std::map<std::uint32_t, Note>> notes;
  std::map<std::string, std::string> suppressed;  // number: the attempt that brought it
  std::vector<PublishedEvent> outbox;
  std::map<std::string, std::map<std::uint32_t, PublishedEvent>> told;  // the outbox by attempt and sequence

  bool has_note(const std::string& id, std::uint32_t seq) const {
    const auto found = notes.find(id);
    return found != notes.end() && found->second.contains(seq);
  }
  const Attempt* find(const std::string& id) const {
    const auto found = attempts.find(id);
    return found == attempts.end() ? nullptr : &found->second;
  }
};

class FakeStore final : public Store {
 public:
  Ledger ledger;
  std::function<void()> on_submit;
  std::vector<std::string> violations;      // what a real ledger would refuse, or lose without a word
  std::optional<Error> failure;             // every commit fails with it
  std::optional<std::size_t> fake_backlog;  // instead of the true one

  void accept(AttemptRequest request, bool keep_skipped, Reply<Accepted> reply) override {
    submit<Accepted>(std::move(reply), [this, request = std::move(request), keep_skipped] {
      return accept_request(request, keep_skipped);
    });
  }
  void intend(AttemptChange change, Reply<void> reply) override {
    submit<void>(std::move(reply), [this, change = std::move(change)]() -> Result<void> {
      const auto& asked = change.attempt.request;
      if (ledger.suppressed.contains(asked.number)) return fail(ErrorCode::Held, kSuppressed);
      if (is_open(asked.number, asked.id)) return fail(ErrorCode::NumberBusy, "another attempt is under way");
      apply(change);
      return {};
    });
  }
  void record(AttemptChange change, Reply<void> reply) override {
    submit<void>(std::move(reply), [this, change = std::move(change)]() -> Result<void> {
      apply(change);
      return {};
    });
  }
  void load_open(Reply<std::vector<StoredAttempt>> reply) override {
    submit<std::vector<StoredAttempt>>(std::move(reply), [this]() -> Result<std::vector<StoredAttempt>> {
      std::vector<StoredAttempt> open;
      for (const auto& [id, attempt] : ledger.attempts) {
        if (!is_final(attempt.progress.status)) open.push_back(*stored(id));
      }
      return open;
    });
  }
  void load(std::vector<std::string> ids, Reply<std::vector<StoredAttempt>> reply) override {
    submit<std::vector<StoredAttempt>>(std::move(reply),
                                       [this, ids = std::move(ids)]() -> Result<std::vector<StoredAttempt>> {
                                         std::vector<StoredAttempt> found;
                                         for (const auto& id : ids) {
                                           if (auto one = stored(id)) found.push_back(std::move(*one));
                                         }
                                         return found;
                                       });
  }
  void find_call(std::string call_id, Reply<std::optional<StoredAttempt>> reply) override {
    submit<std::optional<StoredAttempt>>(std::move(reply), [this, call_id]() -> Result<std::optional<StoredAttempt>> {
      const auto* known = find_by_call_id(call_id);
      return stored(known == nullptr ? call_id : known->request.id);
    });
  }
  void report(std::string campaign_id, Reply<Report> reply) override {
    submit<Report>(std::move(reply), [this, campaign_id]() -> Result<Report> {
      Report sums;
      for (const auto& [id, attempt] : ledger.attempts) {
        if (attempt.request.campaign_id != campaign_id) continue;
        ++sums.attempts;
        ++sums.statuses[std::string(to_string(attempt.progress.status))];
        if (attempt.progress.outcome != Outcome::kNone)
          ++sums.outcomes[std::string(to_string(attempt.progress.outcome))];
      }
      return sums;
    });
  }
  std::size_t backlog() const override { return fake_backlog.value_or(waiting_.size()); }

  // The next n that were submitted become durable, in one commit.
  void commit(std::size_t n = SIZE_MAX) {
    for (; n > 0 && !waiting_.empty(); --n) {
      auto job = std::move(waiting_.front());
      waiting_.pop_front();
      replies_.push_back(job());
    }
  }
  // The next n replies of what is durable reach the engine.
  void reply(std::size_t n = SIZE_MAX) {
    for (; n > 0 && !replies_.empty(); --n) {
      auto next = std::move(replies_.front());
      replies_.pop_front();
      next();
    }
  }
  void crash() {
    waiting_.clear();
    replies_.clear();
  }
  bool is_idle() const { return waiting_.empty() && replies_.empty(); }

 private:
  static constexpr const char* kSuppressed = "suppressed (global): opt-out by key";

  template <class T, class Work>
  void submit(Reply<T> reply, Work work) {
    waiting_.push_back([this, reply = std::move(reply), work = std::move(work)]() -> std::function<void()> {
      if (failure) return [reply, error = *failure] { reply(std::unexpected(error)); };
      auto result = std::make_shared<Result<T>>(work());
      return [reply, result] { reply(std::move(*result)); };
    });
    if (on_submit) on_submit();
  }

  Result<Accepted> accept_request(const AttemptRequest& request, bool keep_skipped) {
    if (const auto* known = find_by_call_id(request.call_id)) {
      if (known->request.fingerprint != request.fingerprint) return fail(ErrorCode::Conflict, "used before");
      return Accepted{*known, true};
    }
    Attempt attempt{request, {}};
    if (ledger.suppressed.contains(request.number)) {
      if (!keep_skipped) return fail(ErrorCode::Held, kSuppressed);
      attempt.progress.status = CallStatus::kSkipped;
      attempt.progress.outcome = Outcome::kSkipped;
      attempt.progress.reason = kSuppressed;
      attempt.progress.ended_at = request.created_at;
    }
    if (!keep_skipped && is_waiting_or_open(request.number)) return fail(ErrorCode::NumberBusy, "waiting or under way");
    insert(attempt);
    return Accepted{std::move(attempt), false};
  }

  const Attempt* find_by_call_id(const std::string& call_id) const {
    if (call_id.empty()) return nullptr;
    for (const auto& [id, attempt] : ledger.attempts) {
      if (attempt.request.call_id == call_id) return &attempt;
    }
    return nullptr;
  }

  bool is_open(const std::string& number, const std::string& except_id) const {
    for (const auto& [id, attempt] : ledger.attempts) {
      if (id != except_id && attempt.request.number == number && attempt.progress.is_intended &&
          attempt.request.direction == Direction::kOutbound)
        return true;
    }
    return false;
  }
  bool is_waiting_or_open(const std::string& number) const {
    for (const auto& [id, attempt] : ledger.attempts) {
      if (attempt.request.number == number && !is_final(attempt.progress.status) &&
          attempt.request.direction == Direction::kOutbound)
        return true;
    }
    return false;
  }

  std::optional<StoredAttempt> stored(const std::string& id) const {
    const auto found = ledger.attempts.find(id);
    if (found == ledger.attempts.end()) return std::nullopt;
    StoredAttempt one{found->second, {}};
    if (const auto notes = ledger.notes.find(id); notes != ledger.notes.end()) {
      for (const auto& [seq, note] : notes->second) one.notes.insert(seq);
    }
    return one;
  }

  void insert(const Attempt& attempt) {
    const auto& id = attempt.request.id;
    if (!ledger.attempts.emplace(id, attempt).second) violations.push_back("inserted twice: " + id);
    keep_progress(id, attempt);
  }

  // The table knows waiting, intended (open) and final: a final attempt is read back as not intended.
  void keep_progress(const std::string& id, const Attempt& attempt) {
    auto& kept = ledger.attempts.at(id);
    kept.request.number = attempt.request.number;
    kept.progress = attempt.progress;
    if (is_final(kept.progress.status)) kept.progress.is_intended = false;
    if (kept.progress.is_intended && kept.request.direction == Direction::kOutbound && is_open(kept.request.number, id))
      violations.push_back("two open attempts to one number: " + id);
  }

  void apply(const AttemptChange& change) {
    const auto& id = change.attempt.request.id;
    if (change.is_new) {
      insert(change.attempt);
    } else if (ledger.attempts.contains(id)) {
      keep_progress(id, change.attempt);
    } else {
      violations.push_back("updated, but not there: " + id);
      return;
    }
    for (const auto& note : change.notes) {
      if (!ledger.notes[id].emplace(note.seq, note).second) violations.push_back("note counted twice: " + id);
    }
    if (change.suppress) ledger.suppressed.emplace(*change.suppress, id);
    for (const auto& event : change.events) {
      if (!ledger.told[event.attempt_id].emplace(event.sequence, event).second) {
        violations.push_back("an event was lost, its sequence number was used before: " + id);
        continue;
      }
      ledger.outbox.push_back(event);
    }
  }

  std::deque<std::function<std::function<void()>()>> waiting_;
  std::deque<std::function<void()>> replies_;
};

}  // namespace carillon::testing
