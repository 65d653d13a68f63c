// Telephone numbers of people who do not exist. First the ranges that regulators keep free for fiction: 555-01XX of
// every North American area code, Ofcom's and ARCEP's numbers for drama, the Bundesnetzagentur's for media. Where these
// are used up, or a country has none, the numbers are merely made up. They never leave the simulation, which has
// nothing to dial with.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::simulated {

// ISO 3166 regions that there are numbers of.
std::vector<std::string_view> fictional_regions();
// The rank-th number of the region, E.164; each rank below a million has another one.
std::string fictional_number(std::string_view region, std::size_t rank);
// The region of such a number.
std::optional<std::string_view> region_of_fictional(std::string_view number);

}  // namespace carillon::simulated
