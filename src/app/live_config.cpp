#include "app/live_config.h"

#include <utility>

namespace carillon {
namespace {

std::vector<std::string> trunk_names(const Config& config) {
  std::vector<std::string> names;
  for (const auto& trunk : config.all_trunks()) names.push_back(trunk.name);
  return names;
}

}  // namespace

Result<void> check_live(const Config& config) {
  const auto& live = config.live;
  if (live.record && (live.record_notice.empty() || live.record_keep_days == 0))
    return fail(ErrorCode::Config, "record needs record_notice and record_keep_days");
  const auto trunks = trunk_names(config);
  for (const auto& text : live.phones) {
    if (auto phone = parse_phone(text, trunks); !phone)
      return fail(ErrorCode::Config, "phones: " + phone.error().detail);
  }
  return {};
}

LiveRules live_rules(const Config& config) {
  const auto& live = config.live;
  LiveRules rules;
  rules.may_listen = live.listen;
  rules.may_whisper = live.whisper;
  rules.may_record = live.record;
  rules.record_notice = live.record_notice;
  rules.record_keep_days = live.record_keep_days;
  rules.hold_prompt = live.hold_prompt;
  rules.trunks = trunk_names(config);
  for (const auto& text : live.phones) {
    if (auto phone = parse_phone(text, rules.trunks)) rules.phones.insert(std::move(*phone));
  }
  return rules;
}

}  // namespace carillon
