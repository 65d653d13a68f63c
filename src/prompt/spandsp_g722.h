// libspandsp's G.722, without the macros that its headers leave behind.
#pragma once

#include <cmath>
#include <cstdint>

// clang-format off: telephony.h comes first, g722.h needs it and does not include it.
#include <spandsp/telephony.h>
#include <spandsp/g722.h>
// clang-format on
#undef lrint
#undef lrintf
