// The names that live control gives to its channels, bridges and recordings. By them they are known again after the
// connection, or this process, was away. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/ports/live_control.h"

namespace carillon::asterisk {

inline constexpr std::string_view kPhone = "phone";      // the operator's
inline constexpr std::string_view kSnoop = "snoop";      // hears the call
inline constexpr std::string_view kSpeaker = "speaker";  // speaks into the call
inline constexpr std::string_view kBridge = "bridge";    // phone and snoop

struct LiveChannel {
  std::string session;
  std::string role;
};

// "carillon-live-<session>-<role>"
std::string channel_id(std::string_view session, std::string_view role);
// Nothing if it is none of ours.
std::optional<LiveChannel> parse_channel_id(std::string_view id);

// "carillon-<call>-<seconds since the epoch>": its age is in its name, since ARI does not tell it.
std::string recording_name(std::string_view call_id, Time began);
std::optional<Time> recording_time(std::string_view name);

// What stands behind PJSIP/: "+12025550150@trunk", or the phone's own endpoint.
std::string place_of(const LivePhone& phone);

}  // namespace carillon::asterisk
