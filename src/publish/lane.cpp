#include "publish/lane.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace carillon::publish {
namespace {

// Commits come every few milliseconds under load; a sink need not be troubled for each.
constexpr std::chrono::milliseconds kGather{250};
// The ledger's cursor may lag: what is published again after a crash has the same id.
constexpr std::chrono::seconds kKeepCursorEvery{2};
constexpr std::chrono::milliseconds kLastRounds{20};
constexpr std::chrono::seconds kLookAnyway{60};
constexpr int kRevivedAtOnce = 100;

}  // namespace

Relay::Lane::Lane(Outbox& outbox, std::unique_ptr<Sink> sink, BackOffLimits limits)
    : outbox_(outbox),
      sink_(std::move(sink)),
      name_(sink_->name()),
      back_off_(limits),
      chance_(std::random_device()()) {
  position_ = outbox_.cursor(name_).value_or(0);
  if (const auto known = sink_->last_known()) trust_or_forget(*known);
  if (const auto bounds = outbox_.bounds(); bounds && position_ > 0 && bounds->first > position_ + 1) {
    // It was not configured for longer than events are kept.
    log::warn("sink_gap", {{"sink", name_}, {"missing", std::to_string(bounds->first - position_ - 1)}});
  }
  kept_position_ = position_;
  state_.name = name_;
  state_.position = position_;
  recount_dead_letters();
  thread_ = std::thread([this] { run(); });
}

// What a sink holds may be ahead of the cursor, which is kept now and then. But it may also be of another ledger.
void Relay::Lane::trust_or_forget(const KnownEvent& known) {
  if (known.position <= position_) return;
  const auto row = outbox_.read_after(known.position - 1, 1);
  if (row && !row->empty() && row->front().position == known.position && event_id(row->front().event) == known.id) {
    position_ = known.position;
    return;
  }
  log::error("sink_of_another_ledger", {{"sink", name_}});
  sink_->forget_position();
}

Relay::Lane::~Lane() {
  begin_finish(std::chrono::milliseconds(0));
  join();
}

void Relay::Lane::wake() {
  ++news_;
  {
    const std::scoped_lock lock(mutex_);
    if (has_news_) return;
    has_news_ = true;
  }
  changed_.notify_one();
}

void Relay::Lane::begin_finish(std::chrono::milliseconds deadline) {
  {
    const std::scoped_lock lock(mutex_);
    if (is_stopping_) return;
    is_stopping_ = true;
    stop_by_ = Clock::now() + deadline;
  }
  changed_.notify_one();
}

void Relay::Lane::join() {
  if (thread_.joinable()) thread_.join();
}

SinkState Relay::Lane::state() const {
  const std::scoped_lock lock(mutex_);
  SinkState state = state_;
  if (state.lag == 0 && looked_at_ != news_) state.lag = 1;
  return state;
}

void Relay::Lane::replay(std::int64_t from) {
  {
    const std::scoped_lock lock(mutex_);
    replay_from_ = std::min(from, replay_from_.value_or(from));
    has_news_ = true;
    ++news_;
  }
  changed_.notify_one();
}

void Relay::Lane::retry_dead_letters() {
  {
    const std::scoped_lock lock(mutex_);
    must_revive_ = true;
    has_news_ = true;
  }
  changed_.notify_one();
}

Relay::Lane::Clock::time_point Relay::Lane::wake_at() const {
  auto at = Clock::now() + kLookAnyway;
  if (const auto next_try = back_off_.next_try()) at = std::min(at, Clock::now() + (*next_try - wall_clock_now()));
  if (position_ != kept_position_) at = std::min(at, next_keep_);
  return at;
}

void Relay::Lane::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_until(lock, wake_at(), [&] { return has_news_ || is_stopping_; });
    const bool is_last_round = is_stopping_;
    has_news_ = false;
    lock.unlock();

    const auto news = news_.load();
    take_orders();
    const bool has_more = carry();

    lock.lock();
    looked_at_ = news;
    has_news_ = has_news_ || has_more;
    if (!is_last_round && !has_more) changed_.wait_for(lock, kGather, [&] { return is_stopping_; });
    if (is_stopping_ && !has_more) changed_.wait_for(lock, kLastRounds);
    if (is_stopping_ && (Clock::now() >= stop_by_ || is_drained())) {
      keep_cursor();
      return;
    }
  }
}

void Relay::Lane::take_orders() {
  std::optional<std::int64_t> from;
  bool must_revive = false;
  {
    const std::scoped_lock lock(mutex_);
    from = std::exchange(replay_from_, std::nullopt);
    must_revive = std::exchange(must_revive_, false);
  }
  if (from) {
    log::info("sink_replay", {{"sink", name_}, {"from", std::to_string(*from)}});
    sink_->forget_position();
    position_ = std::min(position_, std::max<std::int64_t>(0, *from - 1));
    kept_position_ = position_;
    outbox_.keep_progress(name_, position_, {});
    back_off_.on_progress();
  }
  if (must_revive) revive_dead_letters();
}

