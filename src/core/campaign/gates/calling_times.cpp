// The gates of calling times: one answer (calling_time.h), a verdict line for each rule that may have closed it.
#include "core/campaign/calling_time.h"
#include "core/campaign/gates/gates.h"

namespace carillon::gates {
namespace {

Verdict verdict_of(std::string_view gate, const CallingTime& time) {
  if (time.is_open || time.gate != gate) return pass();
  return hold(time.reason, time.detail, time.opens_at);
}

}  // namespace

Verdict window_gate(const Facts& /*facts*/, const GateContext& context) {
  const auto& time = *context.calling_time;
  return time.is_open ? pass(time.detail) : verdict_of("window", time);
}

Verdict holiday_gate(const Facts& /*facts*/, const GateContext& context) {
  return verdict_of("holiday", *context.calling_time);
}

Verdict jewish_day_gate(const Facts& /*facts*/, const GateContext& context) {
  return verdict_of("jewish-day", *context.calling_time);
}

}  // namespace carillon::gates
