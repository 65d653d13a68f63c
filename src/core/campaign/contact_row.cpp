#include "core/campaign/contact_row.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace carillon {
namespace {

// Direction marks are U+200E, U+200F, U+202A..U+202E, U+2066..U+2069.
constexpr std::array<std::string_view, 18> kUnseen = {" ",      "\t",     "\r",     "\n",     "\u00a0", "\u200b",
                                                      "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
                                                      "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\ufeff"};

// All of them are spaces and controls of ASCII, or begin and end with a byte beyond it: most text has neither.
bool may_be_unseen(char c) { return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x80; }

// 12025550100.0: a number that a data tool has kept as a fraction.
std::string_view without_fraction(std::string_view text) {
  const auto point = text.find('.');
  if (point == std::string_view::npos || point < 7 || text.size() == point + 1) return text;
  if (text.substr(0, point).find_first_not_of("0123456789") != std::string_view::npos) return text;
  return text.find_first_not_of('0', point + 1) == std::string_view::npos ? text.substr(0, point) : text;
}

}  // namespace

std::string_view trim_unseen(std::string_view text) {
  const auto leads = [&text](std::string_view mark) { return text.starts_with(mark); };
  const auto trails = [&text](std::string_view mark) { return text.ends_with(mark); };
  while (!text.empty() && may_be_unseen(text.front())) {
    const auto mark = std::ranges::find_if(kUnseen, leads);
    if (mark == kUnseen.end()) break;
    text.remove_prefix(mark->size());
  }
  while (!text.empty() && may_be_unseen(text.back())) {
    const auto mark = std::ranges::find_if(kUnseen, trails);
    if (mark == kUnseen.end()) break;
    text.remove_suffix(mark->size());
  }
  return text;
}

std::string_view number_in(std::string_view cell) {
  cell = trim_unseen(cell);
  if (cell.starts_with('\'')) cell.remove_prefix(1);
  if (cell.size() >= 3 && cell.starts_with("=\"") && cell.ends_with('"')) cell = cell.substr(2, cell.size() - 3);
  return without_fraction(trim_unseen(cell));
}

}  // namespace carillon
