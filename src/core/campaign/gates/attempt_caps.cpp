#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/campaign/gates/gates.h"

namespace carillon::gates {
namespace {

struct Cap {
  std::string_view reason;
  std::string_view words;
  int limit = 0;  // 0 = none
  Duration span{0};
};

// When fewer than cap.limit attempts will be within the span; `now` or earlier if that is so already. One that is
// exactly as old as the span no longer counts.
std::optional<Time> free_at(const Cap& cap, const std::vector<Time>& attempts) {
  const auto limit = static_cast<std::size_t>(cap.limit);
  if (cap.limit <= 0 || attempts.size() < limit) return std::nullopt;
  return attempts[attempts.size() - limit] + cap.span;
}

}  // namespace

// Of several caps that are reached, the one that lasts longest.
Verdict attempt_caps_gate(const Facts& facts, const GateContext& context) {
  using std::chrono::hours;
  const auto& caps = rules_of(context).caps;
  const auto count = facts.attempts.size();
  if (caps.lifetime > 0 && count >= static_cast<std::size_t>(caps.lifetime)) {
    return skip("cap-lifetime", fmt::format("{} attempts to the number, of at most {}", count, caps.lifetime));
  }
  Verdict verdict = pass(fmt::format("{} attempts to the number so far", count));
  const std::array<Cap, 3> spans{{{"cap-day", "24 hours", caps.per_day, hours(24)},
                                  {"cap-week", "7 days", caps.per_week, hours(7 * 24)},
                                  {"cap-month", "30 days", caps.per_month, hours(30 * 24)}}};
  for (const auto& cap : spans) {
    const auto until = free_at(cap, facts.attempts);
    if (!until || *until <= context.now || (verdict.until && *verdict.until >= *until)) continue;
    verdict = hold(std::string(cap.reason),
                   fmt::format("{} attempts to the number within {}, which is the most", cap.limit, cap.words), until);
  }
  return verdict;
}

}  // namespace carillon::gates
