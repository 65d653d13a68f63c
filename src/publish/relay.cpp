#include "publish/relay.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "publish/lane.h"

namespace carillon::publish {
namespace {

// Forgetting is spread over many small commits: none of them may hold up a call's.
constexpr std::int64_t kTrimAtOnce = 2'000;
constexpr std::chrono::milliseconds kNextTrim{200};

}  // namespace

Relay::Relay(Outbox& outbox, std::vector<std::unique_ptr<Sink>> sinks, RelayOptions options)
    : outbox_(outbox), options_(options) {
  for (auto& sink : sinks) lanes_.push_back(std::make_unique<Lane>(outbox, std::move(sink), options_.back_off));
  housekeeper_ = std::thread([this] { keep_house(); });
}

Relay::~Relay() { finish(std::chrono::milliseconds(0)); }

void Relay::wake() {
  for (auto& lane : lanes_) lane->wake();
}

void Relay::finish(std::chrono::milliseconds deadline) {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  stopping_.notify_all();
  if (housekeeper_.joinable()) housekeeper_.join();
  for (auto& lane : lanes_) lane->begin_finish(deadline);
  for (auto& lane : lanes_) lane->join();
}

std::vector<SinkState> Relay::states() const {
  std::vector<SinkState> states;
  for (const auto& lane : lanes_) states.push_back(lane->state());
  return states;
}

std::int64_t Relay::lag() const {
  std::int64_t lag = 0;
  for (const auto& lane : lanes_) lag = std::max(lag, lane->state().lag);
  return lag;
}

namespace {

std::unexpected<Error> no_sink(const std::string& name) {
  return fail(ErrorCode::NotFound, fmt::format("there is no sink {}", name));
}

}  // namespace

Result<void> Relay::replay(const std::string& sink, std::int64_t from) {
  const auto found = std::ranges::find(lanes_, sink, [](const auto& lane) { return lane->name(); });
  if (found == lanes_.end()) return no_sink(sink);
  (*found)->replay(from);
  return {};
}

Result<void> Relay::retry_dead_letters(const std::string& sink) {
  const auto found = std::ranges::find(lanes_, sink, [](const auto& lane) { return lane->name(); });
  if (found == lanes_.end()) return no_sink(sink);
  (*found)->retry_dead_letters();
  return {};
}

// What every sink has and nobody will ask for any more is forgotten.
void Relay::keep_house() {
  std::unique_lock lock(mutex_);
  auto pause = options_.house_every;
  while (!stopping_.wait_for(lock, pause, [&] { return is_stopping_; })) {
    lock.unlock();
    forget_dead_letters();
    pause = trim() ? std::min(kNextTrim, options_.house_every) : options_.house_every;
    lock.lock();
  }
}

void Relay::forget_dead_letters() {
  std::int64_t letters = 0;
  for (const auto& lane : lanes_) letters += lane->recount_dead_letters();
  if (letters > 0) outbox_.forget_dead_letters(wall_clock_now() - options_.keep);
}

// True if there is more to forget.
bool Relay::trim() {
  const auto bounds = outbox_.bounds();
  const auto old = outbox_.position_before(wall_clock_now() - options_.keep);
  if (!bounds || !old || bounds->first == 0) return false;
  std::int64_t until = std::max(*old, bounds->last - options_.keep_rows);
  for (const auto& lane : lanes_) until = std::min(until, lane->state().position);
  if (until < bounds->first) return false;
  const auto now_until = std::min(until, bounds->first + kTrimAtOnce - 1);
  outbox_.trim(now_until);
  return now_until < until;
}

}  // namespace carillon::publish
