// What the engine needs of the ledger for calls (campaign_store.h has the rest). Every write is one transaction with
// all its parts (attempt, contact, notes, suppression, outbox), batched with others into group commits; a callback runs
// on the engine's thread after the commit.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/call/attempt.h"
#include "core/call/note.h"
#include "core/call/published_event.h"
#include "core/campaign/calling_time.h"
#include "core/campaign/gate.h"
#include "core/campaign/retry.h"

namespace carillon {

template <class T>
using Reply = std::function<void(Result<T>)>;

// What became of an accept().
struct Accepted {
  Attempt attempt;
  bool is_repeat = false;  // the same callId was accepted before; attempt is the one from then
};

// What a contact becomes with its attempt's end, in the same transaction.
struct ContactChange {
  ContactNext next;
  bool is_try_spent = true;  // false: proven never dialled
};

// Everything about one attempt that changed in one step of its call.
struct AttemptChange {
  Attempt attempt;
  std::vector<Note> notes;
  std::vector<PublishedEvent> events;
  std::optional<std::string> suppress;  // number: never again, level global, reason "opt-out by key"
  bool is_new = false;  // insert the attempt: a contact's, or a call without a request of ours (inbound)
  std::optional<ContactChange> contact;
  double cost = 0;  // of the time talked that this change brings, for the campaign's budget
};

// What gates look at beside the facts. Made anew when a campaign changes; many starts share one.
struct GateRules {
  Campaign campaign;
  PolicyPack policy;
  std::shared_ptr<const Places> places;
  Duration max_call{600'000};
  bool is_window_enforced = true;

  // Lives no longer than these rules.
  GateContext context(Time now, const CallingTime* calling_time = nullptr,
                      const ContactPrompt* prompt = nullptr) const {
    GateContext context{campaign, policy, *places, now};
    context.max_call = max_call;
    context.is_window_enforced = is_window_enforced;
    context.calling_time = calling_time;
    context.prompt = prompt;
    return context;
  }
};

// The intent of an attempt, with what its gates need.
struct StartRequest {
  AttemptChange change;
  std::shared_ptr<const GateRules> rules;
  CallingTime calling_time;  // of the person, as computed for `now`
  Time now{};
  std::optional<ContactPrompt> prompt{};  // the contact's own, if its campaign speaks to each
};

// Its contact's own prompt, for the gates; null if it has none.
inline const ContactPrompt* prompt_of(const StartRequest& request) {
  return request.prompt ? &*request.prompt : nullptr;
}

struct StartResult {
  enum class Kind : std::uint8_t {
    kStarted,  // the intent is committed
    kHeld,     // a gate holds it: due_at says when it is to be asked again
    kSkipped,  // a gate will never let it pass: the attempt is final
    kGone,     // the contact is not ready any more, or its campaign does not run: nothing was written
  };
  Kind kind = Kind::kGone;
  std::optional<Verdict> verdict;  // the deciding one, of held and skipped
  std::optional<Time> due_at;      // of held
};

// An attempt as it is in the ledger, with the notes that are already counted.
struct StoredAttempt {
  Attempt attempt;
  std::set<std::uint32_t> notes;
};

class Store {
 public:
  virtual ~Store() = default;

  // Makes a queued attempt without a contact durable. The same call_id with the same fingerprint gives the attempt from
  // before; with another fingerprint: Conflict. NumberBusy if one to the number waits or is open; Held, with the
  // verdict's sentence, if a gate does not let it pass.
  virtual void accept(AttemptRequest request, std::shared_ptr<const GateRules> rules, CallingTime calling_time,
                      Reply<Accepted> reply) = 0;

  // The intent, in one transaction with all gates. For a contact the attempt is inserted and the contact goes into the
  // call; whatever holds or skips it is kept with the contact.
  virtual void intend(StartRequest request, Reply<StartResult> reply) = 0;

  virtual void record(AttemptChange change, Reply<void> reply) = 0;

  // Attempts that are not final, in order of their ids.
  virtual void load_open(Reply<std::vector<StoredAttempt>> reply) = 0;
  // Those of the ids that are known, final or not.
  virtual void load(std::vector<std::string> ids, Reply<std::vector<StoredAttempt>> reply) = 0;
  virtual void find_call(std::string call_id, Reply<std::optional<StoredAttempt>> reply) = 0;

  // Commits that wait: the engine accepts no more calls beyond a bound.
  virtual std::size_t backlog() const = 0;
};

}  // namespace carillon
