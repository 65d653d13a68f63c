// How a call begins: accepted for /dial or ordered by the dialer, intent first, then the last look, then the order.
#include <algorithm>
#include <utility>

#include "core/campaign/caller_id.h"
#include "engine/engine.h"

namespace carillon {
namespace {

constexpr Duration kNumberBusyWait{5'000};
// Commits that wait on a slow disk; beyond, no call is started.
constexpr std::size_t kMaxStoreBacklog = 5'000;

// What the trunk is told of a call that it let go and that was not placed after all.
TrunkEnded not_placed(const std::string& trunk, Time started_at) {
  TrunkEnded ended{trunk, {}};
  ended.end.outcome = Outcome::kCanceled;
  ended.end.started_at = started_at;
  return ended;
}

bool has_caller_id(const StartDirect& start, const std::string& caller_id) {
  return caller_id.empty() || std::ranges::find(start.caller_ids, caller_id) != start.caller_ids.end();
}

}  // namespace

void Engine::accept(AttemptRequest request, Reply<Accepted> reply) {
  const Time now = alarm_.now();
  if (is_stopping_ || dialing_ == nullptr) {
    reply(fail(ErrorCode::Unavailable, is_stopping_ ? "carillon is stopping" : "carillon is starting"));
    return;
  }
  if (waiting_.size() + held_.size() >= options_.max_waiting || store_.backlog() >= kMaxStoreBacklog) {
    reply(fail(ErrorCode::QueueFull, "retry when calls have been placed"));
    return;
  }
  request.id = ids_.next(now);
  request.created_at = now;
  request.trunk = options_.trunk;
  const auto rules = rules_of(request);
  const CallingTime calling_time = calling_times_.of_request(request, rules, now);
  const auto on_accepted = [this, reply = std::move(reply)](Result<Accepted> accepted) {
    if (accepted) keep_accepted(*accepted);
    reply(std::move(accepted));
  };
  store_.accept(std::move(request), rules, calling_time, on_accepted);
}

void Engine::keep_accepted(Accepted& accepted) {
  const std::string id = accepted.attempt.request.id;
  if (accepted.is_repeat) {
    // The ledger may be a commit behind what is known here.
    Entry* entry = find(id);
    if (entry == nullptr) return;
    accepted.attempt.progress = entry->call.progress();
    if (!entry->is_parked) return;
    entry->is_parked = false;
    if (!is_under_way(entry->call)) waiting_.push_back(id);
    pump();
    return;
  }
  if (is_final(accepted.attempt.progress.status)) return;
  entries_.emplace(id, std::make_unique<Entry>(Call(accepted.attempt, {}, options_.limits)));
  waiting_.push_back(id);
  pump();
}

// Somewhere at the node, or it may be: a call from outside, too, which has no intent.
bool Engine::is_under_way(const Call& call) {
  return !call.has_ended() && (call.progress().is_intended || call.progress().status != CallStatus::kQueued);
}

// In the queue of /dial for good reason: it may stand there twice, or have gone on meanwhile.
bool Engine::is_waiting(const Entry& entry) const {
  return !entry.call.has_ended() && !is_under_way(entry.call) && !entry.awaits_intent && !entry.is_parked;
}

std::shared_ptr<const GateRules> Engine::rules_of(const AttemptRequest& request) const {
  if (!request.campaign_id.empty()) {
    if (auto rules = dialing_->rules_of(request.campaign_id)) return rules;
  }
  return options_.direct_rules;
}

// ---------------------------------------------------------------- starting calls

void Engine::pump() {
  const Time now = alarm_.now();
  while (!held_.empty() && held_.begin()->first <= now) {
    waiting_.push_back(held_.begin()->second);
    held_.erase(held_.begin());
  }
  tell_placing();
  tell_waiting();
  arm();
}

void Engine::tell_waiting() {
  if (waiting_.size() == told_waiting_) return;
  told_waiting_ = waiting_.size();
  dialing_->tell(DirectWaiting{told_waiting_});
}

void Engine::tell_placing() {
  const bool is_slow = store_.backlog() >= kMaxStoreBacklog;
  const bool can_place = is_settled_ && !is_stopping_ && !is_slow;
  if (can_place == told_can_place_) return;
  told_can_place_ = can_place;
  std::string reason;
  if (is_stopping_) {
    reason = "carillon is stopping";
  } else if (is_slow) {
    reason = "the ledger's disk is too slow";
  } else if (!can_place) {
    reason = telephony_.state().is_up ? "open attempts are being accounted for"
                                      : "the telephony server is not connected: " + telephony_.state().detail;
  }
  dialing_->tell(PlacingChanged{can_place, reason});
}

void Engine::start_direct(const StartDirect& start) {
  const Time now = alarm_.now();
  if (told_waiting_ > 0) --told_waiting_;  // as the dialer has it now
  Entry* chosen = nullptr;
  for (auto next = waiting_.begin(); next != waiting_.end() && chosen == nullptr;) {
    Entry* entry = find(*next);
    const bool is_there = entry != nullptr && is_waiting(*entry);
    // A caller ID that was asked for is of one trunk; the call waits for that.
    if (is_there && !has_caller_id(start, entry->call.request().caller_id)) {
      ++next;
      continue;
    }
    const std::string id = *next;
    next = waiting_.erase(next);
    if (!is_there) continue;
    entry->rules = rules_of(entry->call.request());
    entry->calling_time = calling_times_.of_request(entry->call.request(), entry->rules, now);
    if (entry->calling_time.is_open) {
      chosen = entry;
    } else {
      wait_until(id, *entry->calling_time.opens_at);
    }
  }
  if (chosen != nullptr) {
    chosen->call.route(start.trunk, std::string(pick_caller_id(start.caller_ids, chosen->call.request().number)));
    take_slot(*chosen, now);
    submit_intent(*chosen, false, now);
  } else {
    dialing_->tell(SetUpDone{});
    dialing_->tell(not_placed(start.trunk, now));
    dialing_->tell(SlotFreed{start.trunk, ""});
  }
  tell_waiting();
}

void Engine::start_contact(const StartContact& start) {
  const Time now = alarm_.now();
  const auto& campaign = start.rules->campaign;
  AttemptRequest request;
  request.id = ids_.next(now);
  request.campaign_id = campaign.id;
  request.campaign_key = campaign.key;
  request.contact_key = start.contact.key;
  request.contact_id = start.contact.external_id;
  request.try_number = start.contact.tries + 1;
  request.number = start.contact.number;
  request.audio = start.contact.prompt ? start.contact.prompt->id : campaign.settings.audio;
  request.caller_id = start.caller_id;
  request.variables = start.contact.variables;
  request.trunk = start.trunk;
  request.ring_timeout = campaign.settings.ring_timeout;
  request.created_at = now;
  const std::string id = request.id;
  auto made = std::make_unique<Entry>(Call(std::move(request), options_.limits));
  Entry& entry = *entries_.emplace(id, std::move(made)).first->second;
  entry.rules = start.rules;
  entry.lane = start.contact.lane;
  entry.calling_time = start.calling_time;
  entry.prompt = start.contact.prompt;
  take_slot(entry, now);
  submit_intent(entry, true, now);
}

void Engine::submit_intent(Entry& entry, bool is_new, Time now) {
  const std::string id = entry.call.request().id;
  entry.is_setting_up = true;
  CallStep step = entry.call.intend(telephony_.state().boot, now);
  entry.deadline = step.deadline;
  if (step.deadline) deadlines_.emplace(*step.deadline, id);
  ++entry.pending_writes;
  entry.awaits_intent = true;
  StartRequest request;
  request.change.attempt = {entry.call.request(), entry.call.progress()};
  request.change.is_new = is_new;
  request.rules = entry.rules;
  request.calling_time = entry.calling_time;
  request.now = now;
  request.prompt = entry.prompt;
  store_.intend(std::move(request), [this, id](const Result<StartResult>& result) { on_intended(id, result); });
  arm();
}

void Engine::on_intended(const std::string& id, const Result<StartResult>& result) {
  Entry* entry = find(id);
  CARILLON_CHECK(entry != nullptr);
  --entry->pending_writes;
  entry->awaits_intent = false;
  if (!result) {
    on_fatal_(result.error());
    return;
  }
  const auto& asked = entry->call.request();
  if (asked.contact_key != 0) dialing_->tell(StartAnswered{asked.campaign_id, entry->lane, asked.contact_key, *result});
  const Time now = alarm_.now();
  if (result->kind == StartResult::Kind::kStarted) {
    on_started(*entry, now);
  } else {
    on_not_started(*entry, *result, now);
  }
}

void Engine::on_not_started(Entry& entry, const StartResult& result, Time now) {
  const std::string id = entry.call.request().id;
  release_slot(entry);
  if (entry.call.request().contact_key != 0) {
    // Whatever there was to write, the ledger has written.
    entries_.erase(id);
    return;
  }
  entry.call.on(NeverSent{}, now);  // nothing was written: the ledger still says waiting
  entry.deadline.reset();
  if (result.kind == StartResult::Kind::kSkipped) {
    carry_out(entry, entry.call.skip(result.verdict->reason, now));
    return;
  }
  wait_until(id, result.due_at.value_or(now + kNumberBusyWait));
}

// The last look before the order leaves: an opt-out or a stop may have come while the intent was written.
void Engine::on_started(Entry& entry, Time now) {
  const auto& asked = entry.call.request();
  const bool is_contact = asked.contact_key != 0;
  const bool is_suppressed = suppressed_.contains(asked.number);
  if (is_suppressed && !is_contact) {
    carry_out(entry, entry.call.skip("suppressed-global", now));
    return;
  }
  // The node may have gone or have restarted meanwhile: the intent names the run that it was meant for.
  const bool may_order = !is_suppressed && !is_stopping_ && is_settled_ && entry.calling_time.holds(now) &&
                         entry.call.progress().node_boot == telephony_.state().boot &&
                         (!is_contact || dialing_->takes_calls(asked.campaign_id));
  Placement placement;
  placement.attempt_id = asked.id;
  placement.number = asked.number;
  placement.trunk = asked.trunk;
  placement.caller_id = asked.caller_id;
  placement.audio = asked.audio;
  placement.timeout = options_.limits.post_dial_delay + asked.ring_timeout;
  if (entry.rules) {
    placement.preamble = entry.rules->campaign.settings.preamble;
    placement.keys = entry.rules->campaign.settings.keys;
  }
  entry.ordered_at = now;
  if (!may_order || !telephony_.place(placement)) feed(entry, NeverSent{});
}

void Engine::wait_until(const std::string& id, Time when) {
  held_.emplace(when, id);
  arm();
}

void Engine::take_slot(Entry& entry, Time started_at) {
  if (!entry.holds_slot) ++live_;
  entry.holds_slot = true;
  entry.started_at = started_at;
}

void Engine::release_slot(Entry& entry) {
  if (!entry.holds_slot) return;
  end_set_up(entry);
  --live_;
  entry.holds_slot = false;
  const auto& asked = entry.call.request();
  if (entry.started_at) dialing_->tell(not_placed(asked.trunk, *std::exchange(entry.started_at, std::nullopt)));
  dialing_->tell(SlotFreed{asked.trunk, asked.contact_key != 0 ? asked.campaign_id : ""});
}

void Engine::end_set_up(Entry& entry) {
  if (!entry.is_setting_up) return;
  entry.is_setting_up = false;
  dialing_->tell(SetUpDone{});
}

void Engine::stop_starting() {
  is_stopping_ = true;
  tell_placing();
}

void Engine::suppress(const std::vector<std::string>& numbers) {
  for (const auto& number : numbers) {
    suppressed_.insert(number);
    dialing_->on_suppressed(number);
  }
}

void Engine::unsuppress(const std::string& number) { suppressed_.erase(number); }

}  // namespace carillon
