// Which of a trunk's caller IDs a person sees. Sticky: the same number always gets the same one, so that who calls back
// reaches who called, and adding or removing a caller ID moves only those persons who must move. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace carillon {

// One of the pool, whatever its order; empty if the pool is. Points into the pool.
std::string_view pick_caller_id(const std::vector<std::string>& pool, std::string_view number);

}  // namespace carillon
