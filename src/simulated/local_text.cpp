#include "simulated/local_text.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <array>

#include "core/campaign/places.h"

namespace carillon::simulated {
namespace {

constexpr std::array kWeekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

Time begin_of(const date::time_zone& zone, date::local_days day) {
  return Time(zone.to_sys(date::local_time<Duration>(day), date::choose::earliest));
}

}  // namespace

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (auto at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

LocalClock::LocalClock(const std::string& zone) : zone_(date::locate_zone(is_known_zone(zone) ? zone : "Etc/UTC")) {}

std::string LocalClock::name() const { return zone_->name(); }

std::string LocalClock::moment(Time at) const {
  const auto local = zone_->to_local(at);
  const auto minutes = date::floor<std::chrono::minutes>(local - date::floor<date::days>(local)).count();
  return fmt::format("{} {:02}:{:02}", day(at), minutes / 60, minutes % 60);
}

std::string LocalClock::day(Time at) const {
  const auto local = date::floor<date::days>(zone_->to_local(at));
  const date::year_month_day date(local);
  return fmt::format("{} {} {}", kWeekdays[date::weekday(local).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1]);
}

int LocalClock::hour(Time at) const {
  const auto local = zone_->to_local(at);
  return static_cast<int>(date::floor<std::chrono::hours>(local - date::floor<date::days>(local)).count());
}

Time LocalClock::midnight(Time at) const { return begin_of(*zone_, date::floor<date::days>(zone_->to_local(at))); }

Time LocalClock::next_midnight(Time at) const {
  return begin_of(*zone_, date::floor<date::days>(zone_->to_local(at)) + date::days(1));
}

}  // namespace carillon::simulated
