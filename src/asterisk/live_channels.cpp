#include "asterisk/live_channels.h"

#include <fmt/format.h>

#include <charconv>

#include "base/ulid.h"

namespace carillon::asterisk {
namespace {

constexpr std::string_view kChannelPrefix = "carillon-live-";
constexpr std::string_view kRecordingPrefix = "carillon-";

}  // namespace

std::string channel_id(std::string_view session, std::string_view role) {
  return fmt::format("{}{}-{}", kChannelPrefix, session, role);
}

std::optional<LiveChannel> parse_channel_id(std::string_view id) {
  if (!id.starts_with(kChannelPrefix)) return std::nullopt;
  id.remove_prefix(kChannelPrefix.size());
  const auto dash = id.find('-');
  if (dash == std::string_view::npos || !is_ulid(id.substr(0, dash))) return std::nullopt;
  return LiveChannel{std::string(id.substr(0, dash)), std::string(id.substr(dash + 1))};
}

std::string recording_name(std::string_view call_id, Time began) {
  return fmt::format("{}{}-{}", kRecordingPrefix, call_id, to_ms(began) / 1000);
}

std::optional<Time> recording_time(std::string_view name) {
  const auto dash = name.rfind('-');
  if (!name.starts_with(kRecordingPrefix) || dash < kRecordingPrefix.size()) return std::nullopt;
  const auto digits = name.substr(dash + 1);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  const bool is_whole = error == std::errc() && end == digits.data() + digits.size();
  // From 2001 to 2286: whatever else ends in digits is not ours.
  if (!is_whole || digits.size() != 10) return std::nullopt;
  return time_from_ms(seconds * 1000);
}

std::string place_of(const LivePhone& phone) {
  return phone.number.empty() ? phone.endpoint : fmt::format("{}@{}", phone.number, phone.endpoint);
}

}  // namespace carillon::asterisk
