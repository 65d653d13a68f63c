#include "core/campaign/sunset.h"

#include <cmath>
#include <numbers>

namespace carillon {
namespace {

// Minutes since 1970, as the equations want them.
using Minutes = std::chrono::duration<double, std::ratio<60>>;

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kMinutesOfDay = 1440;
// The upper edge of the sun, 16' above its middle, seen through air that lifts it by 34'.
constexpr double kZenithOfSunset = 90.833 * kDegree;

struct Sun {
  double declination;       // radians
  double equation_of_time;  // minutes that the sundial is ahead of the mean clock
};

Sun sun_at(double minutes) {
  // Julian centuries since noon of 1 January 2000, which is 10957.5 days after the beginning of 1970. Universal time
  // stands for the ephemerides' own, a minute or so ahead of it.
  const double t = (minutes / kMinutesOfDay - 10'957.5) / 36'525;
  const double mean_longitude = (280.46646 + t * (36'000.76983 + t * 0.0003032)) * kDegree;
  const double mean_anomaly = (357.52911 + t * (35'999.05029 - t * 0.0001537)) * kDegree;
  const double eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267);
  const double center = std::sin(mean_anomaly) * (1.914602 - t * (0.004817 + t * 0.000014)) +
                        std::sin(2 * mean_anomaly) * (0.019993 - t * 0.000101) + std::sin(3 * mean_anomaly) * 0.000289;
  const double node = (125.04 - 1'934.136 * t) * kDegree;  // of the moon: nutation
  const double longitude = mean_longitude + (center - 0.00569 - 0.00478 * std::sin(node)) * kDegree;
  const double arc_seconds = 21.448 - t * (46.815 + t * (0.00059 - t * 0.001813));
  const double obliquity = (23 + (26 + arc_seconds / 60) / 60 + 0.00256 * std::cos(node)) * kDegree;

  const double y = std::pow(std::tan(obliquity / 2), 2);
  const double radians = y * std::sin(2 * mean_longitude) - 2 * eccentricity * std::sin(mean_anomaly) +
                         4 * eccentricity * y * std::sin(mean_anomaly) * std::cos(2 * mean_longitude) -
                         0.5 * y * y * std::sin(4 * mean_longitude) -
                         1.25 * eccentricity * eccentricity * std::sin(2 * mean_anomaly);
  // A degree of the earth's turn is four minutes.
  return {std::asin(std::sin(obliquity) * std::sin(longitude)), 4 * radians / kDegree};
}

// From the sun's highest place to its setting.
std::optional<double> minutes_from_noon(double latitude, double declination) {
  const double phi = latitude * kDegree;
  const double cosine =
      std::cos(kZenithOfSunset) / (std::cos(phi) * std::cos(declination)) - std::tan(phi) * std::tan(declination);
  if (!(cosine >= -1 && cosine <= 1)) return std::nullopt;
  return 4 * std::acos(cosine) / kDegree;
}

}  // namespace

std::optional<Time> sunset_after(Coordinates place, Time noon) {
  // The mean sun's noon of the meridian that is nearest to the clock's: no zone's clock is as much as 12 hours off.
  const double meridian = 720 - 4 * place.longitude;
  const double clock = Minutes(noon.time_since_epoch()).count();
  const double mean_noon = std::round((clock - meridian) / kMinutesOfDay) * kMinutesOfDay + meridian;

  // The sun moves on until it sets: its place at noon gives a first answer, the place at that moment a better one.
  double at = mean_noon;
  for (int round = 0; round < 3; ++round) {
    const Sun sun = sun_at(at);
    const auto until_set = minutes_from_noon(place.latitude, sun.declination);
    if (!until_set) return std::nullopt;
    at = mean_noon - sun.equation_of_time + *until_set;
  }
  return Time(std::chrono::round<std::chrono::minutes>(Minutes(at)));
}

}  // namespace carillon
