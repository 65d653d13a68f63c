#include "engine/engine.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace carillon {
namespace {

constexpr Duration kNumberBusyWait{5'000};
constexpr Duration kWindowRecheck{60'000};
// One silent call is a silent call; so many in a row are a dead trunk.
constexpr int kDeadCallsOfADeadTrunk = 5;
constexpr Duration kProbeEvery{5'000};
// Commits that wait on a slow disk; beyond, no call is started.
constexpr std::size_t kMaxStoreBacklog = 5'000;
constexpr Duration kSlowStorePause{50};

}  // namespace

Engine::Engine(Store& store, Telephony& telephony, Alarm& alarm, EngineOptions options,
               std::function<void(const Error&)> on_fatal)
    : store_(store),
      telephony_(telephony),
      alarm_(alarm),
      options_(std::move(options)),
      on_fatal_(std::move(on_fatal)),
      pacer_(options_.pace) {
  Telephony::Listener listener;
  listener.on_event = [this](const std::string& id, CallEvent event) { on_event(id, std::move(event)); };
  listener.on_up = [this](const NodeState&) { on_node_up(); };
  listener.on_down = [this] { on_node_down(); };
  telephony_.set_listener(std::move(listener));
}

void Engine::start(std::function<void(Result<void>)> ready) {
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
        take_slot(*entry);
        ++intended;
      } else if (!is_under_way(entry->call) && !entry->is_parked) {
        waiting_.push_back(id);
      }
      entries_.emplace(id, std::move(entry));
    }
    log::info("engine_ready", {{"waiting", std::to_string(waiting_.size())}, {"to_settle", std::to_string(intended)}});
    ready(Result<void>{});
  });
}

// ---------------------------------------------------------------- accepting

void Engine::accept(AttemptRequest request, Mode mode, Reply<Accepted> reply) {
  const Time now = alarm_.now();
  if (is_stopping_) {
    reply(fail(ErrorCode::Unavailable, "carillon is stopping"));
    return;
  }
  if (waiting_.size() + held_.size() >= options_.max_waiting || store_.backlog() >= kMaxStoreBacklog) {
    reply(fail(ErrorCode::QueueFull, "retry when calls have been placed"));
    return;
  }
  if (mode == Mode::kNow) {
    if (const auto verdict = window_of(request, now); !verdict.is_open) {
      reply(fail(ErrorCode::Held, "window: " + verdict.reason));
      return;
    }
  }
  request.id = ids_.next(now);
  request.created_at = now;
  request.trunk = options_.trunk;
  if (request.caller_id.empty()) request.caller_id = options_.caller_id;
  const auto on_accepted = [this, reply = std::move(reply)](Result<Accepted> accepted) {
    if (accepted) keep_accepted(*accepted);
    reply(std::move(accepted));
  };
  store_.accept(std::move(request), mode == Mode::kCampaign, on_accepted);
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

WindowVerdict Engine::window_of(const AttemptRequest& request, Time now) const {
  if (!options_.is_window_enforced) return {true, "", std::nullopt};
  const auto number = parse_phone_number(request.number, "");
  const auto regions = number ? number->regions : std::vector<std::string>();
  return check_window(options_.window, request.time_zone, regions, options_.zones, now);
}

// ---------------------------------------------------------------- starting calls

void Engine::pump() {
  const Time now = alarm_.now();
  while (!held_.empty() && held_.begin()->first <= now) {
    waiting_.push_back(held_.begin()->second);
    held_.erase(held_.begin());
  }
  while (!waiting_.empty() && is_settled_ && !is_stopping_ && store_.backlog() < kMaxStoreBacklog) {
    Entry* entry = find(waiting_.front());
    // It may stand here twice, or have gone on meanwhile.
    const bool is_waiting = entry != nullptr && !entry->call.has_ended() && !is_under_way(entry->call) &&
                            !entry->awaits_intent && !entry->is_parked;
    if (!is_waiting) {
      waiting_.pop_front();
      continue;
    }
    if (!try_start(*entry, now)) break;
  }
  arm();
}

// False if the pace allows no call now. Takes the attempt from the queue otherwise.
bool Engine::try_start(Entry& entry, Time now) {
  const auto& asked = entry.call.request();
  const std::string id = asked.id;
  if (const auto verdict = window_of(asked, now); !verdict.is_open) {
    waiting_.pop_front();
    wait_until(id, verdict.opens_at.value_or(now + kWindowRecheck));
    return true;
  }
  // One probe at a time, and not many: a node that refuses at once would use up the whole list.
  if (is_trunk_suspect() && (live_ > 0 || now < next_probe_)) return false;
  if (!pacer_.try_start(now, static_cast<int>(live_))) return false;
  next_probe_ = now + kProbeEvery;
  waiting_.pop_front();
  take_slot(entry);
  CallStep step = entry.call.intend(telephony_.state().boot, now);
  entry.deadline = step.deadline;
  if (step.deadline) deadlines_.emplace(*step.deadline, id);
  ++entry.pending_writes;
  entry.awaits_intent = true;
  AttemptChange change{{entry.call.request(), entry.call.progress()}, {}, {}, std::nullopt, false};
  store_.intend(std::move(change), [this, id](const Result<void>& result) { on_intended(id, result); });
  return true;
}

void Engine::on_intended(const std::string& id, const Result<void>& result) {
  Entry* entry = find(id);
  CARILLON_CHECK(entry != nullptr);
  --entry->pending_writes;
  entry->awaits_intent = false;
  const Time now = alarm_.now();
  const auto& asked = entry->call.request();

  if (!result && result.error().code == ErrorCode::NumberBusy) {
    entry->call.on(NeverSent{}, now);  // nothing was written: the ledger still says waiting
    entry->deadline.reset();
    release_slot(*entry);
    wait_until(id, now + kNumberBusyWait);
    return;
  }
  if (!result && result.error().code == ErrorCode::Held) {
    carry_out(*entry, entry->call.skip(result.error().detail, now));
    return;
  }
  if (!result) {
    on_fatal_(result.error());
    return;
  }
  // The last look before the order leaves: an opt-out or a stop may have come while the intent was written.
  if (suppressed_.contains(asked.number)) {
    carry_out(*entry, entry->call.skip("suppressed (global): opt-out by key", now));
    return;
  }
  Placement placement{asked.id,        asked.number, asked.trunk,
                      asked.caller_id, asked.audio,  options_.limits.post_dial_delay + asked.ring_timeout};
  // The node may have gone or have restarted meanwhile: the intent names the run that it was meant for.
  if (const auto verdict = window_of(asked, now); !verdict.is_open) {
    feed(*entry, NeverSent{});
    return;
  }
  const bool may_order = !is_stopping_ && is_settled_ && entry->call.progress().node_boot == telephony_.state().boot;
  entry->ordered_at = now;
  if (!may_order || !telephony_.place(placement)) feed(*entry, NeverSent{});
}

void Engine::wait_until(const std::string& id, Time when) {
  held_.emplace(when, id);
  arm();
}

void Engine::take_slot(Entry& entry) {
  if (!entry.holds_slot) ++live_;
  entry.holds_slot = true;
}

void Engine::release_slot(Entry& entry) {
  if (entry.holds_slot) --live_;
  entry.holds_slot = false;
}

void Engine::stop_starting() { is_stopping_ = true; }

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
  entry.call.set_trunk_suspect(is_trunk_suspect());
  CallStep step = entry.call.on(event, alarm_.now());
  if (step.has_ended) watch_trunk(entry.call.progress().outcome);
  if (std::holds_alternative<CallRinging>(event) || std::holds_alternative<CallProgress>(event))
    dead_calls_in_a_row_ = 0;
  carry_out(entry, std::move(step), on_durable);
}

