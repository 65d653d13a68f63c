#include "core/campaign/caller_id.h"

#include <cstdint>
#include <tuple>

namespace carillon {
namespace {

// FNV-1a (64 bit) of number, a zero byte and caller ID, then the finisher of splitmix64, because FNV alone leaves texts
// that differ in their last digits close together. Not std::hash: the choice must be the same in every build and for
// as long as campaigns live.
std::uint64_t weight_of(std::string_view number, std::string_view caller_id) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto take = [&](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3; };
  for (const char c : number) take(c);
  take('\0');
  for (const char c : caller_id) take(c);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

}  // namespace

// Rendezvous hashing (Thaler and Ravishankar, 1998): each caller ID bids for the number, the highest bid wins.
std::string_view pick_caller_id(const std::vector<std::string>& pool, std::string_view number) {
  std::string_view winner;
  std::uint64_t highest = 0;
  for (const std::string& caller_id : pool) {
    const auto bid = weight_of(number, caller_id);
    if (winner.empty() || std::tuple(bid, std::string_view(caller_id)) > std::tuple(highest, winner)) {
      winner = caller_id;
      highest = bid;
    }
  }
  return winner;
}

}  // namespace carillon
