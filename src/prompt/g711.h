// G.711, the telephone's two codecs: 16-bit linear samples to 8-bit mu-law or A-law codes and back (ITU-T G.711, with
// the arithmetic of the reference code in G.191). Pure functions. 14-bit mu-law and 13-bit A-law values lie in the
// upper bits of the 16.
#pragma once

#include <cstdint>

namespace carillon {

std::uint8_t encode_ulaw(std::int16_t sample);
std::int16_t decode_ulaw(std::uint8_t code);
std::uint8_t encode_alaw(std::int16_t sample);
std::int16_t decode_alaw(std::uint8_t code);

}  // namespace carillon
