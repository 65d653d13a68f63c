#include "core/campaign/digit_pattern.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/result.h"

namespace carillon {
namespace {

constexpr std::int32_t kEnd = 0;       // the node that says "matched"
constexpr std::int32_t kAnything = 1;  // the node that takes all that follows a match of a beginning
constexpr std::uint16_t kAllDigits = 0x3ff;
constexpr std::int32_t kNotComputed = -1;
constexpr int kMaxRepeat = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
std::uint16_t bit_of(char digit) { return static_cast<std::uint16_t>(1U << (digit - '0')); }

}  // namespace

// Turns a pattern into nodes, from its end to its beginning: whatever a piece leads to is there before it. A piece that
// is repeated is compiled as many times.
class DigitPatterns::Compiler {
 public:
  Compiler(DigitPatterns& patterns, std::string_view pattern) : patterns_(patterns), pattern_(pattern) {}

  std::optional<NodeId> compile(NodeId after) {
    const auto entry = alternatives(0, pattern_.size(), after);
    return is_readable_ ? std::optional(entry) : std::nullopt;
  }

 private:
  struct Piece {
    std::size_t begin;
    std::size_t end;  // of the atom
    int min = 1;
    int max = 1;
    std::size_t next;  // after the repetition
  };

  NodeId alternatives(std::size_t begin, std::size_t end, NodeId after) {
    NodeId entry = -1;
    int depth = 0;
    bool is_in_class = false;
    std::size_t from = begin;
    for (std::size_t i = begin; i <= end && is_readable_; ++i) {
      const char c = i < end ? pattern_[i] : '|';
      if (c == '[') is_in_class = true;
      if (c == ']') is_in_class = false;
      if (!is_in_class && c == '(') ++depth;
      if (!is_in_class && c == ')') --depth;
      if (c != '|' || (depth != 0 && i < end)) continue;
      const NodeId branch = sequence(from, i, after);
      entry = entry < 0 ? branch : patterns_.add_node({0, entry, branch});
      from = i + 1;
    }
    return entry;
  }

  NodeId sequence(std::size_t begin, std::size_t end, NodeId after) {
    std::vector<Piece> pieces;
    for (std::size_t i = begin; i < end && is_readable_; i = pieces.back().next) pieces.push_back(piece_at(i, end));
    NodeId entry = after;
    for (auto piece = pieces.rbegin(); piece != pieces.rend() && is_readable_; ++piece) {
      for (int i = piece->max; i > 0; --i) {
        const NodeId once = atom(piece->begin, piece->end, entry);
        // Beyond the minimum each repetition may be left out, and with it those that follow it.
        entry = i > piece->min ? patterns_.add_node({0, once, entry}) : once;
      }
    }
    return entry;
  }

  Piece piece_at(std::size_t begin, std::size_t limit) {
    Piece piece{.begin = begin, .end = atom_end(begin, limit), .next = 0};
    piece.next = piece.end;
    if (piece.end >= limit) return piece;
    if (pattern_[piece.end] == '?') {
      piece.min = 0;
      piece.next = piece.end + 1;
    } else if (pattern_[piece.end] == '{') {
      std::size_t at = piece.end + 1;
      piece.min = number(at, limit);
      piece.max = piece.min;
      if (at < limit && pattern_[at] == ',') piece.max = number(++at, limit);
      if (at >= limit || pattern_[at] != '}' || piece.max < piece.min) is_readable_ = false;
      piece.next = at + 1;
    }
    return piece;
  }

  std::size_t atom_end(std::size_t begin, std::size_t limit) {
    const char c = pattern_[begin];
    if (is_digit(c)) return begin + 1;
    if (c == '\\' && begin + 1 < limit && pattern_[begin + 1] == 'd') return begin + 2;
    if (c == '[') {
      if (const auto end = pattern_.find(']', begin); end != std::string_view::npos && end < limit) return end + 1;
    }
    if (c == '(') {
      int depth = 0;
      for (std::size_t i = begin; i < limit; ++i) {
        if (pattern_[i] == '(') ++depth;
        if (pattern_[i] == ')' && --depth == 0) return i + 1;
      }
    }
    is_readable_ = false;
    return limit;
  }

  NodeId atom(std::size_t begin, std::size_t end, NodeId after) {
    const char c = pattern_[begin];
    if (c == '(') {
      const bool is_plain = pattern_.substr(begin, 3) == "(?:";
      return alternatives(begin + (is_plain ? 3 : 1), end - 1, after);
    }
    const auto digits = c == '\\' ? kAllDigits : c == '[' ? digits_of_class(begin + 1, end - 1) : bit_of(c);
    return patterns_.add_node({digits, after, -1});
  }

