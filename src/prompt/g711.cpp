#include "prompt/g711.h"

#include <algorithm>
#include <bit>

namespace carillon {
namespace {

constexpr unsigned kSign = 0x80;
// Mu-law's segments begin at powers of two once 33 (in 14 bits) is added.
constexpr unsigned kUlawBias = 33 << 2;
// A-law inverts every second bit, so that a silent line is not all zeros.
constexpr unsigned kAlawMask = 0x55;

// The one's complement for negative samples, as the reference code has it: -1 belongs to the negative zero.
unsigned magnitude_of(std::int16_t sample) { return static_cast<unsigned>(sample < 0 ? ~sample : sample); }

}  // namespace

std::uint8_t encode_ulaw(std::int16_t sample) {
  const unsigned magnitude = std::min(magnitude_of(sample) + kUlawBias, 0x7fffu);
  const unsigned segment = static_cast<unsigned>(std::bit_width(magnitude)) - 8;
  const unsigned step = (magnitude >> (segment + 3)) & 15;
  return static_cast<std::uint8_t>(~((sample < 0 ? kSign : 0) | segment << 4 | step));
}

std::int16_t decode_ulaw(std::uint8_t code) {
  const unsigned bits = ~unsigned{code};
  const unsigned segment = (bits >> 4) & 7;
  const int magnitude = static_cast<int>((((bits & 15) << 3) + kUlawBias) << segment) - static_cast<int>(kUlawBias);
  return static_cast<std::int16_t>((bits & kSign) != 0 ? -magnitude : magnitude);
}

std::uint8_t encode_alaw(std::int16_t sample) {
  const unsigned magnitude = magnitude_of(sample);
  // The first two segments have the same step.
  const unsigned segment = magnitude < 256 ? 0 : static_cast<unsigned>(std::bit_width(magnitude)) - 8;
  const unsigned step = (magnitude >> (segment == 0 ? 4 : segment + 3)) & 15;
  return static_cast<std::uint8_t>(((sample < 0 ? 0 : kSign) | segment << 4 | step) ^ kAlawMask);
}

std::int16_t decode_alaw(std::uint8_t code) {
  const unsigned bits = code ^ kAlawMask;
  const unsigned segment = (bits >> 4) & 7;
  const unsigned middle = ((bits & 15) << 4) + 8;
  const int magnitude = static_cast<int>(segment == 0 ? middle : (middle + 0x100) << (segment - 1));
  return static_cast<std::int16_t>((bits & kSign) != 0 ? magnitude : -magnitude);
}

}  // namespace carillon
