// The forecast as a picture: calls per hour, stacked by outcome, over the hours in which people may be called.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "simulated/forecast.h"
#include "simulated/local_text.h"
#include "simulated/svg.h"

namespace carillon::simulated {
namespace {

using std::chrono::hours;

constexpr double kWidth = 1000;
constexpr double kHeight = 500;
constexpr double kLeft = 96;
constexpr double kRight = 976;
constexpr double kTop = 112;
constexpr double kBottom = 390;
constexpr double kLanesTop = 435;
constexpr double kLaneHeight = 9;
constexpr std::size_t kMaxLanes = 4;
constexpr std::size_t kMaxBars = 300;
constexpr double kMostTicks = 5;
constexpr double kRoomForAWord = 48;

constexpr std::string_view kInk = "#1b262c";
constexpr std::string_view kFaint = "#5f6b76";
constexpr std::string_view kGrid = "#dfe3e8";
constexpr std::string_view kClosed = "#eef0f3";
constexpr std::string_view kOpen = "#7fb8a4";

// From the bottom of a bar to its top.
constexpr std::array kStack{Outcome::kHuman,       Outcome::kNoAnswer,      Outcome::kBusy,       Outcome::kRejected,
                            Outcome::kUnreachable, Outcome::kInvalidNumber, Outcome::kNoResponse, Outcome::kCongestion,
                            Outcome::kTrunkDown,   Outcome::kCanceled,      Outcome::kUnknown,    Outcome::kSkipped,
                            Outcome::kNone};

std::string_view color_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kHuman: return "#1f8a70";
    case Outcome::kNoAnswer: return "#b8c4d0";
    case Outcome::kBusy: return "#f2b134";
    case Outcome::kRejected: return "#d1495b";
    case Outcome::kUnreachable: return "#8d7bb8";
    case Outcome::kInvalidNumber: return "#6c7a89";
    case Outcome::kNoResponse: return "#a0694b";
    case Outcome::kCongestion: return "#e8743b";
    case Outcome::kTrunkDown: return "#3d3d3d";
    case Outcome::kCanceled:
    case Outcome::kUnknown:
    case Outcome::kSkipped:
    case Outcome::kNone: return "#999999";
  }
  return "";
}

// Some hours that are drawn as one bar.
struct Bar {
  Time from{};
  Time to{};
  std::int64_t calls = 0;
  std::map<Outcome, std::int64_t> outcomes;
};

class Picture {
 public:
  explicit Picture(const Forecast& forecast) : forecast_(forecast), clock_(forecast.time_zone), svg_(kWidth, kHeight) {
    from_ = std::chrono::floor<hours>(forecast.starts_at);
    to_ = std::max(Time(std::chrono::ceil<hours>(forecast.ends_at)), from_ + hours(1));
    make_bars();
  }

  std::string draw() {
    svg_.rect(0, 0, kWidth, kHeight, "#ffffff");
    draw_title();
    draw_legend();
    draw_windows();
    draw_scale();
    draw_bars();
    draw_days();
    draw_lanes();
    return svg_.finish("Forecast of " + forecast_.name);
  }

 private:
  double x_of(Time at) const {
    const auto share = static_cast<double>((std::clamp(at, from_, to_) - from_).count());
    return kLeft + (kRight - kLeft) * share / static_cast<double>((to_ - from_).count());
  }
  double y_of(double calls) const { return kBottom - (kBottom - kTop) * calls / most_; }

  void make_bars();
  void draw_title();
  void draw_legend();
  void draw_windows();
  void draw_scale();
  void draw_bars();
  void draw_days();
  void draw_lanes();

  const Forecast& forecast_;
  LocalClock clock_;
  Svg svg_;
  Time from_{};
  Time to_{};
  int hours_per_bar_ = 1;
  std::vector<Bar> bars_;
  double tick_ = 1;
  double most_ = 1;  // at the top of the scale
};

