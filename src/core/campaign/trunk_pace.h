// How fast one trunk may be used now. It begins slowly, grows while the carrier takes the calls, backs off when it says
// no (AIMD) or becomes slow, stops when it is dead and probes it, and slows down when the quality of the calls would
// cost the account (short calls, few answers). Pure: time is an argument. Owned by the Dialer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/time.h"
#include "core/call/words.h"

namespace carillon {

struct TrunkLimits {
  double calls_per_second = 5;  // asked by the operator: the carrier's contract; 0 = no calls
  int max_live_calls = 50;      // channels
  // Slow start begins here. Carriers' own defaults for new accounts are 1 to 5 calls/s: nobody rejects two.
  double start_calls_per_second = 2;
  // Guards, as carriers write them into contracts; 0 switches one off.
  Duration short_call{12'000};    // an answered call that lasted at most this is short
  double max_short_ratio = 0.10;  // of answered calls
  double min_answer_ratio = 0;    // answered of all ended
  int guard_calls = 100;          // over so many last ones; judged from half of them on
};

struct TrunkCallEnd {
  Outcome outcome = Outcome::kNone;
  int sip_code = 0;  // last response of the carrier; 0 = none
  Duration talked{0};
  std::optional<Duration> post_dial_delay{};  // from the order to the first sign of ringing or answer
  // When try_start let it go. Tells a probe from calls that were under way when the circuit opened; without it every
  // end is taken for one of a call that began after that.
  std::optional<Time> started_at{};
};

// For people and metrics: asked / allowed / carrier said.
struct TrunkView {
  double asked = 0;             // calls/s
  double allowed = 0;           // calls/s, now
  std::string carrier_said;     // the last refusal: "503 at 12:04:31Z"; empty = none
  std::string state;            // "up", "starting", "backing-off", "probing" (circuit half open), "down" (open)
  std::string reason;           // of a state other than up
  Duration post_dial_delay{0};  // median of the last calls
  double short_ratio = 0;
  double answer_ratio = 0;
};

class TrunkPace {
 public:
  explicit TrunkPace(TrunkLimits limits);

  // Whether a call may start now; takes a token if so. live: calls that hold a slot of this trunk. On a dead circuit
  // only the next probe may.
  bool try_start(Time now, int live);
  // When try_start may succeed again for want of a token or of a probe; nothing if only the end of a call helps. Never
  // `now` after a try_start that failed.
  std::optional<Time> next_start(Time now, int live);
  // Not a dead circuit: calls may be planned on it.
  bool is_usable() const { return circuit_.state == Circuit::State::kClosed; }

  // A sign of life: ringing, early media or an answer.
  void on_ringing(Time now);
  // Every call that try_start let go ends once; one that was not placed after all ends as canceled.
  void on_end(const TrunkCallEnd& end, Time now);
  void set_limits(TrunkLimits limits);

  TrunkView view(Time now) const;
  const TrunkLimits& limits() const { return limits_; }

 private:
  // Ages count from the making of this object and never step back, as the wall clock may.
  using Age = Duration;

  // Slow start and AIMD.
  struct Rate {
    double begins_at = 2;  // calls/s: slow start
    double allowed = 0;    // calls/s, before guards
    bool is_starting = false;
    bool has_life = false;  // since the last doubling
    Age doubled_at{0};      // or began
    Age held_until{0};      // no growth before
    std::optional<Age> halved_at;
    std::optional<Age> slowed_at;
    std::optional<Age> last_start;
    std::optional<Age> silent_since;  // first call after the last sign of life
    std::string reason;               // why it is below what is asked

    // True if it begins anew because nothing was called for long.
    bool advance(double asked, Age age, Duration elapsed, bool is_slow);
    void begin_slowly(double asked, Age age, std::string why);
    void refuse(double asked, Age age, std::string why);
    void slow_down(double asked, Age age, std::string why);
  };

  // Opens when calls end dead, one after the other; then lets one probe at a time through.
  struct Circuit {
    enum class State : std::uint8_t { kClosed, kOpen, kProbing };
    State state = State::kClosed;
    int dead_in_a_row = 0;
    Time dead_since{};  // end of the first of them
    Time changed_at{};  // dead calls that began before say nothing new
    Duration pause{0};  // between probes
    Age probe_at{0};    // the next one, when open
    Age probed_at{0};   // the last one

    void take_dead(const TrunkCallEnd& end, Time now, Age age);
    // Whether it is closed by a sign of life that came at `at`.
    bool take_life(Time at, Time now);
    // The probe ended without telling anything.
    void take_nothing(const TrunkCallEnd& end, Age age);
    // A probe of which no end was told: there is no call any more, or it is too long ago for one without an answer.
    void forget_lost_probe(int live, Age age);
    bool is_about_present(const TrunkCallEnd& end) const;
  };

  // How many of the last calls were so.
  struct Share {
    std::deque<bool> last;
    std::size_t hits = 0;

    void add(bool is_hit, int size);
    double ratio() const;
    bool is_judged(int size) const;
  };

  // Post-dial delay against what it usually is.
  struct Delay {
    std::deque<Duration> last;
    Duration median{0};
    double usual_ms = -1;  // follows the median slowly; < 0 = not known yet
    Age followed_at{0};

    void add(Duration delay, Age age);
    bool is_slow() const;
  };

  struct Refusal {
    int sip_code = 0;
    Outcome outcome = Outcome::kNone;
    Time at{};
  };

  void advance(Time now);
  // Of the rate what the guards leave.
  double guarded(double rate) const;
  bool has_too_many_short_calls() const;
  bool has_too_few_answers() const;
  std::string guard_reason() const;
  std::string refusal_text() const;
  void note_life(Time at, Time now);
  void take_refusal(const TrunkCallEnd& end, Time now);
  void judge_quality(const TrunkCallEnd& end);
  void judge_delay(Duration delay);
  void describe(TrunkView& view, const Rate& rate, Age age) const;

  TrunkLimits limits_;
  std::optional<Time> last_;  // of the clock
  Age age_{0};
  double tokens_ = 1.0;
  Rate rate_;
  Circuit circuit_;
  Share short_calls_;  // of answered calls
  Share answers_;      // of all that the carrier saw
  Delay delay_;
  std::optional<Refusal> refusal_;
};

}  // namespace carillon
