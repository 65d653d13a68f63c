// Regular expressions over decimal digits, as libphonenumber's metadata writes them, and the question that lets one
// answer serve many numbers: do the digits that are still to come matter, or only how many there are? A set of
// expressions becomes one deterministic automaton, built as far as it is walked. Pure; one owner, one thread.
//
// Syntax: digits, \d, [2-5], ( ), (?: ), |, ?, {n}, {n,m}. Anything else is refused.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace carillon {

class DigitPatterns {
 public:
  enum class Match {
    kWhole,      // the pattern must match the digits to their end
    kBeginning,  // it is enough if they begin with a match
  };
  using State = std::int32_t;

  DigitPatterns();

  // Before the first step only. False if the syntax is beyond what is read here; the set is of no use then.
  bool add(std::string_view pattern, Match match);

  State start();
  State step(State state, char digit);
  // The digits so far match a pattern of the set.
  bool is_match(State state) const { return states_[index(state)].is_match; }
  // No digits that may follow can make or lengthen a match.
  bool is_dead(State state) const { return states_[index(state)].is_dead; }
  // Whatever digits follow, what matches in the end depends on their number alone.
  bool is_settled(State state);

 private:
  using NodeId = std::int32_t;
  struct Node {
    std::uint16_t digits = 0;  // one bit for each that it takes; 0 = takes none and goes on to both
    NodeId next = -1;
    NodeId other = -1;
  };
  enum class Settled : std::uint8_t { kUnknown, kNo, kYes };
  struct StateEntry {
    std::vector<NodeId> nodes;  // sorted; those that take digits, and the end
    std::array<State, 10> next{};
    bool is_match = false;
    bool is_dead = false;
    Settled settled = Settled::kUnknown;
  };
  class Compiler;

  static std::size_t index(State state) { return static_cast<std::size_t>(state); }
  NodeId add_node(Node node);
  void reach(NodeId node, std::vector<NodeId>& nodes) const;
  State state_of(std::vector<NodeId> nodes);

  std::vector<Node> nodes_;
  std::vector<NodeId> starts_;
  std::vector<StateEntry> states_;
  std::map<std::vector<NodeId>, State> known_;
};

}  // namespace carillon