void Picture::make_bars() {
  const auto all = static_cast<std::size_t>((to_ - from_) / hours(1));
  for (const int each : {1, 2, 3, 6, 12, 24, 48, 168}) {
    hours_per_bar_ = each;
    if (all / static_cast<std::size_t>(each) <= kMaxBars) break;
  }
  for (const auto& hour : forecast_.hours) {
    const Time begin = from_ + (hour.at - from_) / hours(hours_per_bar_) * hours(hours_per_bar_);
    if (bars_.empty() || bars_.back().from != begin) bars_.push_back({begin, begin + hours(hours_per_bar_), 0, {}});
    bars_.back().calls += hour.calls;
    for (const auto& [outcome, n] : hour.outcomes) bars_.back().outcomes[outcome] += n;
  }
  double highest = 1;
  for (const auto& bar : bars_) highest = std::max(highest, static_cast<double>(bar.calls));
  // The smallest of 1, 2, 5, 10 … that needs few enough lines.
  for (double power = 1; highest / tick_ > kMostTicks; power *= 10) {
    for (const double step : {1.0, 2.0, 5.0, 10.0}) {
      tick_ = power * step;
      if (highest / tick_ <= kMostTicks) break;
    }
  }
  most_ = std::ceil(highest / tick_) * tick_;
}

void Picture::draw_title() {
  svg_.text(kLeft, 36, forecast_.name, {.size = 21, .color = kInk, .is_bold = true});
  std::int64_t never = 0;
  for (const auto* counts : {&forecast_.skipped, &forecast_.held}) {
    for (const auto& [reason, n] : *counts) never += n;
  }
  svg_.text(kLeft, 59,
            fmt::format("{} people, {} calls, {} {} · at most {} calls/s · {} people are held or skipped",
                        grouped(forecast_.contacts), grouped(forecast_.attempts),
                        forecast_.is_complete ? "done on" : "last call on", clock_.moment(forecast_.ends_at),
                        forecast_.peak_calls_per_second, grouped(never)),
            {.size = 13.5, .color = kFaint});
}

void Picture::draw_legend() {
  double x = kLeft;
  for (const auto outcome : kStack) {
    const auto found = forecast_.outcomes.find(std::string(to_string(outcome)));
    if (found == forecast_.outcomes.end()) continue;
    const double share = 100.0 * static_cast<double>(found->second) / static_cast<double>(forecast_.attempts);
    const auto label = fmt::format("{} {}", found->first, share < 1 ? "<1 %" : fmt::format("{:.0f} %", share));
    svg_.rect(x, 76, 11, 11, color_of(outcome), 2);
    svg_.text(x + 16, 86, label, {.size = 12, .color = kInk});
    x += 16 + 6.6 * static_cast<double>(label.size()) + 18;
  }
}

void Picture::draw_windows() {
  svg_.rect(kLeft, kTop, kRight - kLeft, kBottom - kTop, kClosed);
  std::vector<TimeSpan> open;
  for (const auto& lane : forecast_.lanes) open.insert(open.end(), lane.open.begin(), lane.open.end());
  const auto spans = united(std::move(open));
  for (const auto& span : spans) {
    svg_.rect(x_of(span.from), kTop, x_of(span.to) - x_of(span.from), kBottom - kTop, "#ffffff");
  }
  for (const auto& span : difference({{from_, to_}}, spans)) {
    if (x_of(span.to) - x_of(span.from) < kRoomForAWord) continue;
    svg_.text((x_of(span.from) + x_of(span.to)) / 2, kTop + 18, "closed",
              {.size = 11, .color = kFaint, .anchor = Anchor::kMiddle});
  }
}

