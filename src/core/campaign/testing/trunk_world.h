// A trunk in virtual time: a dialer that always has somebody to call, and a carrier that does what the test says.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/campaign/trunk_pace.h"

namespace carillon::testing_trunk {

using std::chrono::minutes;
using std::chrono::seconds;

inline TrunkLimits asked(double calls_per_second, int max_live = 10'000) {
  TrunkLimits limits;
  limits.calls_per_second = calls_per_second;
  limits.max_live_calls = max_live;
  limits.max_short_ratio = 0;
  return limits;
}

inline TrunkCallEnd ended(Outcome outcome, int sip_code = 0, Duration talked = seconds(30)) {
  TrunkCallEnd end;
  end.outcome = outcome;
  end.sip_code = sip_code;
  end.talked = outcome == Outcome::kHuman ? talked : Duration(0);
  return end;
}

// What the carrier does with one call.
struct Fate {
  std::optional<Duration> rings_after;
  Duration ends_after{1'000};
  TrunkCallEnd end;
};
inline const Fate kAnswered{Duration(100), seconds(2), ended(Outcome::kHuman, 200, seconds(1))};
inline const Fate kRefused{std::nullopt, Duration(50), ended(Outcome::kCongestion, 503)};
inline const Fate kDead{std::nullopt, seconds(35), ended(Outcome::kNoResponse)};
inline const Fate kRefusedByNode{std::nullopt, Duration(0), ended(Outcome::kTrunkDown)};

// A dialer that always has somebody to call, and a carrier, in virtual time from 0.
class TrunkWorld {
 public:
  explicit TrunkWorld(TrunkLimits limits) : pace(limits) {}

  // carrier: what becomes of a call that starts at this moment.
  void run(Duration length, const std::function<Fate(Duration)>& carrier) {
    const Duration end = clock + length;
    while (clock < end) {
      play_due();
      while (pace.try_start(now(), live)) start(carrier(clock));
      const auto next = pace.next_start(now(), live);
      ASSERT_TRUE(!next || *next > now()) << "it would spin";
      clock = next ? std::min(end, *next - kBegin) : end;
      if (!due_.empty()) clock = std::min(clock, std::max(due_.begin()->first, Duration(0)));
    }
    play_due();
  }
  void run(Duration length, const Fate& fate) {
    run(length, [&](Duration) { return fate; });
  }
  void sleep(Duration length) {
    clock += length;
    play_due();
  }
  Time now() const { return kBegin + clock; }
  TrunkView view() const { return pace.view(now()); }
  int starts_since(Duration from) const {
    return static_cast<int>(std::ranges::count_if(starts, [&](Duration at) { return at >= from; }));
  }
  int most_starts_in_a_second() const {
    int most = 0;
    std::size_t first = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      while (starts[i] - starts[first] >= seconds(1)) ++first;
      most = std::max(most, static_cast<int>(i - first + 1));
    }
    return most;
  }

  static constexpr Time kBegin{Duration(1'795'348'800'000)};  // 2026-11-22T12:00:00Z
  TrunkPace pace;
  Duration clock{0};
  int live = 0;
  std::vector<Duration> starts;

 private:
  void start(Fate fate) {
    starts.push_back(clock);
    ++live;
    fate.end.started_at = now();
    if (fate.rings_after) due_.emplace(clock + *fate.rings_after, [this] { pace.on_ringing(now()); });
    due_.emplace(clock + fate.ends_after, [this, end = fate.end] {
      --live;
      pace.on_end(end, now());
    });
  }
  void play_due() {
    while (!due_.empty() && due_.begin()->first <= clock) {
      const auto happens = due_.begin()->second;
      due_.erase(due_.begin());
      happens();
    }
  }

  std::multimap<Duration, std::function<void()>> due_;
};

}  // namespace carillon::testing_trunk