  std::uint16_t digits_of_class(std::size_t begin, std::size_t end) {
    std::uint16_t digits = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (!is_digit(pattern_[i])) is_readable_ = false;
      char last = pattern_[i];
      if (i + 2 < end && pattern_[i + 1] == '-') last = pattern_[i + 2];
      if (!is_digit(last)) is_readable_ = false;
      if (!is_readable_) return kAllDigits;
      for (char digit = pattern_[i]; digit <= last; ++digit)
        digits = static_cast<std::uint16_t>(digits | bit_of(digit));
      if (last != pattern_[i]) i += 2;
    }
    if (digits == 0) is_readable_ = false;
    return digits;
  }

  int number(std::size_t& at, std::size_t limit) {
    int value = 0;
    const std::size_t begin = at;
    for (; at < limit && is_digit(pattern_[at]) && value <= kMaxRepeat; ++at) value = value * 10 + (pattern_[at] - '0');
    if (at == begin || value > kMaxRepeat) is_readable_ = false;
    return value;
  }

  DigitPatterns& patterns_;
  std::string_view pattern_;
  bool is_readable_ = true;
};

DigitPatterns::DigitPatterns() {
  nodes_.push_back({0, -1, -1});                  // kEnd
  nodes_.push_back({kAllDigits, kAnything, -1});  // kAnything: matched, and so whatever follows
}

bool DigitPatterns::add(std::string_view pattern, Match match) {
  CARILLON_CHECK(states_.empty());
  const auto entry = Compiler(*this, pattern).compile(match == Match::kWhole ? kEnd : kAnything);
  if (entry) starts_.push_back(*entry);
  return entry.has_value();
}

DigitPatterns::NodeId DigitPatterns::add_node(Node node) {
  nodes_.push_back(node);
  return static_cast<NodeId>(nodes_.size() - 1);
}

DigitPatterns::State DigitPatterns::start() {
  if (!states_.empty()) return 0;
  std::vector<NodeId> nodes;
  for (const NodeId entry : starts_) reach(entry, nodes);
  return state_of(std::move(nodes));
}

DigitPatterns::State DigitPatterns::step(State state, char digit) {
  const auto which = static_cast<std::size_t>(digit - '0');
  if (const State known = states_[index(state)].next[which]; known != kNotComputed) return known;
  std::vector<NodeId> nodes;
  for (const NodeId id : states_[index(state)].nodes) {
    const Node& node = nodes_[static_cast<std::size_t>(id)];
    if ((node.digits & bit_of(digit)) != 0) reach(node.next, nodes);
  }
  const State next = state_of(std::move(nodes));
  states_[index(state)].next[which] = next;
  return next;
}

bool DigitPatterns::is_settled(State state) {
  if (const auto known = states_[index(state)].settled; known != Settled::kUnknown) return known == Settled::kYes;
  const State next = step(state, '0');
  bool is_settled_here = true;
  for (char digit = '1'; digit <= '9' && is_settled_here; ++digit) is_settled_here = step(state, digit) == next;
  // Patterns are finite, so a state that leads to itself has nothing left but kAnything, or nothing at all.
  if (is_settled_here && next != state) is_settled_here = is_settled(next);
  states_[index(state)].settled = is_settled_here ? Settled::kYes : Settled::kNo;
  return is_settled_here;
}

// Follows the nodes that take no digit.
void DigitPatterns::reach(NodeId id, std::vector<NodeId>& nodes) const {
  const Node& node = nodes_[static_cast<std::size_t>(id)];
  if (node.digits != 0 || id == kEnd) {
    nodes.push_back(id);
    return;
  }
  reach(node.next, nodes);
  reach(node.other, nodes);
}

DigitPatterns::State DigitPatterns::state_of(std::vector<NodeId> nodes) {
  std::ranges::sort(nodes);
  const auto repeated = std::ranges::unique(nodes);
  nodes.erase(repeated.begin(), repeated.end());
  if (const auto known = known_.find(nodes); known != known_.end()) return known->second;
  const auto state = static_cast<State>(states_.size());
  StateEntry entry;
  entry.is_match = !nodes.empty() && nodes.front() <= kAnything;
  entry.is_dead = nodes.empty() || nodes.back() == kEnd;
  entry.next.fill(kNotComputed);
  entry.nodes = nodes;
  states_.push_back(std::move(entry));
  known_.emplace(std::move(nodes), state);
  return state;
}

}  // namespace carillon
