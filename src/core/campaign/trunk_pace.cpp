#include "core/campaign/trunk_pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace carillon {
namespace {

// A wake-up that is late by this much loses nothing. More would let calls bunch: carriers count in windows of a second.
constexpr double kCatchUpSeconds = 0.02;
// One call is there from the start: the first of a campaign does not wait.
constexpr double kBurst = 1.0;
// Sums of fractions of a token may end a hair below it.
constexpr double kHair = 1e-9;

// About what a carrier takes from the INVITE to ringing: each step is judged before the next.
constexpr Duration kDoubling{5'000};
// After a minute the carrier may have given our share away.
constexpr Duration kIdle{60'000};
// With many calls under way and no phone ringing for so long, the trunk may be dead, which the first call that gives up
// (half a minute later) would prove at the price of a thousand contacts.
constexpr Duration kSilence{10'000};

// Half, as TCP does; refusals of calls that were on their way when it was halved say nothing new.
constexpr double kBackOff = 0.5;
constexpr Duration kBackOffSpacing{3'000};
// Additive increase: from nothing to what is asked in this time.
constexpr double kRecoverySeconds = 30.0;
// Slower than a call every 5 s would not notice that the carrier is well again.
constexpr double kFloor = 0.2;

// A carrier that rings later than usual is filling up; it says so before it refuses. Judged over so many calls, and
// only where the delay is felt: 0.2 s become 0.5 s by chance.
constexpr std::size_t kDelayCalls = 20;
constexpr double kSlowFactor = 2.0;
constexpr Duration kSlowMargin{1'500};
constexpr double kSlowBackOff = 0.8;
constexpr Duration kSlowSpacing{10'000};
// Another mix of destinations is not trouble: after some of these, what is slow is usual.
constexpr double kUsualFollowsSeconds = 600.0;

// One dead call is a person's phone; five in a row are the trunk.
constexpr int kDeadCalls = 5;
constexpr Duration kFirstProbe{5'000};
constexpr Duration kLongestPause{60'000};
// Longer than the longest allowance for post-dial delay plus the longest ring timeout plus their lease's margin.
constexpr Duration kProbeLease{300'000};

// What the guards leave of what is asked: enough calls to see that they got better.
constexpr double kGuardShare = 0.25;

// While the rate grows, the time of the next token is an upper bound: look again after this.
constexpr Duration kLookAgain{1'000};

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

bool is_refusal(const TrunkCallEnd& end) {
  return end.outcome == Outcome::kCongestion || end.sip_code == 503 || end.sip_code == 429 || end.sip_code == 408;
}

enum class Sign : std::uint8_t { kLife, kDead, kNothing };

Sign sign_of(const TrunkCallEnd& end) {
  switch (end.outcome) {
    case Outcome::kHuman:
    case Outcome::kBusy:
    case Outcome::kNoAnswer:
    case Outcome::kRejected:
    case Outcome::kInvalidNumber:
    case Outcome::kUnreachable:
    case Outcome::kCongestion: return Sign::kLife;
    // A 100 comes from the next hop, whatever is behind it (RFC 3261 8.2.6.1); from 180 on somebody took care of the
    // call.
    case Outcome::kNoResponse: return end.sip_code >= 180 ? Sign::kLife : Sign::kDead;
    // Also where it answers at once: an account that is locked answers 401 to everything.
    case Outcome::kTrunkDown: return Sign::kDead;
    case Outcome::kNone:
    case Outcome::kCanceled:
    case Outcome::kSkipped:
    case Outcome::kUnknown: return Sign::kNothing;
  }
  return Sign::kNothing;
}

}  // namespace

// ---------------------------------------------------------------- slow start and AIMD

bool TrunkPace::Rate::advance(double asked, Age age, Duration elapsed, bool is_slow) {
  bool is_anew = false;
  if (last_start && age - *last_start >= kIdle) {
    last_start.reset();
    silent_since.reset();
    is_anew = true;
    begin_slowly(asked, age, fmt::format("begins slowly: no call for {} s", in_seconds(kIdle)));
  } else if (silent_since && age - *silent_since >= kSilence && allowed > begins_at) {
    begin_slowly(asked, age, fmt::format("no sign of life for {} s", in_seconds(kSilence)));
  }
  if (is_starting) {
    if (has_life && !is_slow && age - doubled_at >= kDoubling) {
      allowed *= 2;
      doubled_at = age;
      has_life = false;
    }
  } else if (!is_slow) {
    const Age from = std::max(age - elapsed, held_until);
    if (age > from) allowed += asked / kRecoverySeconds * in_seconds(age - from);
  }
  if (allowed >= asked) {
    allowed = asked;
    is_starting = false;
    reason.clear();
  }
  return is_anew;
}

void TrunkPace::Rate::begin_slowly(double asked, Age age, std::string why) {
  allowed = std::min({allowed, begins_at, asked});
  is_starting = allowed < asked;
  has_life = false;
  doubled_at = age;
  reason = std::move(why);
}

void TrunkPace::Rate::refuse(double asked, Age age, std::string why) {
  is_starting = false;
  held_until = age + kBackOffSpacing;
  reason = std::move(why);
  if (halved_at && age - *halved_at < kBackOffSpacing) return;
  halved_at = age;
  allowed = std::max(std::min(kFloor, asked), allowed * kBackOff);
}

void TrunkPace::Rate::slow_down(double asked, Age age, std::string why) {
  if (slowed_at && age - *slowed_at < kSlowSpacing) return;
  slowed_at = age;
  is_starting = false;
  reason = std::move(why);
  allowed = std::max(std::min(kFloor, asked), allowed * kSlowBackOff);
}

// ---------------------------------------------------------------- circuit breaker

bool TrunkPace::Circuit::is_about_present(const TrunkCallEnd& end) const {
  return !end.started_at || *end.started_at >= changed_at;
}

void TrunkPace::Circuit::take_dead(const TrunkCallEnd& end, Time now, Age age) {
  if (!is_about_present(end)) return;
  switch (state) {
    case State::kClosed:
      if (dead_in_a_row == 0) dead_since = now;
      if (++dead_in_a_row < kDeadCalls) return;
      pause = kFirstProbe;
      break;
    case State::kProbing: pause = std::min(2 * pause, kLongestPause); break;
    case State::kOpen: return;
  }
  state = State::kOpen;
  changed_at = now;
  probe_at = age + pause;
}

bool TrunkPace::Circuit::take_life(Time at, Time now) {
  if (dead_in_a_row > 0 && at < dead_since) return false;  // a conversation from better days
  const bool is_closed_now = state != State::kClosed;
  if (is_closed_now) changed_at = now;
  state = State::kClosed;
  dead_in_a_row = 0;
  return is_closed_now;
}

void TrunkPace::Circuit::take_nothing(const TrunkCallEnd& end, Age age) {
  if (state != State::kProbing || !is_about_present(end)) return;
  state = State::kOpen;
  probe_at = std::max(age, probed_at + pause);
}

void TrunkPace::Circuit::forget_lost_probe(int live, Age age) {
  if (state != State::kProbing || (live > 0 && age - probed_at < kProbeLease)) return;
  state = State::kOpen;
  probe_at = probed_at + pause;
}

// ---------------------------------------------------------------- quality of calls

void TrunkPace::Share::add(bool is_hit, int size) {
  last.push_back(is_hit);
  hits += is_hit ? 1 : 0;
  while (last.size() > static_cast<std::size_t>(std::max(size, 0))) {
    hits -= last.front() ? 1 : 0;
    last.pop_front();
  }
}

double TrunkPace::Share::ratio() const {
  return last.empty() ? 0 : static_cast<double>(hits) / static_cast<double>(last.size());
}

bool TrunkPace::Share::is_judged(int size) const {
  return size > 0 && 2 * last.size() >= static_cast<std::size_t>(size);
}

void TrunkPace::Delay::add(Duration delay, Age age) {
  last.push_back(delay);
  if (last.size() > kDelayCalls) last.pop_front();
  std::array<Duration, kDelayCalls> sorted{};
  const auto end = std::ranges::copy(last, sorted.begin()).out;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(last.size() / 2);
  std::ranges::nth_element(sorted.begin(), middle, end);
  median = *middle;
  if (last.size() < kDelayCalls) return;
  const auto median_ms = static_cast<double>(median.count());
  const double share = 1 - std::exp(-in_seconds(age - followed_at) / kUsualFollowsSeconds);
  usual_ms = usual_ms < 0 ? median_ms : usual_ms + (median_ms - usual_ms) * share;
  followed_at = age;
}

bool TrunkPace::Delay::is_slow() const {
  const auto median_ms = static_cast<double>(median.count());
  return last.size() == kDelayCalls && median_ms > kSlowFactor * usual_ms &&
         median_ms > usual_ms + static_cast<double>(kSlowMargin.count());
}

// ---------------------------------------------------------------- the trunk

TrunkPace::TrunkPace(TrunkLimits limits) : limits_(limits) {
  rate_.begins_at = limits_.start_calls_per_second;
  rate_.allowed = limits_.calls_per_second;
  rate_.begin_slowly(limits_.calls_per_second, age_, "begins slowly");
}

void TrunkPace::set_limits(TrunkLimits limits) {
  const bool was_up = rate_.allowed >= limits_.calls_per_second;
  limits_ = limits;
  rate_.begins_at = limits_.start_calls_per_second;
  if (was_up && rate_.allowed < limits_.calls_per_second) {
    rate_.is_starting = true;
    rate_.doubled_at = age_;
    rate_.reason = "begins slowly: its limit was raised";
  }
}

void TrunkPace::advance(Time now) {
  const Duration elapsed = last_ ? std::max(now - *last_, Duration(0)) : Duration(0);
  last_ = now;
  age_ += elapsed;
  const double allowed = guarded(rate_.allowed);
  tokens_ = std::min(kBurst + allowed * kCatchUpSeconds, tokens_ + in_seconds(elapsed) * allowed);
  const bool is_anew = rate_.advance(limits_.calls_per_second, age_, elapsed, delay_.is_slow());
  if (is_anew) delay_.last.clear();  // of another hour; what is usual stays
}

bool TrunkPace::try_start(Time now, int live) {
  advance(now);
  circuit_.forget_lost_probe(live, age_);
  if (limits_.calls_per_second <= 0 || live >= limits_.max_live_calls || tokens_ < 1.0 - kHair) return false;
  switch (circuit_.state) {
    case Circuit::State::kClosed: break;
    case Circuit::State::kProbing: return false;
    case Circuit::State::kOpen:
      if (age_ < circuit_.probe_at) return false;
      circuit_.state = Circuit::State::kProbing;
      circuit_.probed_at = age_;
      circuit_.changed_at = now;
      break;
  }
  tokens_ -= 1.0;
  rate_.last_start = age_;
  if (!rate_.silent_since) rate_.silent_since = age_;
  return true;
}

std::optional<Time> TrunkPace::next_start(Time now, int live) {
  advance(now);
  circuit_.forget_lost_probe(live, age_);
  const bool is_probing = circuit_.state == Circuit::State::kProbing;
  if (limits_.calls_per_second <= 0 || live >= limits_.max_live_calls || is_probing) return std::nullopt;
  Duration wait{0};
  if (tokens_ < 1.0 - kHair) {
    wait = Duration(static_cast<std::int64_t>(std::ceil((1.0 - tokens_) / guarded(rate_.allowed) * 1000.0)));
    if (rate_.allowed < limits_.calls_per_second) wait = std::min(wait, kLookAgain);
  }
  if (circuit_.state == Circuit::State::kOpen) wait = std::max(wait, circuit_.probe_at - age_);
  return now + wait;
}

void TrunkPace::on_ringing(Time now) {
  advance(now);
  note_life(now, now);
}

void TrunkPace::on_end(const TrunkCallEnd& end, Time now) {
  advance(now);
  const Sign sign = sign_of(end);
  switch (sign) {
    // A conversation shows life when it was answered, not when it ends.
    case Sign::kLife: note_life(end.outcome == Outcome::kHuman ? now - end.talked : now, now); break;
    case Sign::kDead: circuit_.take_dead(end, now, age_); break;
    case Sign::kNothing: circuit_.take_nothing(end, age_); break;
  }
  if (is_refusal(end)) take_refusal(end, now);
  if (sign == Sign::kDead && end.sip_code >= 400) refusal_ = {end.sip_code, end.outcome, now};
  if (sign == Sign::kLife) judge_quality(end);
  if (end.post_dial_delay) judge_delay(*end.post_dial_delay);
}

void TrunkPace::note_life(Time at, Time now) {
  const bool is_closed_now = circuit_.take_life(at, now);
  const bool is_old = rate_.silent_since && age_ - (now - at) < *rate_.silent_since;
  if (!is_usable() || is_old) return;
  rate_.has_life = true;
  rate_.silent_since.reset();
  if (is_closed_now) rate_.begin_slowly(limits_.calls_per_second, age_, "begins slowly: it was down");
}

void TrunkPace::take_refusal(const TrunkCallEnd& end, Time now) {
  refusal_ = {end.sip_code, end.outcome, now};
  rate_.refuse(limits_.calls_per_second, age_, "the carrier said " + refusal_text());
}

// Dead calls are left out: the carrier does not count what it never saw.
void TrunkPace::judge_quality(const TrunkCallEnd& end) {
  const bool is_answered = end.outcome == Outcome::kHuman;
  answers_.add(is_answered, limits_.guard_calls);
  if (is_answered) short_calls_.add(end.talked <= limits_.short_call, limits_.guard_calls);
}

void TrunkPace::judge_delay(Duration delay) {
  delay_.add(delay, age_);
  if (!delay_.is_slow()) return;
  rate_.slow_down(limits_.calls_per_second, age_,
                  fmt::format("phones ring {} after the order, usually {}", to_words(delay_.median),
                              to_words(Duration(static_cast<std::int64_t>(delay_.usual_ms)))));
}

bool TrunkPace::has_too_many_short_calls() const {
  return limits_.max_short_ratio > 0 && short_calls_.is_judged(limits_.guard_calls) &&
         short_calls_.ratio() > limits_.max_short_ratio;
}

bool TrunkPace::has_too_few_answers() const {
  return limits_.min_answer_ratio > 0 && answers_.is_judged(limits_.guard_calls) &&
         answers_.ratio() < limits_.min_answer_ratio;
}

double TrunkPace::guarded(double rate) const {
  if (!has_too_many_short_calls() && !has_too_few_answers()) return rate;
  return std::min(rate, kGuardShare * limits_.calls_per_second);
}

// ---------------------------------------------------------------- for people

std::string TrunkPace::refusal_text() const {
  if (!refusal_) return "";
  const auto code =
      refusal_->sip_code >= 300 ? std::to_string(refusal_->sip_code) : std::string(to_string(refusal_->outcome));
  return fmt::format("{} at {}Z", code, to_rfc3339(refusal_->at).substr(11, 8));
}

std::string TrunkPace::guard_reason() const {
  if (has_too_many_short_calls()) {
    return fmt::format("{:.0f} % of {} answered calls were at most {} s long; {:.0f} % are allowed",
                       short_calls_.ratio() * 100, short_calls_.last.size(), in_seconds(limits_.short_call),
                       limits_.max_short_ratio * 100);
  }
  if (has_too_few_answers()) {
    return fmt::format("{:.0f} % of {} calls were answered; {:.0f} % are asked for", answers_.ratio() * 100,
                       answers_.last.size(), limits_.min_answer_ratio * 100);
  }
  return "";
}

void TrunkPace::describe(TrunkView& view, const Rate& rate, Age age) const {
  switch (circuit_.state) {
    case Circuit::State::kOpen:
      view.state = "down";
      view.reason = fmt::format("{} calls in a row without a sign of life; tried again in {}", kDeadCalls,
                                to_words(std::max(circuit_.probe_at - age, Duration(0))));
      return;
    case Circuit::State::kProbing:
      view.state = "probing";
      view.reason = "one call tries whether it is back";
      return;
    case Circuit::State::kClosed: break;
  }
  view.allowed = guarded(rate.allowed);
  if (view.allowed < rate.allowed) {
    view.state = "backing-off";
    view.reason = guard_reason();
  } else if (rate.allowed >= limits_.calls_per_second) {
    view.state = "up";
  } else {
    view.state = rate.is_starting ? "starting" : "backing-off";
    view.reason = rate.reason;
  }
}

TrunkView TrunkPace::view(Time now) const {
  const Duration elapsed = last_ ? std::max(now - *last_, Duration(0)) : Duration(0);
  Rate rate = rate_;
  rate.advance(limits_.calls_per_second, age_ + elapsed, elapsed, delay_.is_slow());
  TrunkView view;
  view.asked = limits_.calls_per_second;
  view.carrier_said = refusal_text();
  view.post_dial_delay = delay_.median;
  view.short_ratio = short_calls_.ratio();
  view.answer_ratio = answers_.ratio();
  describe(view, rate, age_ + elapsed);
  return view;
}

}  // namespace carillon
