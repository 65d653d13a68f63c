#include "core/campaign/jewish_days.h"

#include <date/tz.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "core/campaign/hebrew_calendar.h"
#include "core/campaign/sunset.h"

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Empty if these rules do not keep it.
std::string_view name_of(JewishHoliday holiday, const JewishDays& rules) {
  switch (holiday) {
    case JewishHoliday::RoshHashana: return "Rosh Hashana";
    case JewishHoliday::YomKippur: return "Yom Kippur";
    case JewishHoliday::Sukkot: return "Sukkot";
    case JewishHoliday::SheminiAtzeret: return "Shemini Atzeret";
    case JewishHoliday::SimchatTorah: return "Simchat Torah";
    case JewishHoliday::Pesach: return "Pesach";
    case JewishHoliday::Shavuot: return "Shavuot";
    case JewishHoliday::TishaBAv: return rules.includes_minor_fasts ? "Tisha b'Av" : "";
    case JewishHoliday::YomHaShoah: return rules.includes_national_days ? "Yom HaShoah" : "";
    case JewishHoliday::YomHaZikaron: return rules.includes_national_days ? "Yom HaZikaron" : "";
    case JewishHoliday::IndependenceDay: return rules.includes_national_days ? "Independence Day" : "";
  }
  return "";
}

std::string_view holiday_name(date::local_days day, const JewishDays& rules) {
  const auto holiday = holiday_on(std::chrono::sys_days(day.time_since_epoch()), rules.is_diaspora);
  return holiday ? name_of(*holiday, rules) : "";
}

// Why a day is sacred; empty if it is not.
std::vector<std::string_view> names_of(date::local_days day, const JewishDays& rules) {
  std::vector<std::string_view> names;
  if (const auto name = holiday_name(day, rules); !name.empty()) names.push_back(name);
  if (date::weekday(day) == date::Saturday) names.emplace_back("Shabbat");
  return names;
}

std::optional<Time> sunset_on(const date::time_zone& zone, Coordinates place, date::local_days day) {
  return sunset_after(place, zone.to_sys(day + hours(12), date::choose::earliest));
}

Time begin_of(const date::time_zone& zone, std::optional<Coordinates> place, const JewishDays& rules,
              date::local_days day) {
  const auto eve = day - date::days(1);
  const auto sun = place ? sunset_on(zone, *place, eve) : std::nullopt;
  if (!sun) return zone.to_sys(eve + hours(12), date::choose::earliest);
  return *sun - minutes(rules.minutes_before_sunset);
}

Time end_of(const date::time_zone& zone, std::optional<Coordinates> place, const JewishDays& rules,
            date::local_days day) {
  const auto sun = place ? sunset_on(zone, *place, day) : std::nullopt;
  const Time at = sun ? *sun : Time(zone.to_sys(day + hours(24), date::choose::latest));
  return at + minutes(rules.minutes_after_sunset);
}

// Days that follow one another, still without their text.
struct Run {
  TimeSpan span;
  std::vector<std::string_view> names;
};

std::vector<Run> runs_of_days(const date::time_zone& zone, std::optional<Coordinates> place, const JewishDays& rules,
                              date::local_days first, date::local_days last) {
  std::vector<Run> runs;
  for (auto day = first; day <= last; day += date::days(1)) {
    const auto names = names_of(day, rules);
    if (names.empty()) continue;
    const TimeSpan span{begin_of(zone, place, rules, day), end_of(zone, place, rules, day)};
    if (runs.empty() || runs.back().span.to < span.from) runs.push_back({span, {}});
    auto& run = runs.back();
    run.span.to = std::max(run.span.to, span.to);
    for (const auto name : names) {
      if (std::ranges::find(run.names, name) == run.names.end()) run.names.push_back(name);
    }
  }
  return runs;
}

}  // namespace

std::vector<SacredTime> sacred_times(const date::time_zone& zone, std::optional<Coordinates> place,
                                     const JewishDays& rules, TimeSpan within) {
  // The longest run is three days: one that began before the span is seen from its first day, and one whose eve is the
  // span's last day is seen, too.
  const auto first = date::floor<date::days>(zone.to_local(within.from)) - date::days(4);
  const auto last = date::floor<date::days>(zone.to_local(within.to)) + date::days(1);
  std::vector<SacredTime> times;
  for (const auto& [span, names] : runs_of_days(zone, place, rules, first, last)) {
    if (span.to <= within.from || span.from >= within.to) continue;
    const bool is_shabbat_alone = names.size() == 1 && names.front() == "Shabbat";
    times.push_back({span, fmt::format("{}", fmt::join(names, ", ")), is_shabbat_alone});
  }
  return times;
}

std::optional<Time> sunset(const date::time_zone& zone, Coordinates place, std::chrono::year_month_day day) {
  return sunset_on(zone, place, date::local_days(std::chrono::sys_days(day).time_since_epoch()));
}

}  // namespace carillon
