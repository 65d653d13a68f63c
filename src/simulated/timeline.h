// Virtual time: what is due runs in order of its time, and in the order of asking within one millisecond.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "core/ports/alarm.h"

namespace carillon::simulated {

class Timeline {
 public:
  // 2023-11-14T22:13:20Z, or as asked.
  explicit Timeline(Time start = time_from_ms(1'700'000'000'000)) : now_(start) {}

  Time now() const { return now_; }
  void after(Duration wait, std::function<void()> what) {
    due_.emplace(now_ + std::max(wait, Duration(0)), std::move(what));
  }
  // When the next thing is due, if anything is.
  std::optional<Time> next() const {
    return due_.empty() ? std::nullopt : std::optional(std::max(now_, due_.begin()->first));
  }
  // The clock is put forward, or the machine slept: what was due meanwhile comes late.
  void jump(Duration span) { now_ += span; }
  // False if nothing is due any more.
  bool step() {
    if (due_.empty()) return false;
    auto next = due_.extract(due_.begin());
    now_ = std::max(now_, next.key());
    next.mapped()();
    return true;
  }
  void run_for(Duration span) {
    const Time end = now_ + span;
    while (!due_.empty() && due_.begin()->first <= end) step();
    now_ = std::max(now_, end);
  }

 private:
  Time now_;
  std::multimap<Time, std::function<void()>> due_;
};

// As the engine's real alarm: a later time than the one set changes nothing.
class VirtualAlarm final : public Alarm {
 public:
  explicit VirtualAlarm(Timeline& timeline) : timeline_(timeline) {}
  std::function<void()> on_ring;
  int rings = 0;

  Time now() const override { return timeline_.now(); }
  void set(Time when) override {
    if (when_ && when >= *when_) return;
    when_ = when;
    timeline_.after(when - timeline_.now(), [this, number = ++number_] {
      if (number != number_) return;
      when_.reset();
      ++rings;
      on_ring();
    });
  }
  // Its engine is gone.
  void silence() {
    ++number_;
    when_.reset();
  }

 private:
  Timeline& timeline_;
  std::optional<Time> when_;
  int number_ = 0;
};

}  // namespace carillon::simulated
