#include "engine/engine.h"

#include <algorithm>

#include "base/log.h"
#include "core/campaign/budget.h"

namespace carillon {
namespace {

// A person whose phone was ordered to ring in vain, or never was, is left alone for so long.
constexpr Duration kNeverSentWait{2'000};
constexpr Duration kRefusedWait{60'000};
constexpr Duration kSlowStorePause{50};
// One silent call is a silent call; so many in a row are a dead trunk.
constexpr int kDeadCallsOfADeadTrunk = 5;

}  // namespace

Engine::Engine(Store& store, Telephony& telephony, Alarm& alarm, EngineOptions options,
               std::function<void(const Error&)> on_fatal)
    : store_(store),
      telephony_(telephony),
      alarm_(alarm),
      options_(std::move(options)),
      on_fatal_(std::move(on_fatal)) {
  Telephony::Listener listener;
  listener.on_event = [this](const std::string& id, CallEvent event) { on_event(id, std::move(event)); };
  listener.on_up = [this](const NodeState&) { on_node_up(); };
  listener.on_down = [this] { on_node_down(); };
  telephony_.set_listener(std::move(listener));
}

void Engine::start(Dialing& dialing, std::function<void(Result<void>)> ready) {
  dialing_ = &dialing;
  store_.load_open([this, ready = std::move(ready)](Result<std::vector<StoredAttempt>> open) {
    if (!open) {
      ready(std::unexpected(open.error()));
      return;
    }
    std::size_t intended = 0;
    for (auto& stored : *open) {
      const std::string id = stored.attempt.request.id;
      auto entry = std::make_unique<Entry>(Call(std::move(stored.attempt), std::move(stored.notes), options_.limits));
      entry->is_parked = !options_.starts_leftovers;
      if (entry->call.progress().is_intended) {
        const auto& asked = entry->call.request();
        dialing_->tell(SlotTaken{asked.trunk, asked.contact_key != 0 ? asked.campaign_id : ""});
        take_slot(*entry, entry->call.progress().intended_at);
        ++intended;
      } else if (!is_under_way(entry->call) && !entry->is_parked) {
        waiting_.push_back(id);
      }
      entries_.emplace(id, std::move(entry));
    }
    dialing_->tell(SlotsTold{});
    log::info("engine_ready", {{"waiting", std::to_string(waiting_.size())}, {"to_settle", std::to_string(intended)}});
    ready(Result<void>{});
  });
}

// ---------------------------------------------------------------- events

void Engine::on_event(const std::string& attempt_id, CallEvent event) {
  if (std::holds_alternative<Note>(event)) {
    with_call(attempt_id, [this, event = std::move(event)](Entry& entry) { feed(entry, event); });
    return;
  }
  // Other events name the channel; calls from outside have ids of their own.
  for (const char* prefix : {"", "in-", "cli-"}) {
    if (Entry* entry = find(prefix + attempt_id)) {
      feed(*entry, event);
      return;
    }
  }
}

void Engine::deliver(const std::string& attempt_id, Note note, Reply<void> reply) {
  if (dialing_ == nullptr) {
    reply(fail(ErrorCode::Unavailable, "carillon is starting"));
    return;
  }
  with_call(attempt_id,
            [this, note = std::move(note), reply = std::move(reply)](Entry& entry) { feed(entry, note, reply); });
}

// Runs `use` with the call, fetched from the ledger if it has ended before, or new if it came from outside.
void Engine::with_call(const std::string& id, Use use) {
  if (Entry* entry = find(id)) {
    use(*entry);
    return;
  }
  auto& queue = loading_[id];
  queue.push_back(std::move(use));
  if (queue.size() > 1) return;
  store_.load({id}, [this, id](Result<std::vector<StoredAttempt>> found) {
    auto uses = std::move(loading_[id]);
    loading_.erase(id);
    if (!found) {
      on_fatal_(found.error());
      return;
    }
    std::unique_ptr<Entry> entry;
    if (find(id) != nullptr) {
      // Loaded by another road meanwhile.
    } else if (!found->empty()) {
      auto& stored = found->front();
      entry = std::make_unique<Entry>(Call(std::move(stored.attempt), std::move(stored.notes), options_.limits));
    } else {
      AttemptRequest request;
      request.id = id;
      request.direction = Direction::kInbound;
      request.trunk = options_.trunk;
      request.created_at = alarm_.now();
      if (is_ulid(id)) {
        // An attempt of ours that this ledger never had: the file was lost or restored. What it tells still counts.
        request.direction = Direction::kOutbound;
        log::error("attempt_not_in_ledger", {{"attempt", id}});
      }
      AttemptProgress progress;
      progress.status = CallStatus::kInitiated;  // it is under way, and never waits to be dialled
      entry = std::make_unique<Entry>(Call(Attempt{std::move(request), std::move(progress)}, {}, options_.limits));
      entry->is_new = true;
    }
    if (entry != nullptr) entries_[id] = std::move(entry);
    Entry& kept = *find(id);
    ++kept.pending_writes;
    for (const auto& use_it : uses) use_it(kept);
    --kept.pending_writes;
    retire(id);
  });
}

void Engine::feed(Entry& entry, const CallEvent& event, const Reply<void>& on_durable) {
  // A sign of life; a record that is read in the journal once more is none.
  const auto* note = std::get_if<Note>(&event);
  const bool is_news = note != nullptr && !entry.call.has_note(note->seq);
  if (is_news || std::holds_alternative<SeenLive>(event)) entry.absent_since.reset();
  entry.call.set_trunk_suspect(dead_calls_in_a_row_[entry.call.request().trunk] >= kDeadCallsOfADeadTrunk);
  const auto before = entry.call.progress().status;
  CallStep step = entry.call.on(event, alarm_.now());
  const auto after = entry.call.progress().status;
  if (after != before && after != CallStatus::kInitiated && after != CallStatus::kQueued) end_set_up(entry);
  tell_trunk(entry, event, after == CallStatus::kInProgress && before != after);
  if (step.has_ended) tell_end(entry);
  if (entry.stop_mode && after == CallStatus::kInProgress && before != after) ask_stop(entry, alarm_.now());
  carry_out(entry, std::move(step), on_durable);
}

// A sign of life of its trunk: ringing, early media or an answer.
void Engine::tell_trunk(const Entry& entry, const CallEvent& event, bool is_answer) {
  const bool is_ringing = std::holds_alternative<CallRinging>(event) || std::holds_alternative<CallProgress>(event);
  const auto& asked = entry.call.request();
  if (!(is_ringing || is_answer) || asked.direction != Direction::kOutbound) return;
  dead_calls_in_a_row_[asked.trunk] = 0;
  dialing_->tell(TrunkRang{asked.trunk});
}

void Engine::tell_end(Entry& entry) {
  const auto& asked = entry.call.request();
  const auto& progress = entry.call.progress();
  if (!entry.started_at) return;
  TrunkCallEnd end;
  end.started_at = std::exchange(entry.started_at, std::nullopt);
  end.outcome = progress.outcome;
  end.sip_code = progress.sip_code;
  end.talked = progress.talked;
  const Time first_sign = progress.ringing_at != Time{} ? progress.ringing_at : progress.answered_at;
  if (first_sign != Time{} && entry.ordered_at && first_sign >= *entry.ordered_at) {
    end.post_dial_delay = first_sign - *entry.ordered_at;
  }
  auto& dead_calls = dead_calls_in_a_row_[asked.trunk];
  switch (progress.outcome) {
    case Outcome::kNoResponse:
    case Outcome::kTrunkDown:
      if (++dead_calls == kDeadCallsOfADeadTrunk) log::error("trunk_down", {{"trunk", asked.trunk}});
      break;
    case Outcome::kHuman:
    case Outcome::kBusy:
    case Outcome::kNoAnswer:
    case Outcome::kRejected:
    case Outcome::kInvalidNumber:
    case Outcome::kUnreachable:
    case Outcome::kCongestion: dead_calls = 0; break;
    case Outcome::kNone:
    case Outcome::kCanceled:
    case Outcome::kSkipped:
    case Outcome::kUnknown: break;
  }
  dialing_->tell(TrunkEnded{asked.trunk, end});
}

void Engine::carry_out(Entry& entry, CallStep step, const Reply<void>& on_durable) {
  const std::string id = entry.call.request().id;
  if (step.deadline) {
    entry.deadline = step.deadline;
    deadlines_.emplace(*step.deadline, id);
    arm();
  }
  if (step.suppress) {
    entry.has_opted_out = true;
    suppress({*step.suppress});  // at once, for what is queued; durable below
  }
  if (!step.needs_commit()) {
    const bool is_known_durable = entry.pending_writes == 0;
    after_commit(id, step, std::nullopt);
    if (!on_durable) return;
    if (is_known_durable) {
      on_durable(Result<void>{});
      return;
    }
    // Told before, and its commit is under way: the ledger answers in order.
    store_.load({id}, [on_durable](const Result<std::vector<StoredAttempt>>& found) {
      on_durable(found ? Result<void>{} : std::unexpected(found.error()));
    });
    return;
  }
  ++entry.pending_writes;
  AttemptChange change;
  change.attempt = {entry.call.request(), entry.call.progress()};
  change.notes = step.notes;
  change.events = step.events;
  change.suppress = step.suppress;
  change.is_new = std::exchange(entry.is_new, false);
  if (step.has_ended && entry.call.request().contact_key != 0) change.contact = contact_change_of(entry, step);
  change.cost = charge(entry);
  auto on_commit = [this, id, step = std::move(step), contact = change.contact,
                    on_durable](const Result<void>& result) {
    if (!result) {
      on_fatal_(result.error());
      return;
    }
    if (Entry* kept = find(id)) --kept->pending_writes;
    after_commit(id, step, contact);
    if (on_durable) on_durable(Result<void>{});
  };
  store_.record(std::move(change), std::move(on_commit));
}

// What the call costs beyond what its campaign was charged for it: the record that tells how long it was may come after
// its end.
double Engine::charge(Entry& entry) const {
  const auto& asked = entry.call.request();
  const Duration talked = entry.call.progress().talked;
  if (asked.contact_key == 0 || talked <= entry.charged) return 0;
  const auto rules = dialing_->rules_of(asked.campaign_id);
  if (!rules || !rules->campaign.settings.budget) return 0;
  const auto& budget = *rules->campaign.settings.budget;
  return cost_of(budget, talked) - cost_of(budget, std::exchange(entry.charged, talked));
}

ContactChange Engine::contact_change_of(const Entry& entry, const CallStep& step) const {
  const auto& asked = entry.call.request();
  const auto& progress = entry.call.progress();
  const Time now = alarm_.now();
  const bool has_opted_out = entry.has_opted_out || suppressed_.contains(asked.number);
  if (step.was_never_sent && !has_opted_out) {
    const bool is_refused = progress.outcome == Outcome::kTrunkDown;
    const Time due_at = now + (is_refused ? kRefusedWait : kNeverSentWait);
    return {{ContactState::kReady, due_at, is_refused ? "trunk-refused" : "never-sent"}, false};
  }
  const auto rules = dialing_->rules_of(asked.campaign_id);
  const auto retry = rules ? rules->campaign.settings.retry : RetryRules{};
  // An attempt of before the restart of the machine's clock, or one that never ended: from now.
  const Time ended_at = progress.ended_at == Time{} ? now : progress.ended_at;
  return {after_attempt(retry, progress.outcome, asked.try_number, has_opted_out, ended_at, !step.was_never_sent),
          !step.was_never_sent};
}

void Engine::after_commit(const std::string& id, const CallStep& step, const std::optional<ContactChange>& contact) {
  if (step.acknowledge) telephony_.acknowledge(id, *step.acknowledge);
  if (step.hang_up) telephony_.hang_up(id);
  if (step.needs_snapshot) look();
  Entry* entry = find(id);
  if (entry == nullptr) return;
  if (contact && contact->next.state == ContactState::kReady) {
    const auto due_at = contact->next.due_at.value_or(alarm_.now());
    dialing_->tell(ContactDue{entry->call.request().campaign_id, entry->lane, due_at});
  }
  if (step.needs_requeue && !is_under_way(entry->call) && !entry->awaits_intent) {
    release_slot(*entry);
    entry->deadline.reset();
    if (!entry->is_parked) waiting_.push_back(id);
  }
  if (step.has_ended) release_slot(*entry);
  retire(id);
  if (step.has_ended || step.needs_requeue) pump();
}

// An ended call leaves memory once all of it is durable; then its journal records may go.
void Engine::retire(const std::string& id) {
  Entry* entry = find(id);
  if (entry == nullptr || !entry->call.has_ended() || entry->pending_writes > 0) return;
  release_slot(*entry);
  auto& forget = entry->forget;
  const auto& progress = entry->call.progress();
  if (entry->call.has_all_notes()) {
    for (std::uint32_t seq = 0; seq <= entry->call.last_note(); ++seq) forget.push_back(seq);
  } else if (forget.empty() && progress.is_intended && progress.outcome != Outcome::kSkipped) {
    look();  // something was told and did not arrive: it is in the journal
  }
  std::ranges::sort(forget);
  const auto rest = std::ranges::unique(forget);
  forget.erase(rest.begin(), rest.end());
  if (!forget.empty()) telephony_.forget(id, forget);
  entries_.erase(id);
}

Engine::Entry* Engine::find(const std::string& id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.get();
}

// ---------------------------------------------------------------- time

void Engine::arm() {
  std::optional<Time> next = next_look_;
  const auto consider = [&](Time when) { next = next ? std::min(*next, when) : when; };
  if (is_settled_ && !deadlines_.empty()) consider(deadlines_.begin()->first);
  if (!held_.empty()) consider(held_.begin()->first);
  if (!stops_.empty()) consider(stops_.begin()->first);
  if (is_settled_ && !is_stopping_ && !told_can_place_) consider(alarm_.now() + kSlowStorePause);
  if (next) alarm_.set(*next);
}

void Engine::on_alarm() {
  const Time now = alarm_.now();
  // While the node is out of sight nothing is judged by half its evidence: the journal has the rest.
  while (is_settled_ && !deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto [when, id] = *deadlines_.begin();
    deadlines_.erase(deadlines_.begin());
    Entry* entry = find(id);
    // A later step may have moved the deadline.
    if (entry == nullptr || entry->deadline != when) continue;
    entry->deadline.reset();
    feed(*entry, DeadlinePassed{});
  }
  while (!stops_.empty() && stops_.begin()->first <= now) {
    const auto id = stops_.begin()->second;
    stops_.erase(stops_.begin());
    if (Entry* entry = find(id)) ask_stop(*entry, now);
  }
  if (next_look_ && *next_look_ <= now) {
    next_look_.reset();
    if (telephony_.state().is_up) look();
  }
  pump();
}

// ---------------------------------------------------------------- views

std::vector<CallView> Engine::calls() const {
  std::vector<CallView> views;
  views.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) {
    if (!entry->call.has_ended()) views.push_back({entry->call.request(), entry->call.progress()});
  }
  std::ranges::sort(views, {}, [](const CallView& view) { return view.request.id; });
  return views;
}

std::optional<CallView> Engine::call(const std::string& id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second->call.has_ended()) return std::nullopt;
  return CallView{found->second->call.request(), found->second->call.progress()};
}

EngineState Engine::state() const {
  EngineState state;
  state.node = telephony_.state();
  state.is_settled = is_settled_;
  state.is_stopping = is_stopping_;
  state.waiting = waiting_.size();
  state.held = held_.size();
  state.live = live_;
  state.channels = channels_;
  state.slots_then = slots_then_;
  for (const auto& [id, entry] : entries_) state.unsettled += entry->absent_since.has_value() ? 1u : 0u;
  return state;
}

}  // namespace carillon
