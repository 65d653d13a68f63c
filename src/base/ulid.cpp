#include "base/ulid.h"

#include <algorithm>

namespace carillon {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

}  // namespace

UlidGenerator UlidGenerator::from_entropy() {
  std::random_device device;
  const std::uint64_t high = device();
  return UlidGenerator((high << 32) ^ device());
}

std::string UlidGenerator::next(Time now) {
  const auto ms = std::max(static_cast<std::uint64_t>(to_ms(now)), last_ms_);
  if (ms == last_ms_) {
    for (auto byte = tail_.rbegin(); byte != tail_.rend(); ++byte) {
      if (++*byte != 0) break;
    }
  } else {
    last_ms_ = ms;
    std::ranges::generate(tail_, [this] { return static_cast<std::uint8_t>(random_()); });
    tail_[0] &= 0x7f;  // room to count upwards within the millisecond
  }

  std::array<std::uint8_t, 16> bytes{};
  for (unsigned i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  std::ranges::copy(tail_, bytes.begin() + 6);

  // 128 bits in 26 digits of 5 bits: two leading zero bits.
  std::string text(26, '0');
  for (int digit = 0; digit < 26; ++digit) {
    const int first_bit = digit * 5 - 2;
    unsigned value = 0;
    for (int bit = first_bit; bit < first_bit + 5; ++bit) {
      value <<= 1;
      if (bit >= 0) value |= (bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8)) & 1u;
    }
    text[static_cast<std::size_t>(digit)] = kAlphabet[value];
  }
  return text;
}

bool is_ulid(std::string_view text) {
  return text.size() == 26 && text[0] <= '7' &&
         std::ranges::all_of(text, [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

}  // namespace carillon
