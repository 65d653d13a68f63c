// What the engine needs of the ledger. Every write is one transaction with all its parts (attempt, notes, suppression,
// outbox), batched with others into group commits; a callback runs on the engine's thread after the commit.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/call/attempt.h"
#include "core/call/note.h"
#include "core/call/published_event.h"

namespace carillon {

template <class T>
using Reply = std::function<void(Result<T>)>;

// What became of an accept().
struct Accepted {
  Attempt attempt;
  bool is_repeat = false;  // the same callId was accepted before; attempt is the one from then
};

// Everything about one attempt that changed in one step of its call.
struct AttemptChange {
  Attempt attempt;
  std::vector<Note> notes;
  std::vector<PublishedEvent> events;
  std::optional<std::string> suppress;  // number: never again, level global, reason "opt-out by key"
  bool is_new = false;                  // a call without a request of ours (inbound): insert the attempt
};

// An attempt as it is in the ledger, with the notes that are already counted.
struct StoredAttempt {
  Attempt attempt;
  std::set<std::uint32_t> notes;
};

// Sums over the attempts of a campaign ("" = all).
struct Report {
  std::int64_t attempts = 0;
  std::map<std::string, std::int64_t> statuses;
  std::map<std::string, std::int64_t> outcomes;
  std::map<std::string, std::int64_t> keys;     // by action for the dialplan's words, by digit here: "1", "9"
  std::map<std::string, std::int64_t> reasons;  // of skipped attempts
  std::int64_t opt_outs = 0;
  std::int64_t events = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // Makes a queued attempt durable. The same call_id with the same fingerprint gives the attempt from before; with
  // another fingerprint: Conflict. A suppressed number, or one with an unknown attempt of the last day: Held, or with
  // keep_skipped a skipped attempt with the reason.
  virtual void accept(AttemptRequest request, bool keep_skipped, Reply<Accepted> reply) = 0;

  // The intent, in one transaction with its last checks: Held if the number is suppressed by now, NumberBusy if another
  // attempt to it is open.
  virtual void intend(AttemptChange change, Reply<void> reply) = 0;

  virtual void record(AttemptChange change, Reply<void> reply) = 0;

  // Attempts that are not final, in order of their ids.
  virtual void load_open(Reply<std::vector<StoredAttempt>> reply) = 0;
  // Those of the ids that are known, final or not.
  virtual void load(std::vector<std::string> ids, Reply<std::vector<StoredAttempt>> reply) = 0;
  virtual void find_call(std::string call_id, Reply<std::optional<StoredAttempt>> reply) = 0;
  virtual void report(std::string campaign_id, Reply<Report> reply) = 0;

  // Commits that wait: the engine accepts no more calls beyond a bound.
  virtual std::size_t backlog() const = 0;
};

}  // namespace carillon