void Picture::draw_scale() {
  for (double calls = 0; calls <= most_; calls += tick_) {
    svg_.line(kLeft, y_of(calls), kRight, y_of(calls), calls == 0 ? kFaint : kGrid);
    svg_.text(kLeft - 8, y_of(calls) + 4, grouped(static_cast<std::int64_t>(calls)),
              {.size = 12, .color = kFaint, .anchor = Anchor::kEnd});
  }
  const auto unit = hours_per_bar_ == 1 ? "calls an hour" : fmt::format("calls in {} hours", hours_per_bar_);
  svg_.text(kLeft - 8, kTop - 12, unit, {.size = 12, .color = kFaint, .anchor = Anchor::kEnd});
}

void Picture::draw_bars() {
  for (const auto& bar : bars_) {
    const double width = x_of(bar.to) - x_of(bar.from);
    const double gap = width > 6 ? 1 : 0;
    double below = 0;
    for (const auto outcome : kStack) {
      const auto found = bar.outcomes.find(outcome);
      if (found == bar.outcomes.end()) continue;
      const auto calls = static_cast<double>(found->second);
      svg_.rect(x_of(bar.from) + gap / 2, y_of(below + calls), width - gap, y_of(below) - y_of(below + calls),
                color_of(outcome));
      below += calls;
    }
  }
}

// Midnights as lines, days between them, and hours as far as there is room.
void Picture::draw_days() {
  const double hour_width = (kRight - kLeft) / static_cast<double>((to_ - from_) / hours(1));
  const int each = hour_width >= 34 ? 1 : hour_width >= 11 ? 3 : hour_width >= 6 ? 6 : hour_width >= 3 ? 12 : 0;
  for (Time at = from_; each > 0 && at <= to_; at += hours(1)) {
    const int hour = clock_.hour(at);
    if (hour % each != 0) continue;
    svg_.line(x_of(at), kBottom, x_of(at), kBottom + 4, kFaint);
    svg_.text(x_of(at), kBottom + 17, fmt::format("{:02}", hour),
              {.size = 11, .color = kFaint, .anchor = Anchor::kMiddle});
  }
  double free_from = kLeft;
  for (Time day = clock_.midnight(from_); day < to_; day = clock_.next_midnight(day)) {
    if (day > from_) svg_.line(x_of(day), kTop, x_of(day), kBottom + 22, "#9aa5b1", true);
    const double middle = (x_of(day) + x_of(clock_.next_midnight(day))) / 2;
    if (middle - 32 < free_from || middle + 32 > kRight) continue;
    svg_.text(middle, kBottom + 36, clock_.day(day), {.size = 12.5, .color = kInk, .anchor = Anchor::kMiddle});
    free_from = middle + 34;
  }
}

void Picture::draw_lanes() {
  for (std::size_t i = 0; i < std::min(kMaxLanes, forecast_.lanes.size()); ++i) {
    const auto& lane = forecast_.lanes[i];
    const double y = kLanesTop + static_cast<double>(i) * (kLaneHeight + 3);
    std::string label = lane.zones.empty() ? "no zone" : lane.zones.front();
    if (const auto slash = label.rfind('/'); slash != std::string::npos) label = label.substr(slash + 1);
    std::ranges::replace(label, '_', ' ');
    if (lane.zones.size() > 1) label += fmt::format(" +{}", lane.zones.size() - 1);
    svg_.text(kLeft - 8, y + kLaneHeight - 0.5, label, {.size = 11, .color = kFaint, .anchor = Anchor::kEnd});
    svg_.rect(kLeft, y, kRight - kLeft, kLaneHeight, kClosed);
    for (const auto& span : lane.open) {
      svg_.rect(x_of(span.from), y, x_of(span.to) - x_of(span.from), kLaneHeight, kOpen);
    }
  }
  if (!forecast_.lanes.empty()) {
    svg_.text(kRight, kHeight - 5, fmt::format("green: people there may be called · hours of {}", clock_.name()),
              {.size = 10.5, .color = kFaint, .anchor = Anchor::kEnd});
  }
}

}  // namespace

std::string to_svg(const Forecast& forecast) { return Picture(forecast).draw(); }

}  // namespace carillon::simulated
