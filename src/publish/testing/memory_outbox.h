// An outbox in memory, and events for it.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/ports/outbox.h"

namespace carillon::publish::testing {

inline OutboxRow row(std::int64_t position, EventType type = EventType::kCallStatus) {
  OutboxRow made;
  made.position = position;
  made.event = {type, "attempt", static_cast<std::uint32_t>(position), time_from_ms(1'700'000'000'000), "{}"};
  return made;
}

class MemoryOutbox final : public Outbox {
 public:
  explicit MemoryOutbox(std::int64_t count = 0) {
    for (std::int64_t position = 1; position <= count; ++position) add(row(position));
  }
  void add(OutboxRow added) {
    const std::scoped_lock lock(mutex_);
    last_ = added.position;
    rows_.emplace(added.position, std::move(added));
  }
  std::int64_t kept(const std::string& sink) { return *cursor(sink); }
  std::size_t size() {
    const std::scoped_lock lock(mutex_);
    return rows_.size();
  }
  std::atomic<int> looks = 0;  // how often its bounds were asked for

  Result<std::vector<OutboxRow>> read_after(std::int64_t position, int limit) override {
    const std::scoped_lock lock(mutex_);
    std::vector<OutboxRow> found;
    for (auto next = rows_.upper_bound(position); next != rows_.end() && static_cast<int>(found.size()) < limit; ++next)
      found.push_back(next->second);
    return found;
  }
  Result<std::int64_t> position_before(Time time) override {
    const std::scoped_lock lock(mutex_);
    std::int64_t before = 0;
    for (const auto& [position, known] : rows_) {
      if (known.event.time < time) before = position;
    }
    return before;
  }
  Result<OutboxBounds> bounds() override {
    ++looks;
    const std::scoped_lock lock(mutex_);
    if (rows_.empty()) return OutboxBounds{0, last_, {}};
    return OutboxBounds{rows_.begin()->first, last_, rows_.begin()->second.event.time};
  }
  Result<std::int64_t> cursor(const std::string& sink) override {
    const std::scoped_lock lock(mutex_);
    return cursors_[sink];
  }
  Result<std::vector<DeadLetter>> dead_letters(const std::string& sink, std::int64_t after, int limit) override {
    const std::scoped_lock lock(mutex_);
    std::vector<DeadLetter> found;
    for (const auto& letter : letters_) {
      if (letter.sink == sink && letter.position > after && static_cast<int>(found.size()) < limit)
        found.push_back(letter);
    }
    return found;
  }
  Result<std::vector<OutboxRow>> dead_letter_events(const std::string& sink, std::int64_t after, int limit) override {
    const auto letters = dead_letters(sink, after, limit);
    const std::scoped_lock lock(mutex_);
    std::vector<OutboxRow> found;
    for (const auto& letter : *letters) found.push_back(dead_events_.at(letter.position));
    return found;
  }
  Result<std::int64_t> count_dead_letters(const std::string& sink) override {
    const std::scoped_lock lock(mutex_);
    return std::ranges::count(letters_, sink, &DeadLetter::sink);
  }
  void keep_progress(const std::string& sink, std::int64_t position, std::vector<DeadLetter> refused) override {
    const std::scoped_lock lock(mutex_);
    cursors_[sink] = position;
    for (auto& letter : refused) {
      dead_events_[letter.position] = rows_.at(letter.position);
      letters_.push_back(std::move(letter));
    }
  }
  void remove_dead_letters(const std::string& sink, std::vector<std::int64_t> positions) override {
    const std::scoped_lock lock(mutex_);
    std::erase_if(letters_, [&](const DeadLetter& letter) {
      return letter.sink == sink && std::ranges::find(positions, letter.position) != positions.end();
    });
  }
  void trim(std::int64_t position) override {
    const std::scoped_lock lock(mutex_);
    rows_.erase(rows_.begin(), rows_.upper_bound(position));
  }
  void forget_dead_letters(Time before) override {
    const std::scoped_lock lock(mutex_);
    std::erase_if(letters_, [&](const DeadLetter& letter) { return letter.at < before; });
  }

 private:
  std::mutex mutex_;
  std::map<std::int64_t, OutboxRow> rows_;
  std::map<std::string, std::int64_t> cursors_;
  std::vector<DeadLetter> letters_;
  std::map<std::int64_t, OutboxRow> dead_events_;
  std::int64_t last_ = 0;
};

}  // namespace carillon::publish::testing
