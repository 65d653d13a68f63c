#include "asterisk/call_steering.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace carillon::asterisk {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kContext = "carillon-live";
constexpr std::string_view kPeerContext = "carillon-live-agent";

// "PJSIP/trunk-00000001": it goes into a variable that the dialplan expands.
bool is_channel_name(std::string_view text) {
  return text.starts_with("PJSIP/") && is_safe_id(text.substr(std::string_view("PJSIP/").size()));
}

}  // namespace

// Asterisk's refusals as errors.
asio::awaitable<Result<AmiAnswer>> CallSteering::ask(AmiAction action) {
  Result<AmiAnswer> answer = co_await node_.ask(std::move(action));
  if (!answer || answer->response.is_success()) co_return answer;
  const auto said = printable(answer->response.get("Message"));
  if (to_lower(said).starts_with("no such channel"))
    co_return fail(ErrorCode::NotFound, "the call is not there any more");
  co_return fail(ErrorCode::Telephony, fmt::format("Asterisk refused: {}", said));
}

asio::awaitable<Result<CallPlace>> CallSteering::find(std::string call_id) {
  AmiAction status("Status");
  status.add("Channel", channel_of(call_id));
  Result<AmiAnswer> answer = co_await ask(std::move(status));
  if (!answer) co_return std::unexpected(answer.error());
  for (const auto& item : answer->items) {
    if (item.get("Event") != "Status") continue;
    CallPlace place;
    place.is_answered = parse_channel_state(item.get("ChannelStateDesc")) == ChannelState::kUp;
    place.is_with_agent = item.get("Application") == "Dial" || !item.get("BridgeID").empty();
    const auto step = item.get("Exten");
    place.is_held = item.get("Context") == kContext && (step == "hold" || step == "t" || step == "i");
    co_return place;
  }
  co_return fail(ErrorCode::NotFound, "the call is not there any more");
}

asio::awaitable<Result<void>> CallSteering::set(std::string call_id, std::string name, std::string value) {
  AmiAction set("Setvar");
  set.add("Channel", channel_of(call_id)).add("Variable", name).add("Value", value);
  Result<AmiAnswer> answer = co_await ask(std::move(set));
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>();
}

asio::awaitable<Result<void>> CallSteering::send_to(std::string call_id, std::string step, std::string peer) {
  AmiAction redirect("Redirect");
  redirect.add("Channel", channel_of(call_id)).add("Context", kContext).add("Exten", step).add("Priority", "1");
  if (!peer.empty()) {
    redirect.add("ExtraChannel", peer).add("ExtraContext", kPeerContext).add("ExtraExten", "s");
    redirect.add("ExtraPriority", "1");
  }
  Result<AmiAnswer> answer = co_await ask(std::move(redirect));
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>();
}

asio::awaitable<Result<std::string>> CallSteering::peer_of(std::string call_id) {
  AmiAction get("Getvar");
  get.add("Channel", channel_of(call_id)).add("Variable", "BRIDGEPEER");
  Result<AmiAnswer> answer = co_await ask(std::move(get));
  if (!answer) co_return std::unexpected(answer.error());
  const std::string peer(answer->response.get("Value"));
  if (!is_channel_name(peer)) co_return fail(ErrorCode::Conflict, "the agent's phone still rings");
  co_return peer;
}

asio::awaitable<void> CallSteering::hang_up(std::string channel) {
  AmiAction hangup("Hangup");
  hangup.add("Channel", channel).add("Cause", "16");
  co_await ask(std::move(hangup));
}

}  // namespace carillon::asterisk
