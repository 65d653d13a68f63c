// Writes an SVG picture: rectangles, lines, texts. All text is escaped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::simulated {

enum class Anchor : std::uint8_t { kStart, kMiddle, kEnd };

struct TextStyle {
  double size = 12;
  std::string_view color = "#000000";
  Anchor anchor = Anchor::kStart;
  bool is_bold = false;
};

class Svg {
 public:
  Svg(double width, double height) : width_(width), height_(height) {}

  void rect(double x, double y, double width, double height, std::string_view color, double radius = 0);
  void line(double x1, double y1, double x2, double y2, std::string_view color, bool is_dashed = false);
  void text(double x, double y, std::string_view text, const TextStyle& style);
  // The whole file; title is for those who do not see it.
  std::string finish(std::string_view title) const;

 private:
  double width_;
  double height_;
  std::string body_;
};

}  // namespace carillon::simulated
