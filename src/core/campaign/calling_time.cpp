#include "core/campaign/calling_time.h"

#include <date/tz.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/campaign/jewish_days.h"
#include "core/campaign/time_spans.h"

namespace carillon {
namespace {

// A clock is corrected by this much without the world having changed.
constexpr Duration kClockSlack{2'000};

constexpr HourSpan kWholeDay{0, kMinutesPerDay};

// One zone's answer over the horizon.
struct ZoneTimes {
  const date::time_zone* zone = nullptr;
  std::string region;              // ISO 3166; empty if it is not known
  TimeSpans hours;                 // open by the policy's and the campaign's hours
  TimeSpans holidays;              // closed
  std::vector<SacredTime> sacred;  // closed
  TimeSpans open;                  // what remains
};

const date::time_zone* find_zone(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;  // date's only way to say that it knows no such zone
  }
}

// The moments of `within` at which the zone's clock shows one of the day's spans. hours_of(local day) gives them. Goes
// by stretches of one offset, so that an hour that the clock skips is never open and one that it repeats is open twice.
template <class HoursOf>
TimeSpans clock_spans(const date::time_zone& zone, TimeSpan within, HoursOf hours_of) {
  using std::chrono::seconds;
  std::vector<TimeSpan> spans;
  for (Time from = within.from; from < within.to;) {
    const auto info = zone.get_info(date::floor<seconds>(from));
    const Time to = info.end < within.to ? Time(info.end) : within.to;
    const auto day_of = [&](Time at) {
      return date::floor<date::days>(date::local_time<Duration>((at + info.offset).time_since_epoch()));
    };
    for (auto day = day_of(from); day <= day_of(to); day += date::days(1)) {
      const Time midnight = Time(day.time_since_epoch() - info.offset);
      for (const HourSpan& span : hours_of(day)) {
        spans.push_back({std::max(from, midnight + std::chrono::minutes(span.from_minute)),
                         std::min(to, midnight + std::chrono::minutes(span.to_minute))});
      }
    }
    from = to;
  }
  return united(std::move(spans));
}

const Holiday* find_holiday(const PolicyPack& policy, std::string_view region, date::local_days day) {
  const date::year_month_day date(day);
  const auto found = std::ranges::find_if(policy.holidays, [&](const Holiday& holiday) {
    // A zone of no known region: every region's holidays count, for it may be any.
    const bool is_here = holiday.region.empty() || region.empty() || holiday.region == region;
    return is_here && (holiday.year == 0 || date::year(holiday.year) == date.year()) &&
           date::month(holiday.month) == date.month() && date::day(holiday.day) == date.day();
  });
  return found == policy.holidays.end() ? nullptr : &*found;
}

ZoneTimes times_of(const std::string& name, const date::time_zone& zone, const WeeklyHours& hours, TimeSpan within,
                   const GateContext& context) {
  const auto& rules = context.policy.rules_of(context.campaign.settings.kind);
  ZoneTimes times;
  times.zone = &zone;
  times.region = context.places.region_of(name);
  times.hours = clock_spans(zone, within, [&](date::local_days day) -> const std::vector<HourSpan>& {
    return hours.days[date::weekday(day).c_encoding()];
  });
  times.open = times.hours;
  if (rules.observes_holidays && !context.policy.holidays.empty()) {
    times.holidays = clock_spans(zone, within, [&](date::local_days day) {
      return find_holiday(context.policy, times.region, day) == nullptr ? std::vector<HourSpan>{}
                                                                        : std::vector{kWholeDay};
    });
    times.open = difference(times.open, times.holidays);
  }
  if (rules.observes_jewish_days) {
    times.sacred = sacred_times(zone, context.places.coordinates_of(name), context.policy.jewish_days, within);
    TimeSpans spans;
    for (const auto& sacred : times.sacred) spans.push_back(sacred.span);
    times.open = difference(times.open, united(std::move(spans)));
  }
  return times;
}

std::string clock_text(const date::time_zone& zone, Time at) {
  const auto local = date::floor<std::chrono::minutes>(zone.to_local(at));
  const auto minute = (local - date::floor<date::days>(local)).count();
  return fmt::format("{:02}:{:02}", minute / 60, minute % 60);
}

std::string day_text(const date::time_zone& zone, Time at) {
  static constexpr std::array kNames{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  return kNames[date::weekday(date::floor<date::days>(zone.to_local(at))).c_encoding()];
}

std::string zone_text(const ZoneTimes& times, std::size_t zones) {
  const auto more = zones > 1 ? fmt::format(", and {} more zones", zones - 1) : "";
  return fmt::format("{}{}", times.zone->name(), more);
}

std::string hours_text(const ZoneTimes& times, const WeeklyHours& hours, Time at) {
  const auto local_day = date::floor<date::days>(times.zone->to_local(at));
  std::vector<std::string> spans;
  for (const auto& span : hours.days[date::weekday(local_day).c_encoding()]) spans.push_back(to_string(span));
  if (spans.empty()) return fmt::format("no calls on {}", day_text(*times.zone, at));
  return fmt::format("outside {}", fmt::join(spans, ", "));
}

CallingTime closed(std::string gate, std::string reason, std::string detail) {
  CallingTime answer;
  answer.gate = std::move(gate);
  answer.reason = std::move(reason);
  answer.detail = std::move(detail);
  return answer;
}

// Names what closes the moment, in the zone that says so: Shabbat and holidays before mere hours.
CallingTime why_closed(const std::vector<ZoneTimes>& zones, const WeeklyHours& hours, Time at,
                       const GateContext& context) {
  const bool is_by_the_calls_end = at > context.now;
  const auto where = [&](const ZoneTimes& times) {
    const auto moment = fmt::format("{} {} in {}", day_text(*times.zone, at), clock_text(*times.zone, at),
                                    zone_text(times, zones.size()));
    return is_by_the_calls_end ? "a call that begins now may last beyond " + moment : moment;
  };
  for (const auto& times : zones) {
    const auto sacred = std::ranges::find_if(
        times.sacred, [&](const SacredTime& day) { return day.span.from <= at && at < day.span.to; });
    if (sacred == times.sacred.end()) continue;
    return closed("jewish-day", sacred->is_shabbat_alone ? "shabbat" : "jewish-holiday",
                  fmt::format("{} until {} {} ({})", sacred->name, day_text(*times.zone, sacred->span.to),
                              clock_text(*times.zone, sacred->span.to), where(times)));
  }
  for (const auto& times : zones) {
    if (!span_at(times.holidays, at)) continue;
    const auto* holiday = find_holiday(context.policy, times.region, date::floor<date::days>(times.zone->to_local(at)));
    CARILLON_CHECK(holiday != nullptr);
    return closed("holiday", "holiday", fmt::format("{} ({})", holiday->name, where(times)));
  }
  for (const auto& times : zones) {
    if (span_at(times.hours, at)) continue;
    return closed("window", "window-closed", fmt::format("{} ({})", hours_text(times, hours, at), where(times)));
  }
  return closed("window", "window-closed", "");
}

// The first moment from `now` on at which a call of that length fits.
std::optional<Time> first_fit(const TimeSpans& open, Time now, Duration length) {
  for (const auto& span : open) {
    const Time from = std::max(span.from, now);
    if (from + length <= span.to) return from;
  }
  return std::nullopt;
}

CallingTime answer_of(const std::vector<std::string>& zones, const GateContext& context) {
  CallingTime answer;
  if (!context.is_window_enforced) {
    answer.is_open = true;
    answer.detail = "calling times do not apply on the test trunk";
    return answer;
  }
  if (zones.empty()) return closed("window", "zone-unknown", "the person's time zone is not known");

  const auto& settings = context.campaign.settings;
  const auto& allowed = context.policy.rules_of(settings.kind).hours;
  const auto hours = settings.hours ? intersection(allowed, *settings.hours) : allowed;
  // A call takes at least a moment, so that a span's end is outside for it, too.
  const auto length = std::max(settings.expected_call, Duration(1));
  const TimeSpan within{context.now, context.now + kCallingHorizon + length};

  std::vector<ZoneTimes> times;
  TimeSpans open{within};
  for (const auto& name : zones) {
    const auto* zone = find_zone(name);
    if (zone == nullptr)
      return closed("window", "zone-unknown", fmt::format("time zone {} is not known", printable(name, 60)));
    times.push_back(times_of(name, *zone, hours, within, context));
    open = intersection(open, times.back().open);
  }

  const auto opens_at = first_fit(open, context.now, length);
  const auto present = span_at(open, context.now);
  if (opens_at != context.now) {
    answer = why_closed(times, hours, present ? present->to : context.now, context);
    answer.opens_at = opens_at;
    return answer;
  }
  answer.is_open = true;
  if (present->to < within.to) {
    answer.closes_at = present->to - length + Duration(1);
    answer.detail = fmt::format("open until {} {} in {}", day_text(*times[0].zone, present->to),
                                clock_text(*times[0].zone, present->to), zone_text(times[0], times.size()));
  } else {
    answer.detail = fmt::format("open at all hours in {}", zone_text(times[0], times.size()));
  }
  return answer;
}

}  // namespace

CallingTime calling_time(const std::vector<std::string>& zones, const GateContext& context) {
  CallingTime answer = answer_of(zones, context);
  answer.asked_at = context.now;
  return answer;
}

bool CallingTime::holds(Time now) const {
  const auto& until = is_open ? closes_at : opens_at;
  return now + kClockSlack >= asked_at && (!until || now < *until);
}

}  // namespace carillon