bool Engine::is_trunk_suspect() const { return dead_calls_in_a_row_ >= kDeadCallsOfADeadTrunk; }

void Engine::watch_trunk(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNoResponse:
    case Outcome::kTrunkDown:
      if (++dead_calls_in_a_row_ == kDeadCallsOfADeadTrunk) log::error("trunk_down", {{"trunk", options_.trunk}});
      return;
    case Outcome::kHuman:
    case Outcome::kBusy:
    case Outcome::kNoAnswer:
    case Outcome::kRejected:
    case Outcome::kInvalidNumber:
    case Outcome::kUnreachable:
    case Outcome::kCongestion: dead_calls_in_a_row_ = 0; return;
    case Outcome::kNone:
    case Outcome::kCanceled:
    case Outcome::kSkipped:
    case Outcome::kUnknown: return;
  }
}

void Engine::carry_out(Entry& entry, CallStep step, const Reply<void>& on_durable) {
  const std::string id = entry.call.request().id;
  if (step.deadline) {
    entry.deadline = step.deadline;
    deadlines_.emplace(*step.deadline, id);
    arm();
  }
  if (step.suppress) suppressed_.insert(*step.suppress);  // at once, for what is queued; durable below
  if (!step.needs_commit()) {
    const bool is_known_durable = entry.pending_writes == 0;
    after_commit(id, step);
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
  AttemptChange change{
      {entry.call.request(), entry.call.progress()}, step.notes, step.events, step.suppress, entry.is_new};
  entry.is_new = false;
  store_.record(std::move(change), [this, id, step = std::move(step), on_durable](const Result<void>& result) {
    if (!result) {
      on_fatal_(result.error());
      return;
    }
    if (Entry* kept = find(id)) --kept->pending_writes;
    after_commit(id, step);
    if (on_durable) on_durable(Result<void>{});
  });
}

void Engine::after_commit(const std::string& id, const CallStep& step) {
  if (step.acknowledge) telephony_.acknowledge(id, *step.acknowledge);
  if (step.hang_up) telephony_.hang_up(id);
  if (step.needs_snapshot) look();
  Entry* entry = find(id);
  if (entry == nullptr) return;
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
  const bool awaits_probe = is_trunk_suspect() && live_ > 0;
  const bool can_start = !waiting_.empty() && is_settled_ && !is_stopping_ && !awaits_probe;
  if (can_start && static_cast<int>(live_) < pacer_.pace().max_live) {
    // Some time ahead, or a full store would make this a busy loop.
    const Duration pause = store_.backlog() < kMaxStoreBacklog ? Duration(1) : kSlowStorePause;
    const Time earliest = is_trunk_suspect() ? next_probe_ : Time{};
    consider(std::max({pacer_.next_token(alarm_.now()), alarm_.now() + pause, earliest}));
  }
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

EngineState Engine::state() const {
  EngineState state;
  state.node = telephony_.state();
  state.is_settled = is_settled_;
  state.is_stopping = is_stopping_;
  state.waiting = waiting_.size();
  state.held = held_.size();
  state.live = live_;
  state.trunk = options_.trunk;
  state.is_trunk_suspect = is_trunk_suspect();
  for (const auto& [id, entry] : entries_) state.unsettled += entry->absent_since.has_value() ? 1u : 0u;
  return state;
}

}  // namespace carillon
