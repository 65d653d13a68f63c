#include "core/campaign/sunset.h"

#include <gtest/gtest.h>

namespace carillon {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;

Time utc(int y, unsigned mo, unsigned d, int h, int mi) {
  return sys_days(std::chrono::year(y) / std::chrono::month(mo) / std::chrono::day(d)) + hours(h) + minutes(mi);
}

struct Place {
  const char* name;
  Coordinates at;
  hours noon;  // of the clock, in UTC of the date that the clock has
};
constexpr Place kJerusalem{"Jerusalem", {31.7806, 35.2239}, hours(10)};
constexpr Place kNewYork{"New York", {40.7142, -74.0064}, hours(17)};
constexpr Place kLondon{"London", {51.508, -0.125}, hours(12)};
constexpr Place kSydney{"Sydney", {-33.87, 151.21}, hours(2)};
constexpr Place kApia{"Apia", {-13.83, -171.73}, hours(-1)};
constexpr Place kReykjavik{"Reykjavik", {64.15, -21.95}, hours(12)};
constexpr Place kTromso{"Tromso", {69.65, 18.96}, hours(11)};

Time noon(const Place& place, int y, unsigned m, unsigned d) { return utc(y, m, d, 0, 0) + place.noon; }

// From ephemerides (VSOP87), for the upper edge of the sun with 34' of refraction; they agree with the almanacs.
TEST(SunsetAfter, IsWithinTwoMinutesOfTheEphemerides) {
  struct Case {
    Place place;
    Time noon;
    Time set;
  };
  for (const auto& [place, at_noon, set] : {
           Case{kJerusalem, noon(kJerusalem, 2026, 3, 20), utc(2026, 3, 20, 15, 50)},
           Case{kJerusalem, noon(kJerusalem, 2026, 6, 21), utc(2026, 6, 21, 16, 48)},
           Case{kJerusalem, noon(kJerusalem, 2026, 9, 23), utc(2026, 9, 23, 15, 35)},
           Case{kJerusalem, noon(kJerusalem, 2026, 12, 21), utc(2026, 12, 21, 14, 39)},
           Case{kJerusalem, noon(kJerusalem, 2024, 2, 29), utc(2024, 2, 29, 15, 36)},
           Case{kNewYork, noon(kNewYork, 2026, 3, 20), utc(2026, 3, 20, 23, 8)},
           Case{kNewYork, noon(kNewYork, 2026, 6, 21), utc(2026, 6, 22, 0, 31)},
           Case{kNewYork, noon(kNewYork, 2026, 12, 21), utc(2026, 12, 21, 21, 32)},
           Case{kNewYork, noon(kNewYork, 2040, 11, 3), utc(2040, 11, 3, 21, 49)},
           Case{kLondon, noon(kLondon, 2026, 6, 21), utc(2026, 6, 21, 20, 22)},
           Case{kLondon, noon(kLondon, 2026, 9, 23), utc(2026, 9, 23, 17, 57)},
           Case{kLondon, noon(kLondon, 2026, 12, 21), utc(2026, 12, 21, 15, 53)},
           Case{kSydney, noon(kSydney, 2026, 3, 20), utc(2026, 3, 20, 8, 7)},
           Case{kSydney, noon(kSydney, 2026, 6, 21), utc(2026, 6, 21, 6, 54)},
           Case{kSydney, noon(kSydney, 2026, 12, 21), utc(2026, 12, 21, 9, 5)},
           Case{kApia, noon(kApia, 2026, 3, 20), utc(2026, 3, 20, 5, 38)},
           Case{kApia, noon(kApia, 2026, 6, 21), utc(2026, 6, 21, 5, 8)},
           Case{kApia, noon(kApia, 2026, 12, 21), utc(2026, 12, 21, 5, 53)},
           Case{kReykjavik, noon(kReykjavik, 2026, 6, 21), utc(2026, 6, 22, 0, 4)},
           Case{kReykjavik, noon(kReykjavik, 2026, 12, 21), utc(2026, 12, 21, 15, 29)},
           Case{kTromso, noon(kTromso, 2024, 2, 29), utc(2024, 2, 29, 15, 42)},
       }) {
    const auto off = sunset_after(place.at, at_noon).value() - set;
    EXPECT_LE(std::chrono::abs(off), minutes(2)) << place.name << ": off by " << off.count() / 60'000 << " min";
  }
}

TEST(SunsetAfter, IsNothingWhereTheSunStaysUpOrDown) {
  EXPECT_EQ(sunset_after(kTromso.at, noon(kTromso, 2026, 6, 21)), std::nullopt);
  EXPECT_EQ(sunset_after(kTromso.at, noon(kTromso, 2026, 12, 21)), std::nullopt);
  for (const double pole : {90.0, -90.0}) {
    for (const unsigned month : {3u, 6u, 12u}) {
      EXPECT_EQ(sunset_after({pole, 0}, utc(2026, month, 21, 12, 0)), std::nullopt) << pole << ", month " << month;
    }
  }
}

TEST(SunsetAfter, FollowsItsNoonByLessThanADayEverywhere) {
  // Clocks are up to three hours from the sun's; the date line is at both ends.
  for (double longitude = -180; longitude <= 180; longitude += 15) {
    for (const int clock_is_off : {-3, 0, 3}) {
      const Time sun_noon = utc(2026, 5, 1, 12, 0) - minutes(static_cast<int>(4 * longitude));
      const auto set = sunset_after({60, longitude}, sun_noon + hours(clock_is_off)).value();
      EXPECT_GT(set, sun_noon + hours(7)) << longitude;
      EXPECT_LT(set, sun_noon + hours(9)) << longitude;
    }
  }
}

TEST(SunsetAfter, IsOnceADay) {
  for (const auto& place : {kJerusalem, kApia, kSydney, kReykjavik}) {
    Time before = sunset_after(place.at, noon(place, 2026, 1, 1)).value();
    for (int n = 1; n < 366; ++n) {
      const Time set = sunset_after(place.at, noon(place, 2026, 1, 1) + days(n)).value();
      EXPECT_LE(std::chrono::abs(set - before - days(1)), minutes(5)) << place.name << ", day " << n;
      before = set;
    }
  }
}

}  // namespace
}  // namespace carillon
