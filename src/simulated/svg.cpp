#include "simulated/svg.h"

#include <fmt/format.h>

namespace carillon::simulated {
namespace {

// Also what XML forbids altogether: control characters.
std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else {
      safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return safe;
}

std::string_view word_of(Anchor anchor) {
  switch (anchor) {
    case Anchor::kStart: return "start";
    case Anchor::kMiddle: return "middle";
    case Anchor::kEnd: return "end";
  }
  return "";
}

// Two decimals are finer than any screen, and keep the file small.
std::string number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

void Svg::rect(double x, double y, double width, double height, std::string_view color, double radius) {
  const auto rounded = radius > 0 ? fmt::format(" rx=\"{}\"", number(radius)) : "";
  body_ += fmt::format("  <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{} fill=\"{}\"/>\n", number(x), number(y),
                       number(width), number(height), rounded, color);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view color, bool is_dashed) {
  body_ += fmt::format("  <line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\"{}/>\n", number(x1), number(y1),
                       number(x2), number(y2), color, is_dashed ? " stroke-dasharray=\"2 3\"" : "");
}

void Svg::text(double x, double y, std::string_view text, const TextStyle& style) {
  body_ += fmt::format("  <text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{}\"{}>{}</text>\n",
                       number(x), number(y), number(style.size), style.color, word_of(style.anchor),
                       style.is_bold ? " font-weight=\"bold\"" : "", escaped(text));
}

std::string Svg::finish(std::string_view title) const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"DejaVu Sans, Verdana, Helvetica, "
      "Arial, sans-serif\" role=\"img\">\n  <title>{}</title>\n{}</svg>\n",
      number(width_), number(height_), escaped(title), body_);
}

}  // namespace carillon::simulated
