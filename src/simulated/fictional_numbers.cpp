#include "simulated/fictional_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/result.h"

namespace carillon::simulated {
namespace {

constexpr std::string_view kNorthAmerica = "US";
constexpr std::size_t kFictionalLines = 100;    // 555-0100 to 555-0199
constexpr std::size_t kFirstMadeUpLine = 2000;  // far from 555-1212, which is a real service

struct Country {
  std::string_view region;
  std::string_view calling_code;
};
constexpr std::array<Country, 5> kCountries{
    {{"US", "+1"}, {"IL", "+972"}, {"GB", "+44"}, {"FR", "+33"}, {"DE", "+49"}}};

// Used up in this order; the last of a region is made up and has a million.
struct Range {
  std::string_view region;
  std::string_view prefix;
  int digits = 0;  // that follow
};
constexpr std::array<Range, 31> kRanges{{
    {"IL", "+972500", 6},  // no range for fiction is known
    {"GB", "+447700900", 3}, {"GB", "+442079460", 3}, {"GB", "+441134960", 3}, {"GB", "+441144960", 3},
    {"GB", "+441154960", 3}, {"GB", "+441164960", 3}, {"GB", "+441174960", 3}, {"GB", "+441184960", 3},
    {"GB", "+441214960", 3}, {"GB", "+441314960", 3}, {"GB", "+441414960", 3}, {"GB", "+441514960", 3},
    {"GB", "+441614960", 3}, {"GB", "+441914980", 3}, {"GB", "+442896496", 3}, {"GB", "+442920180", 3},
    {"GB", "+441632960", 3}, {"GB", "+447500", 6},    {"FR", "+3363998", 4},   {"FR", "+3319900", 4},
    {"FR", "+3326191", 4},   {"FR", "+3335301", 4},   {"FR", "+3346571", 4},   {"FR", "+3353649", 4},
    {"FR", "+33600", 6},     {"DE", "+493023125", 3}, {"DE", "+496990009", 3}, {"DE", "+494066969", 3},
    {"DE", "+492214710", 3}, {"DE", "+4915000", 6},
}};

std::size_t size_of(const Range& range) {
  std::size_t size = 1;
  for (int i = 0; i < range.digits; ++i) size *= 10;
  return size;
}

// Area codes by the rules of the numbering plan (NANPA): N is 2 to 9, no N11, N9X, 37X and 96X; without those that are
// no place: toll-free, premium and personal ones.
std::vector<int> area_codes() {
  std::vector<int> codes;
  for (int code = 200; code < 1000; ++code) {
    const int first = code / 100;
    const int middle = code / 10 % 10;
    const bool is_reserved = middle == 9 || code % 100 == 11 || code / 10 == 37 || code / 10 == 96;
    const bool is_no_place = middle == code % 10 && (first == 5 || first == 6 || first == 7 || first == 8);
    if (!is_reserved && !is_no_place && code != 900) codes.push_back(code);
  }
  return codes;
}

std::string north_american_number(std::size_t rank) {
  static const std::vector<int> kCodes = area_codes();
  const auto line = rank / kCodes.size();
  const auto number = line < kFictionalLines ? 100 + line : kFirstMadeUpLine + line - kFictionalLines;
  CARILLON_CHECK(number < 10'000);
  return fmt::format("+1{}555{:04}", kCodes[rank % kCodes.size()], number);
}

}  // namespace

std::vector<std::string_view> fictional_regions() {
  std::vector<std::string_view> regions;
  regions.reserve(kCountries.size());
  for (const auto& country : kCountries) regions.push_back(country.region);
  return regions;
}

std::string fictional_number(std::string_view region, std::size_t rank) {
  if (region == kNorthAmerica) return north_american_number(rank);
  for (const auto& range : kRanges) {
    if (range.region != region) continue;
    if (rank < size_of(range)) return fmt::format("{}{:0{}}", range.prefix, rank, range.digits);
    rank -= size_of(range);
  }
  CARILLON_CHECK(!"there is such a region, and it has a number of this rank");
  return {};
}

std::optional<std::string_view> region_of_fictional(std::string_view number) {
  const auto found = std::ranges::find_if(
      kCountries, [&](const Country& country) { return number.starts_with(country.calling_code); });
  if (found == kCountries.end()) return std::nullopt;
  return found->region;
}

}  // namespace carillon::simulated
