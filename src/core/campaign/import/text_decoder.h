// Text of lists in the encodings that they come in, as UTF-8. UTF-16 is decoded as a stream, before anything else looks
// at it. UTF-8 and Windows-1255 have the same separators and line breaks, so those two are told apart line by line: a
// file that was pasted together from both comes out right. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

// What the operator says of the list.
enum class TextEncoding : std::uint8_t {
  kAuto,  // UTF-16 by its mark or its zeros; else each line by itself: UTF-8 if it is valid, or Windows-1255
  kUtf8,
  kWindows1255,
  kUtf16,
};
// "auto", "utf-8", "windows-1255", "utf-16".
std::optional<TextEncoding> parse_text_encoding(std::string_view word);

// What one line may be in.
enum class LineEncoding : std::uint8_t { kUtf8, kWindows1255, kUtf8OrWindows1255 };

// As UTF-8. Nothing if a byte has no meaning in Windows-1255 (unicode.org's CP1255.TXT leaves 23 undefined).
std::optional<std::string> windows_1255_to_utf8(std::string_view bytes);

// Whether a line with these bytes has to be read as Windows-1255.
bool is_windows_1255_in(LineEncoding encoding, std::string_view bytes);

enum class ByteOrder : std::uint8_t { kLittleEndian, kBigEndian };

// UTF-16 by its mark, or by the zeros that it has between Latin letters; nothing if it is not UTF-16. Needs four bytes
// unless the list has fewer.
std::optional<ByteOrder> utf16_order_of(std::string_view first_bytes);

// Bytes of UTF-16 in pieces of any size, to UTF-8. A surrogate without its other half becomes a byte that is not UTF-8:
// its line is bad, not the list.
class Utf16Decoder {
 public:
  explicit Utf16Decoder(ByteOrder order) : order_(order) {}

  void decode(std::string_view bytes, std::string& text);
  // The list ends here.
  void finish(std::string& text);

 private:
  void take_unit(char16_t unit, std::string& text);

  ByteOrder order_;
  std::optional<unsigned char> odd_byte_;
  char16_t high_surrogate_ = 0;
};

}  // namespace carillon
