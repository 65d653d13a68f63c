#include "core/campaign/gate.h"

#include <date/date.h>
#include <fmt/format.h>

#include <array>

#include "core/campaign/calling_time.h"
#include "core/campaign/gates/gates.h"

namespace carillon {
namespace {

struct Gate {
  std::string_view name;
  Verdict (*ask)(const Facts&, const GateContext&);
};

constexpr std::array kGates{
#define CARILLON_GATE(name, function) Gate{name, gates::function},
#include "core/campaign/gates/gates.def"
#undef CARILLON_GATE
};

bool lasts_longer(const Verdict& hold, const Verdict& other) {
  if (!other.until) return false;
  return !hold.until || *hold.until > *other.until;
}

}  // namespace

std::string gates::date_text(Time time) {
  const date::year_month_day day(date::floor<date::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

std::string_view to_string(Decision decision) {
  switch (decision) {
    case Decision::kPass: return "pass";
    case Decision::kHold: return "hold";
    case Decision::kSkip: return "skip";
  }
  return "";
}

std::string_view to_string(SuppressionLevel level) {
  switch (level) {
    case SuppressionLevel::kGlobal: return "global";
    case SuppressionLevel::kRegistry: return "registry";
    case SuppressionLevel::kAdvertiser: return "advertiser";
    case SuppressionLevel::kCampaign: return "campaign";
  }
  return "";
}

std::optional<SuppressionLevel> parse_suppression_level(std::string_view word) {
  for (const auto level : {SuppressionLevel::kGlobal, SuppressionLevel::kRegistry, SuppressionLevel::kAdvertiser,
                           SuppressionLevel::kCampaign}) {
    if (to_string(level) == word) return level;
  }
  return std::nullopt;
}

std::vector<Verdict> evaluate_gates(const Facts& facts, const GateContext& context) {
  if (context.calling_time == nullptr) {
    const auto time = calling_time(facts.zones, context);
    GateContext with_time = context;
    with_time.calling_time = &time;
    return evaluate_gates(facts, with_time);
  }
  std::vector<Verdict> verdicts;
  verdicts.reserve(kGates.size());
  for (const auto& gate : kGates) {
    verdicts.push_back(gate.ask(facts, context));
    verdicts.back().gate = gate.name;
  }
  return verdicts;
}

std::optional<Verdict> deciding_verdict(const std::vector<Verdict>& verdicts) {
  const Verdict* deciding = nullptr;
  for (const auto& verdict : verdicts) {
    switch (verdict.decision) {
      case Decision::kPass: break;
      case Decision::kSkip: return verdict;
      case Decision::kHold:
        if (deciding == nullptr || lasts_longer(verdict, *deciding)) deciding = &verdict;
        break;
    }
  }
  return deciding == nullptr ? std::nullopt : std::optional(*deciding);
}

}  // namespace carillon
