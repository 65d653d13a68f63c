#include "core/call/live_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace carillon {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// E.164: a plus and 7 to 15 digits. It becomes part of a channel's name, so nothing else passes.
bool is_number(std::string_view text) {
  if (!text.starts_with('+') || text.size() < 8 || text.size() > 16) return false;
  return text[1] != '0' && std::ranges::all_of(text.substr(1), is_digit);
}

Result<LivePhone> over_trunk(const std::string& number, const std::string& trunk,
                             const std::vector<std::string>& trunks) {
  if (trunks.empty()) return fail(ErrorCode::Invalid, "there is no trunk that could call this number");
  if (!trunk.empty() && std::ranges::find(trunks, trunk) == trunks.end())
    return fail(ErrorCode::Invalid, fmt::format("there is no trunk \"{}\"", printable(trunk, 64)));
  return LivePhone{trunk.empty() ? trunks.front() : trunk, number};
}

}  // namespace

std::string_view to_string(LiveVerb verb) {
  switch (verb) {
    case LiveVerb::kListen: return "listen";
    case LiveVerb::kWhisper: return "whisper";
    case LiveVerb::kRecord: return "record";
    case LiveVerb::kPlay: return "play";
    case LiveVerb::kHold: return "hold";
    case LiveVerb::kUnhold: return "unhold";
    case LiveVerb::kMute: return "mute";
    case LiveVerb::kUnmute: return "unmute";
    case LiveVerb::kTransfer: return "transfer";
    case LiveVerb::kTakeOver: return "take-over";
    case LiveVerb::kHangUp: return "hangup";
    case LiveVerb::kRelease: return "release";
  }
  return "";
}

std::optional<LiveVerb> parse_live_verb(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(LiveVerb::kRelease); ++i) {
    if (to_string(static_cast<LiveVerb>(i)) == text) return static_cast<LiveVerb>(i);
  }
  return std::nullopt;
}

Result<void> check_verb(const LiveRules& rules, LiveVerb verb, bool is_admin) {
  const bool is_listening = verb == LiveVerb::kListen || verb == LiveVerb::kWhisper || verb == LiveVerb::kRecord;
  if (!is_listening) return {};
  const bool is_on = verb == LiveVerb::kListen    ? rules.may_listen
                     : verb == LiveVerb::kWhisper ? rules.may_whisper
                                                  : rules.may_record;
  if (!is_on)
    return fail(ErrorCode::Forbidden, fmt::format("it is switched off: live.{} in the configuration", to_string(verb)));
  if (verb == LiveVerb::kRecord && (rules.record_notice.empty() || rules.record_keep_days <= 0))
    return fail(ErrorCode::Forbidden, "recording needs live.record_notice and live.record_keep_days");
  if (!is_admin) return fail(ErrorCode::Forbidden, fmt::format("{} needs the role admin", to_string(verb)));
  return {};
}

Result<LivePhone> find_phone(const LiveRules& rules, const std::string& to, const std::string& trunk, bool is_admin) {
  if (const auto named = rules.phones.find(to); named != rules.phones.end()) return named->second;
  if (!is_number(to)) {
    return fail(ErrorCode::Invalid, "to: the name of a phone in live.phones, or a number such as +12025550150");
  }
  if (!is_admin) return fail(ErrorCode::Forbidden, "to: a number that live.phones does not have needs the role admin");
  return over_trunk(to, trunk, rules.trunks);
}

Result<std::pair<std::string, LivePhone>> parse_phone(std::string_view text, const std::vector<std::string>& trunks) {
  const auto wrong = [&] {
    return fail(ErrorCode::Invalid,
                fmt::format("\"{}\" is no phone: write name=endpoint, name=+12025550150 or name=+12025550150@trunk",
                            printable(text, 80)));
  };
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return wrong();
  const std::string name(trim(text.substr(0, equals)));
  const std::string place(trim(text.substr(equals + 1)));
  if (!is_safe_id(name)) return wrong();
  const auto at = place.find('@');
  const auto number = place.substr(0, at);
  if (is_number(number)) {
    auto phone = over_trunk(number, at == std::string::npos ? "" : place.substr(at + 1), trunks);
    if (!phone) return std::unexpected(phone.error());
    return std::pair(name, std::move(*phone));
  }
  if (!is_safe_id(place)) return wrong();
  return std::pair(name, LivePhone{place, ""});
}

}  // namespace carillon
