// ARI's messages as values: events, answers to requests over the WebSocket, and such requests. Pure: text in, values
// out. Everything in the text is hostile: depth and sizes are bounded, types are checked.
// https://docs.asterisk.org/Configuration/Interfaces/Asterisk-REST-Interface-ARI/ARI-REST-over-WebSocket/
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace carillon::asterisk {

struct AriRequest {
  std::string method = "GET";
  std::string path;       // below /ari/, such as "channels/abc/snoop"; ids in it are ours or checked
  net::HttpPairs query;   // as it is: escaped where it travels in a target
  std::string body = {};  // JSON; empty = none
};

struct AriAnswer {
  int status = 0;
  std::string body;
  bool is_success() const { return status >= 200 && status < 300; }
};

enum class AriEventType : std::uint8_t {
  kStasisStart,
  kStasisEnd,
  kChannelDestroyed,
  kChannelDtmfReceived,
  kPlaybackFinished,
  kRecordingFinished,
  kRecordingFailed,
  kOther,
};

struct AriEvent {
  AriEventType type = AriEventType::kOther;
  std::string channel;            // id; of a playback its target's
  std::string name;               // of the channel, such as "PJSIP/…"; or of the recording, or the playback's id
  std::vector<std::string> args;  // of StasisStart
  std::string digit;              // of ChannelDtmfReceived
  std::string detail;             // why a recording failed
};

// The answer to the request with this id.
struct AriResponse {
  std::string request_id;
  AriAnswer answer;
};

using AriMessage = std::variant<AriEvent, AriResponse>;

constexpr std::size_t kMaxAriArgs = 16;
constexpr std::size_t kMaxAriTextBytes = 256;  // of ids, names and words; longer ones are cut

// BadRequest for what is no message of ARI.
Result<AriMessage> parse_ari_message(std::string_view text);
// The message that asks for it over the WebSocket.
std::string to_web_socket(const AriRequest& request, std::string_view request_id);
// The target that asks for it over HTTP.
std::string to_target(const AriRequest& request);

// Of a list of channels or bridges: the ids. Of stored recordings: the names.
Result<std::set<std::string>> parse_ari_list(std::string_view body, std::string_view member);
// What ARI says of its refusal, fit for people.
std::string refusal_of(const AriAnswer& answer);

}  // namespace carillon::asterisk