bool Relay::Lane::carry() {
  const Time now = wall_clock_now();
  const int batch = sink_->batch();
  if (back_off_.may_try(now)) {
    auto rows = outbox_.read_after(position_, batch);
    if (!rows) {
      log::error("outbox_unreadable", {{"detail", to_string(rows.error())}});
      back_off_.on_trouble(now, 1, std::nullopt);
      show(rows.error());
      return false;
    }
    const bool is_full = static_cast<int>(rows->size()) == batch;
    const std::int64_t last = rows->empty() ? position_ : rows->back().position;
    std::erase_if(*rows, [&](const OutboxRow& row) { return !sink_->wants(row.event); });
    const auto published = rows->empty() ? Published{} : sink_->publish(*rows);
    const bool has_given_up = take(published, *rows, now);
    const bool is_through = !published.trouble && published.done == rows->size();
    if (is_through) position_ = last;
    show(published.trouble);
    if (position_ != kept_position_ && (Clock::now() >= next_keep_ || !refused_.empty())) keep_cursor();
    return has_given_up || (is_through ? is_full : !published.trouble);
  }
  show(std::nullopt);
  return false;
}

bool Relay::Lane::take(const Published& published, const std::vector<OutboxRow>& rows, Time now) {
  for (const auto& [index, reason] : published.refused) refuse(rows[index].position, reason, now);
  if (published.done > 0) position_ = rows[published.done - 1].position;
  if (published.done > 0 || !published.trouble) back_off_.on_progress();
  if (!published.trouble) return false;
  const auto share = std::uniform_real_distribution<double>(0, 1)(chance_);
  back_off_.on_trouble(now, share, published.retry_after);
  if (back_off_.gives_up() && published.done < rows.size()) {
    const auto& stuck = rows[published.done];
    refuse(stuck.position, "given up: " + published.trouble->detail, now);
    position_ = stuck.position;
    back_off_.on_progress();
    return true;
  }
  log::warn("sink_failed", {{"sink", name_},
                            {"detail", to_string(*published.trouble)},
                            {"retry_ms", std::to_string((*back_off_.next_try() - now).count())}});
  return false;
}

void Relay::Lane::refuse(std::int64_t position, std::string reason, Time now) {
  log::error("event_refused", {{"sink", name_}, {"position", std::to_string(position)}, {"detail", reason}});
  refused_.push_back({name_, position, std::move(reason), now});
  const std::scoped_lock lock(mutex_);
  ++state_.dead_letters;
}

// Out of their order: the sink has what came after them already. Each is offered once; those that are refused again
// stay, and a sink in trouble is left alone.
void Relay::Lane::revive_dead_letters() {
  std::int64_t after = 0;
  std::size_t sent = 0;
  for (bool goes_on = true; goes_on;) {
    const auto rows = outbox_.dead_letter_events(name_, after, kRevivedAtOnce);
    if (!rows || rows->empty()) break;
    after = rows->back().position;
    std::vector<std::int64_t> through;
    for (const auto& row : *rows) {
      sink_->forget_position();
      const auto published = sink_->publish({row});
      if (published.done == 1 && published.refused.empty()) through.push_back(row.position);
      goes_on = !published.trouble && !is_to_stop();
      if (!goes_on) break;
    }
    sent += through.size();
    if (!through.empty()) outbox_.remove_dead_letters(name_, std::move(through));
  }
  log::info("dead_letters_retried", {{"sink", name_}, {"sent", std::to_string(sent)}});
}

bool Relay::Lane::is_to_stop() const {
  const std::scoped_lock lock(mutex_);
  return is_stopping_;
}

std::int64_t Relay::Lane::recount_dead_letters() {
  const auto count = outbox_.count_dead_letters(name_).value_or(0);
  const std::scoped_lock lock(mutex_);
  return state_.dead_letters = count;
}

void Relay::Lane::show(const std::optional<Error>& trouble) {
  const auto bounds = outbox_.bounds();
  const std::scoped_lock lock(mutex_);
  state_.position = position_;
  if (bounds) state_.lag = std::max<std::int64_t>(0, bounds->last - position_);
  state_.failures = back_off_.failures();
  state_.next_try = back_off_.next_try();
  if (trouble) state_.trouble = to_string(*trouble);
  if (state_.failures == 0) state_.trouble.clear();
}

void Relay::Lane::keep_cursor() {
  if (position_ == kept_position_) return;
  outbox_.keep_progress(name_, position_, std::exchange(refused_, {}));
  kept_position_ = position_;
  next_keep_ = Clock::now() + kKeepCursorEvery;
}

bool Relay::Lane::is_drained() {
  const auto bounds = outbox_.bounds();
  return !bounds || position_ >= bounds->last;
}

}  // namespace carillon::publish
