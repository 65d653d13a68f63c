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
  const auto known = sink_->known_position();
  position_ = std::max(outbox_.cursor(name_).value_or(0), known);
  const auto bounds = outbox_.bounds();
  if (bounds && known > bounds->last) {
    // The ledger is another than the one that this sink was fed from: its positions mean nothing here.
    log::error("sink_of_another_ledger", {{"sink", name_}});
    sink_->forget_position();
    position_ = outbox_.cursor(name_).value_or(0);
  }
  kept_position_ = position_;
  state_.name = name_;
  state_.position = position_;
  thread_ = std::thread([this] { run(); });
}

Relay::Lane::~Lane() {
  begin_finish(std::chrono::milliseconds(0));
  join();
}

void Relay::Lane::wake() {
  is_unread_ = true;
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
  if (state.lag == 0 && is_unread_) state.lag = 1;
  return state;
}

void Relay::Lane::replay(std::int64_t from) {
  {
    const std::scoped_lock lock(mutex_);
    replay_from_ = std::min(from, replay_from_.value_or(from));
    has_news_ = true;
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

    take_orders();
    is_unread_ = false;
    const bool has_more = carry();

    lock.lock();
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
    outbox_.set_cursor(name_, position_);
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
    take(published, *rows, now);
    if (!published.trouble) position_ = last;
    show(published.trouble);
    if (position_ != kept_position_ && Clock::now() >= next_keep_) keep_cursor();
    return is_full && !published.trouble;
  }
  show(std::nullopt);
  return false;
}

void Relay::Lane::take(const Published& published, const std::vector<OutboxRow>& rows, Time now) {
  for (const auto& [index, reason] : published.refused) add_dead_letter(rows[index].position, reason, now);
  if (published.done > 0) position_ = rows[published.done - 1].position;
  if (published.done > 0 || !published.trouble) back_off_.on_progress();
  if (!published.trouble) return;
  if (back_off_.gives_up(now) && published.done < rows.size()) {
    const auto& stuck = rows[published.done];
    add_dead_letter(stuck.position, "given up: " + published.trouble->detail, now);
    position_ = stuck.position;
    back_off_.on_progress();
    return;
  }
  const auto share = std::uniform_real_distribution<double>(0, 1)(chance_);
  back_off_.on_trouble(now, share, published.retry_after);
  log::warn("sink_failed", {{"sink", name_},
                            {"detail", to_string(*published.trouble)},
                            {"retry_ms", std::to_string((*back_off_.next_try() - now).count())}});
}

void Relay::Lane::add_dead_letter(std::int64_t position, std::string reason, Time now) {
  log::error("event_refused", {{"sink", name_}, {"position", std::to_string(position)}, {"detail", reason}});
  outbox_.add_dead_letters({{name_, position, std::move(reason), now}});
  const std::scoped_lock lock(mutex_);
  ++state_.dead_letters;
}

// Out of their order: the sink has what came after them already.
void Relay::Lane::revive_dead_letters() {
  const Time now = wall_clock_now();
  std::int64_t after = 0;
  for (;;) {
    const auto letters = outbox_.dead_letters(name_, after, kRevivedAtOnce);
    if (!letters || letters->empty()) return;
    after = letters->back().position;
    std::vector<std::int64_t> positions;
    for (const auto& letter : *letters) positions.push_back(letter.position);
    auto rows = outbox_.read(positions);
    if (!rows) return;
    std::vector<std::int64_t> through;
    for (const auto& row : *rows) {
      sink_->forget_position();
      const auto published = sink_->publish({row});
      if (published.done == 1 && published.refused.empty()) through.push_back(row.position);
      if (published.trouble) break;
    }
    log::info("dead_letters_retried", {{"sink", name_}, {"sent", std::to_string(through.size())}});
    if (through.empty()) return;
    outbox_.remove_dead_letters(name_, std::move(through));
    if (now + std::chrono::minutes(1) < wall_clock_now()) return;  // the living ones wait
  }
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
  outbox_.set_cursor(name_, position_);
  kept_position_ = position_;
  next_keep_ = Clock::now() + kKeepCursorEvery;
}

bool Relay::Lane::is_drained() {
  const auto bounds = outbox_.bounds();
  return !bounds || position_ >= bounds->last;
}

}  // namespace carillon::publish
