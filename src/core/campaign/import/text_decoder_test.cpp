#include "core/campaign/import/text_decoder.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace carillon {
namespace {

using namespace std::string_view_literals;

std::string decoded(ByteOrder order, std::string_view bytes) {
  Utf16Decoder decoder(order);
  std::string text;
  for (const char c : bytes) decoder.decode(std::string_view(&c, 1), text);
  decoder.finish(text);
  return text;
}

TEST(Windows1255, HebrewWithPointsAndSigns) {
  EXPECT_EQ(windows_1255_to_utf8("\xf9\xec\xe5\xed"), "שלום");
  EXPECT_EQ(windows_1255_to_utf8("\xf9\xc8\xd1"), "\u05e9\u05b8\u05c1");
  EXPECT_EQ(windows_1255_to_utf8("18 \xa4 \x96 \x80"), "18 ₪ – €");
  EXPECT_EQ(windows_1255_to_utf8("\xfd\xfe"), "\u200e\u200f");
  EXPECT_EQ(windows_1255_to_utf8(""), "");
}

TEST(Windows1255, BytesWithoutMeaningAreNoText) {
  for (const std::string bytes : {"\x81", "\x8a", "\x90", "\xca", "\xd9", "\xdf", "\xfb", "\xfc", "\xff"}) {
    EXPECT_EQ(windows_1255_to_utf8("a" + bytes), std::nullopt) << static_cast<int>(bytes[0]);
  }
}

TEST(Windows1255, ALineIsReadAsItOnlyWhereItMustBe) {
  EXPECT_FALSE(is_windows_1255_in(LineEncoding::kUtf8OrWindows1255, "שלום"));
  EXPECT_TRUE(is_windows_1255_in(LineEncoding::kUtf8OrWindows1255, "\xf9\xec\xe5\xed"));
  EXPECT_TRUE(is_windows_1255_in(LineEncoding::kWindows1255, "שלום"));
  EXPECT_FALSE(is_windows_1255_in(LineEncoding::kWindows1255, "Dana"));
  EXPECT_FALSE(is_windows_1255_in(LineEncoding::kUtf8, "\xf9"));
}

TEST(Utf16, IsKnownByItsMarkOrItsZeros) {
  EXPECT_EQ(utf16_order_of("\xff\xfep\0"sv), ByteOrder::kLittleEndian);
  EXPECT_EQ(utf16_order_of("\xfe\xff\0p"sv), ByteOrder::kBigEndian);
  EXPECT_EQ(utf16_order_of("p\0h\0"sv), ByteOrder::kLittleEndian);
  EXPECT_EQ(utf16_order_of("\0p\0h"sv), ByteOrder::kBigEndian);
  EXPECT_EQ(utf16_order_of("phon"), std::nullopt);
  EXPECT_EQ(utf16_order_of("p\0\0\0"sv), std::nullopt);
  EXPECT_EQ(utf16_order_of(""), std::nullopt);
}

TEST(Utf16, BecomesUtf8) {
  EXPECT_EQ(decoded(ByteOrder::kLittleEndian, "a\0\xe9\x05\xac\x20"sv), "aש€");
  EXPECT_EQ(decoded(ByteOrder::kBigEndian, "\0a\x05\xe9"sv), "aש");
  EXPECT_EQ(decoded(ByteOrder::kLittleEndian, "\x3d\xd8\x00\xde"sv), "😀");
}

TEST(Utf16, WhatIsNoCharacterSpoilsItsLineOnly) {
  EXPECT_EQ(decoded(ByteOrder::kLittleEndian, "\x3d\xd8\x61\0"sv),
            "\xff"
            "a");
  EXPECT_EQ(decoded(ByteOrder::kLittleEndian, "\x00\xde\x61\0"sv),
            "\xff"
            "a");
  EXPECT_EQ(decoded(ByteOrder::kLittleEndian, "a\0b"sv), "a\xff");
  EXPECT_EQ(decoded(ByteOrder::kLittleEndian, "\x3d\xd8"sv), "\xff");
}

RC_GTEST_PROP(Utf16, EveryCharacterComesBack, ()) {
  const auto c = *rc::gen::suchThat(rc::gen::inRange<char32_t>(0, 0x110000),
                                    [](char32_t value) { return value < 0xd800 || value > 0xdfff; });
  const std::u32string wanted(1, c);
  std::string bytes;
  const auto unit = [&bytes](char32_t value) {
    bytes += static_cast<char>(value & 0xff);
    bytes += static_cast<char>(value >> 8);
  };
  if (c < 0x10000) {
    unit(c);
  } else {
    unit(0xd800 + ((c - 0x10000) >> 10));
    unit(0xdc00 + ((c - 0x10000) & 0x3ff));
  }
  const auto text = decoded(ByteOrder::kLittleEndian, bytes);
  const auto lead = static_cast<unsigned char>(text[0]);
  char32_t back = text.size() == 1 ? lead : lead & (0xffU >> (text.size() + 1));
  for (std::size_t i = 1; i < text.size(); ++i) back = back << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  RC_ASSERT(back == c);
}

}  // namespace
}  // namespace carillon
