#include "asterisk/live_calls.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "asterisk/live_channels.h"
#include "base/log.h"

namespace carillon::asterisk {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kGrace{60};  // beyond ringing and the longest call

}  // namespace

LiveCalls::LiveCalls(asio::io_context& io, Node& node, AriConnection& ari, LiveCallsOptions options, OnEnded on_ended)
    : io_(io),
      node_(node),
      ari_(ari),
      steering_(node),
      options_(std::move(options)),
      on_ended_(std::move(on_ended)),
      recordings_timer_(io) {
  node_.set_live_listener({[this](const std::string& id) { on_said(id); },
                           [this](const std::string& channel_id) { on_call_end(channel_id); }});
  ari_.set_listener({[this](const AriEvent& event) { on_event(event); },
                     [this] {
                       asio::co_spawn(io_, look_again(), asio::detached);
                       asio::co_spawn(io_, forget_old_recordings(), asio::detached);
                     },
                     [] {}});
}

void LiveCalls::order(LiveOrder order, Reply<std::optional<LiveSession>> reply) {
  asio::co_spawn(io_, carry_out(std::move(order), std::move(reply)), asio::detached);
}

std::vector<LiveSession> LiveCalls::sessions() const {
  std::vector<LiveSession> all;
  for (const auto& [id, session] : sessions_) all.push_back(session.view);
  return all;
}

LiveMarks LiveCalls::marks(const std::string& call_id) const {
  const auto found = marks_.find(call_id);
  return found == marks_.end() ? LiveMarks{} : found->second.shown;
}

