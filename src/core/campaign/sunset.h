// When the sun sets at a place: the equations of NOAA's Solar Calculator (gml.noaa.gov/grad/solcalc), which are those
// of Meeus, Astronomical Algorithms, in their short form. Good to about a minute below 72 degrees of latitude; heights
// and horizons are not known. Pure; any thread.
#pragma once

#include <optional>

#include "base/time.h"
#include "core/campaign/places.h"

namespace carillon {

// Of the day that has its noon, by the clock of the place, at that moment; to the minute. The moment names the day also
// where the clock keeps the date of the other side of the date line (Samoa), or where the sun sets after midnight of
// the clock (Nome in June). Nothing if the sun stays up or down all day.
std::optional<Time> sunset_after(Coordinates place, Time noon);

}  // namespace carillon
