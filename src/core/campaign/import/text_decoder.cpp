#include "core/campaign/import/text_decoder.h"

#include <array>

#include "core/campaign/csv.h"

namespace carillon {
namespace {

constexpr char kNotUtf8 = '\xff';

// 0x80 to 0xff; 0 = undefined.
// clang-format off
constexpr std::array<char16_t, 128> kWindows1255 = {
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,  // 80
    0x02c6, 0x2030, 0, 0x2039, 0, 0, 0, 0,  // 88
    0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,  // 90
    0x02dc, 0x2122, 0, 0x203a, 0, 0, 0, 0,  // 98
    0x00a0, 0x00a1, 0x00a2, 0x00a3, 0x20aa, 0x00a5, 0x00a6, 0x00a7,  // a0
    0x00a8, 0x00a9, 0x00d7, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x00af,  // a8
    0x00b0, 0x00b1, 0x00b2, 0x00b3, 0x00b4, 0x00b5, 0x00b6, 0x00b7,  // b0
    0x00b8, 0x00b9, 0x00f7, 0x00bb, 0x00bc, 0x00bd, 0x00be, 0x00bf,  // b8
    0x05b0, 0x05b1, 0x05b2, 0x05b3, 0x05b4, 0x05b5, 0x05b6, 0x05b7,  // c0
    0x05b8, 0x05b9, 0, 0x05bb, 0x05bc, 0x05bd, 0x05be, 0x05bf,  // c8
    0x05c0, 0x05c1, 0x05c2, 0x05c3, 0x05f0, 0x05f1, 0x05f2, 0x05f3,  // d0
    0x05f4, 0, 0, 0, 0, 0, 0, 0,  // d8
    0x05d0, 0x05d1, 0x05d2, 0x05d3, 0x05d4, 0x05d5, 0x05d6, 0x05d7,  // e0
    0x05d8, 0x05d9, 0x05da, 0x05db, 0x05dc, 0x05dd, 0x05de, 0x05df,  // e8
    0x05e0, 0x05e1, 0x05e2, 0x05e3, 0x05e4, 0x05e5, 0x05e6, 0x05e7,  // f0
    0x05e8, 0x05e9, 0x05ea, 0, 0, 0x200e, 0x200f, 0,  // f8
};
// clang-format on

void append_utf8(char32_t c, std::string& text) {
  const auto byte = [&text](char32_t bits) { text += static_cast<char>(bits); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | c >> 6);
    byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  }
}

bool is_ascii(std::string_view bytes) {
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

std::optional<TextEncoding> parse_text_encoding(std::string_view word) {
  if (word == "auto") return TextEncoding::kAuto;
  if (word == "utf-8") return TextEncoding::kUtf8;
  if (word == "windows-1255") return TextEncoding::kWindows1255;
  if (word == "utf-16") return TextEncoding::kUtf16;
  return std::nullopt;
}

std::optional<std::string> windows_1255_to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const char32_t character = byte < 0x80 ? byte : kWindows1255[byte - 0x80U];
    if (character == 0 && byte != 0) return std::nullopt;
    append_utf8(character, text);
  }
  return text;
}

bool is_windows_1255_in(LineEncoding encoding, std::string_view bytes) {
  switch (encoding) {
    case LineEncoding::kUtf8: return false;
    case LineEncoding::kWindows1255: return !is_ascii(bytes);
    case LineEncoding::kUtf8OrWindows1255: return !is_utf8(bytes);
  }
  return false;
}

std::optional<ByteOrder> utf16_order_of(std::string_view first) {
  if (first.starts_with("\xff\xfe")) return ByteOrder::kLittleEndian;
  if (first.starts_with("\xfe\xff")) return ByteOrder::kBigEndian;
  if (first.size() < 4) return std::nullopt;
  const auto is_zero = [first](std::size_t i) { return first[i] == '\0'; };
  if (!is_zero(0) && is_zero(1) && !is_zero(2) && is_zero(3)) return ByteOrder::kLittleEndian;
  if (is_zero(0) && !is_zero(1) && is_zero(2) && !is_zero(3)) return ByteOrder::kBigEndian;
  return std::nullopt;
}

void Utf16Decoder::decode(std::string_view bytes, std::string& text) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!odd_byte_) {
      odd_byte_ = byte;
      continue;
    }
    const unsigned first = *odd_byte_;
    odd_byte_.reset();
    const bool is_little = order_ == ByteOrder::kLittleEndian;
    take_unit(static_cast<char16_t>(is_little ? first | byte << 8 : first << 8 | byte), text);
  }
}

void Utf16Decoder::take_unit(char16_t unit, std::string& text) {
  const bool is_low_surrogate = unit >= 0xdc00 && unit <= 0xdfff;
  if (high_surrogate_ != 0) {
    const char32_t high = high_surrogate_;
    high_surrogate_ = 0;
    if (is_low_surrogate) {
      append_utf8(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00U), text);
      return;
    }
    text += kNotUtf8;
  }
  if (unit >= 0xd800 && unit <= 0xdbff) {
    high_surrogate_ = unit;
  } else if (is_low_surrogate) {
    text += kNotUtf8;
  } else {
    append_utf8(unit, text);
  }
}

void Utf16Decoder::finish(std::string& text) {
  if (odd_byte_ || high_surrogate_ != 0) text += kNotUtf8;
  odd_byte_.reset();
  high_surrogate_ = 0;
}

}  // namespace carillon