LiveCalls::Session* LiveCalls::find(const std::string& id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

asio::awaitable<void> LiveCalls::carry_out(LiveOrder order, SessionReply reply) {
  switch (order.verb) {
    case LiveVerb::kListen:
    case LiveVerb::kWhisper:
    case LiveVerb::kRecord:
    case LiveVerb::kPlay: {
      Result<LiveSession> begun = co_await begin(std::move(order));
      if (begun) {
        reply(std::optional(std::move(*begun)));
      } else {
        reply(std::unexpected(begun.error()));
      }
      co_return;
    }
    case LiveVerb::kHold:
    case LiveVerb::kUnhold:
    case LiveVerb::kMute:
    case LiveVerb::kUnmute:
    case LiveVerb::kTransfer:
    case LiveVerb::kTakeOver:
    case LiveVerb::kHangUp:
    case LiveVerb::kRelease: break;
  }
  Result<void> done = co_await steer(std::move(order));
  if (done) {
    reply(std::optional<LiveSession>());
  } else {
    reply(std::unexpected(done.error()));
  }
}

// What is done to the call itself, by AMI.
asio::awaitable<Result<void>> LiveCalls::steer(LiveOrder order) {
  const std::string id = order.call_id;
  if (order.verb == LiveVerb::kRelease) {
    end_of_call(id, "released by " + order.by);
    co_return Result<void>();
  }
  Result<CallPlace> place = co_await steering_.find(id);
  if (!place) co_return std::unexpected(place.error());
  if (order.verb == LiveVerb::kHangUp) {
    node_.hang_up(id);
    co_return Result<void>();
  }
  if (!place->is_answered) co_return fail(ErrorCode::Conflict, "the call is not answered yet");
  if (order.verb == LiveVerb::kHold || order.verb == LiveVerb::kUnhold) co_return co_await hold(order, *place);
  if (order.verb == LiveVerb::kMute || order.verb == LiveVerb::kUnmute) {
    const bool is_mute = order.verb == LiveVerb::kMute;
    Result<void> set = co_await steering_.set(id, "MUTEAUDIO(in)", is_mute ? "on" : "off");
    if (set) marks_[id].shown.is_muted = is_mute;
    co_return set;
  }
  co_return co_await hand_over(order);
}

asio::awaitable<Result<void>> LiveCalls::hold(LiveOrder order, CallPlace place) {
  const std::string id = order.call_id;
  const bool is_hold = order.verb == LiveVerb::kHold;
  if (is_hold == place.is_held)
    co_return fail(ErrorCode::Conflict, is_hold ? "the call is held already" : "the call is not held");
  if (!is_hold) {
    Result<void> sent = co_await steering_.send_to(id, "resume");
    if (sent) marks_[id] = {{false, marks_[id].shown.is_muted}, ""};
    co_return sent;
  }
  Result<std::string> peer = std::string();
  if (place.is_with_agent) peer = co_await steering_.peer_of(id);
  if (!peer) co_return std::unexpected(peer.error());
  Result<void> set = co_await steering_.set(id, "CARILLON_LIVE_PROMPT", order.prompt);
  if (!set) co_return set;
  set = co_await steering_.set(id, "CARILLON_LIVE_PEER", *peer);
  if (!set) co_return set;
  Result<void> sent = co_await steering_.send_to(id, "hold", *peer);
  if (sent) marks_[id] = {{true, marks_[id].shown.is_muted}, *peer};
  co_return sent;
}

// To another phone.
asio::awaitable<Result<void>> LiveCalls::hand_over(LiveOrder order) {
  const std::string id = order.call_id;
  // Whoever takes a call over that this phone listens to needs the phone for it.
  std::vector<std::string> of_phone;
  for (const auto& [session_id, session] : sessions_) {
    const bool is_same = session.phone.number == order.phone.number && session.phone.endpoint == order.phone.endpoint;
    if (session.view.call_id == id && is_same && session.has_phone) of_phone.push_back(session_id);
  }
  for (const auto& session_id : of_phone) end(session_id, "the phone takes the call");
  Result<void> set = co_await steering_.set(id, "CARILLON_LIVE_TO", place_of(order.phone));
  if (!set) co_return set;
  Result<void> sent = co_await steering_.send_to(id, order.verb == LiveVerb::kTransfer ? "transfer" : "take-over");
  if (!sent) co_return sent;
  let_peer_go(id);
  marks_[id].shown.is_held = false;
  co_return sent;
}

// An agent who waits for a person who does not come back.
void LiveCalls::let_peer_go(const std::string& call_id) {
  const auto mark = marks_.find(call_id);
  if (mark == marks_.end() || mark->second.peer.empty()) return;
  asio::co_spawn(io_, steering_.hang_up(std::exchange(mark->second.peer, {})), asio::detached);
}

asio::awaitable<Result<LiveSession>> LiveCalls::begin(LiveOrder order) {
  end_expired();
  if (sessions_.size() >= kMaxSessions)
    co_return fail(ErrorCode::QueueFull, fmt::format("{} sessions are under way already", kMaxSessions));
  Result<CallPlace> place = co_await steering_.find(order.call_id);
  if (!place) co_return std::unexpected(place.error());
  if (!place->is_answered) co_return fail(ErrorCode::Conflict, "the call is not answered yet");
  if (place->is_held && (order.verb == LiveVerb::kPlay || order.verb == LiveVerb::kRecord))
    co_return fail(ErrorCode::Conflict, "the call is held");
  if (order.verb == LiveVerb::kWhisper && !place->is_with_agent)
    co_return fail(ErrorCode::Conflict, "there is no agent in this call who could hear it");
  const bool needs_ari = order.verb != LiveVerb::kPlay || place->is_with_agent;
  if (needs_ari && ari_.state().state != "up")
    co_return fail(ErrorCode::Unavailable, ari_.state().state == "off"
                                               ? std::string("it needs ARI: ari.username is not configured")
                                               : "ARI is not connected: " + ari_.state().detail);
  const Time now = wall_clock_now();
  const std::string id = ids_.next(now);
  Session session;
  session.view = {id, order.verb, order.call_id, order.by, "starting", "", now};
  session.phone = order.phone;
  session.prompt = order.prompt;
  session.expires = now + options_.phone_ring + options_.max_call + kGrace;
  if (order.verb == LiveVerb::kRecord) session.view.recording = recording_name(order.call_id, now);
  sessions_[id] = std::move(session);
  const bool is_for_phone = order.verb == LiveVerb::kListen || order.verb == LiveVerb::kWhisper;
  Result<void> begun = is_for_phone ? co_await call_phone(id) : co_await say(id, place->is_with_agent);
  Session* now_there = find(id);
  if (!begun) {
    if (now_there != nullptr) end(id, begun.error().detail);
    co_return std::unexpected(begun.error());
  }
  if (now_there == nullptr) co_return fail(ErrorCode::Conflict, "it ended while it began");
  co_return now_there->view;
}

// A channel of the node has ended; here it matters if it is a call's.
void LiveCalls::on_call_end(const std::string& channel_id) {
  std::erase_if(marks_, [&](const auto& mark) {
    if (channel_of(mark.first) != channel_id) return false;
    let_peer_go(mark.first);
    return true;
  });
  std::set<std::string> calls;
  for (const auto& [id, session] : sessions_) {
    if (channel_of(session.view.call_id) == channel_id) calls.insert(session.view.call_id);
  }
  for (const auto& call_id : calls) end_of_call(call_id, "the call has ended");
}

void LiveCalls::end_of_call(const std::string& call_id, const std::string& why) {
  std::vector<std::string> ids;
  for (const auto& [id, session] : sessions_) {
    if (session.view.call_id == call_id) ids.push_back(id);
  }
  for (const auto& id : ids) end(id, why);
}

// Their end was missed: the connection that would have told it was away.
void LiveCalls::end_expired() {
  std::vector<std::string> ids;
  for (const auto& [id, session] : sessions_) {
    if (session.expires < wall_clock_now()) ids.push_back(id);
  }
  for (const auto& id : ids) end(id, "it lasted longer than a call may");
}

void LiveCalls::end(const std::string& id, const std::string& why) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  const Session session = std::move(found->second);
  sessions_.erase(found);
  // Without ARI they stay for now; look_again() ends them.
  if (session.has_snoop) tell({"DELETE", "channels/" + channel_id(id, kSnoop), {}});
  if (session.has_speaker) tell({"DELETE", "channels/" + channel_id(id, kSpeaker), {}});
  if (session.has_phone) tell({"DELETE", "channels/" + channel_id(id, kPhone), {}});
  if (session.has_bridge) tell({"DELETE", "bridges/" + channel_id(id, kBridge), {}});
  log::info("live_session_ended",
            {{"verb", std::string(to_string(session.view.verb))}, {"attempt", session.view.call_id}, {"why", why}});
  on_ended_(session.view, why);
}

}  // namespace carillon::asterisk
