// LiveCalls' part by ARI: channels beside the call, step by step as Asterisk tells of them.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "asterisk/live_calls.h"
#include "asterisk/live_channels.h"
#include "base/log.h"

namespace carillon::asterisk {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::hours kForgetEvery{1};

}  // namespace

asio::awaitable<Result<void>> LiveCalls::ask(AriRequest request) {
  Result<AriAnswer> answer = co_await ari_.ask(std::move(request));
  if (!answer) co_return std::unexpected(answer.error());
  if (answer->is_success()) co_return Result<void>();
  co_return fail(answer->status == 404 ? ErrorCode::NotFound : ErrorCode::Telephony, refusal_of(*answer));
}

// What it asks for may be done already.
void LiveCalls::tell(AriRequest request) {
  ari_.ask(std::move(request), [](const Result<AriAnswer>&) {});
}

void LiveCalls::go_on(const std::string& id, asio::awaitable<Result<void>> step) {
  const auto watch = [](LiveCalls* self, std::string session,
                        asio::awaitable<Result<void>> awaited) -> asio::awaitable<void> {
    Result<void> done = co_await std::move(awaited);
    if (!done) self->end(session, done.error().detail);
  };
  asio::co_spawn(io_, watch(this, id, std::move(step)), asio::detached);
}

// ---- listen and whisper: the operator's phone first, so that nothing is heard before somebody is there to hear it

asio::awaitable<Result<void>> LiveCalls::call_phone(std::string id) {
  Session* session = find(id);
  session->has_phone = true;
  session->view.state = "ringing";
  AriRequest request{"POST",
                     "channels",
                     {{"endpoint", "PJSIP/" + place_of(session->phone)},
                      {"app", ari_.app()},
                      {"channelId", channel_id(id, kPhone)},
                      {"timeout", std::to_string(options_.phone_ring.count())}}};
  const auto caller_id = options_.caller_ids.find(session->phone.endpoint);
  if (caller_id != options_.caller_ids.end()) request.query.emplace_back("callerId", caller_id->second);
  co_return co_await ask(std::move(request));
}

asio::awaitable<Result<void>> LiveCalls::snoop(std::string id) {
  Session* session = find(id);
  if (session == nullptr) co_return Result<void>();  // ended meanwhile; so in all steps
  session->has_snoop = true;
  // The agent is on the other side of the person's channel: what comes "in" from it is what the agent hears.
  const bool is_whisper = session->view.verb == LiveVerb::kWhisper;
  co_return co_await ask(
      {"POST",
       fmt::format("channels/{}/snoop/{}", channel_of(session->view.call_id), channel_id(id, kSnoop)),
       {{"app", ari_.app()}, {"spy", "both"}, {"whisper", is_whisper ? "in" : "none"}}});
}

asio::awaitable<Result<void>> LiveCalls::join(std::string id) {
  Session* session = find(id);
  if (session == nullptr) co_return Result<void>();
  session->has_bridge = true;
  const auto bridge = channel_id(id, kBridge);
  Result<void> made = co_await ask({"POST", "bridges/" + bridge, {{"type", "mixing"}}});
  if (!made) co_return made;
  const auto both = fmt::format("{},{}", channel_id(id, kSnoop), channel_id(id, kPhone));
  Result<void> added = co_await ask({"POST", fmt::format("bridges/{}/addChannel", bridge), {{"channel", both}}});
  if (session = find(id); added && session != nullptr) session->view.state = "active";
  co_return added;
}

// ---- play, and the notice before a recording

// In the menu the dialplan plays it, so that it is not mixed with the message; while an agent talks it is mixed in, and
// both hear it.
asio::awaitable<Result<void>> LiveCalls::say(std::string id, bool is_with_agent) {
  Session* session = find(id);
  session->view.state = session->view.verb == LiveVerb::kRecord ? "notice" : "active";
  const std::string call_id = session->view.call_id;
  if (is_with_agent) {
    session->has_speaker = true;
    co_return co_await ask({"POST",
                            fmt::format("channels/{}/snoop/{}", channel_of(call_id), channel_id(id, kSpeaker)),
                            {{"app", ari_.app()}, {"spy", "none"}, {"whisper", "both"}}});
  }
  Result<void> set = co_await steering_.set(call_id, "CARILLON_LIVE_PROMPT", session->prompt);
  if (!set) co_return set;
  set = co_await steering_.set(call_id, "CARILLON_LIVE_ORDER", id);
  if (!set) co_return set;
  co_return co_await steering_.send_to(call_id, "play");
}

asio::awaitable<Result<void>> LiveCalls::speak(std::string id) {
  Session* session = find(id);
  if (session == nullptr) co_return Result<void>();
  const auto media = fmt::format("sound:{}/{}", options_.store_folder, session->prompt);
  co_return co_await ask({"POST", fmt::format("channels/{}/play", channel_id(id, kSpeaker)), {{"media", media}}});
}

// The prompt was heard to its end.
void LiveCalls::on_said(const std::string& id) {
  Session* session = find(id);
  if (session == nullptr) return;
  if (session->has_speaker) {
    session->has_speaker = false;
    tell({"DELETE", "channels/" + channel_id(id, kSpeaker), {}});
  }
  if (session->view.verb == LiveVerb::kPlay) {
    end(id, "played");
  } else if (session->view.state == "notice") {
    session->view.state = "starting";
    go_on(id, snoop(id));
  }
}

asio::awaitable<Result<void>> LiveCalls::record(std::string id) {
  Session* session = find(id);
  if (session == nullptr) co_return Result<void>();
  const AriRequest request{"POST",
                           fmt::format("channels/{}/record", channel_id(id, kSnoop)),
                           {{"name", session->view.recording},
                            {"format", "wav"},
                            {"ifExists", "fail"},
                            {"maxDurationSeconds", std::to_string(options_.max_call.count())}}};
  Result<void> begun = co_await ask(request);
  if (session = find(id); begun && session != nullptr) session->view.state = "active";
  co_return begun;
}

// ---- what Asterisk tells

void LiveCalls::on_event(const AriEvent& event) {
  const auto channel = parse_channel_id(event.channel);
  if (!channel) return;
  const auto& [id, role] = *channel;
  switch (event.type) {
    case AriEventType::kStasisStart: on_stasis_start(id, role); return;
    case AriEventType::kStasisEnd:
    case AriEventType::kChannelDestroyed: on_channel_end(id, role); return;
    case AriEventType::kChannelDtmfReceived:
      if (role == kPhone && event.digit == "*") end(id, "left by key *");
      return;
    case AriEventType::kPlaybackFinished:
      if (role == kSpeaker) on_said(id);
      return;
    case AriEventType::kRecordingFinished: end(id, "recorded"); return;
    case AriEventType::kRecordingFailed: end(id, "the recording failed: " + event.detail); return;
    case AriEventType::kOther: return;
  }
}

void LiveCalls::on_stasis_start(const std::string& id, const std::string& role) {
  Session* session = find(id);
  if (session == nullptr) {
    // It was ended while it began.
    tell({"DELETE", "channels/" + channel_id(id, role), {}});
    return;
  }
  if (role == kPhone) {
    session->view.state = "starting";
    go_on(id, snoop(id));
  } else if (role == kSpeaker) {
    go_on(id, speak(id));
  } else if (role == kSnoop) {
    go_on(id, session->view.verb == LiveVerb::kRecord ? record(id) : join(id));
  }
}

void LiveCalls::on_channel_end(const std::string& id, const std::string& role) {
  Session* session = find(id);
  if (session == nullptr) return;
  if (role == kPhone) {
    session->has_phone = false;
    end(id, "the phone hung up");
  } else if (role == kSnoop) {
    session->has_snoop = false;
    end(id, "the call has ended");
  } else if (role == kSpeaker && session->has_speaker) {
    session->has_speaker = false;
    end(id, "the call has ended");
  }
}

// After ARI was away: what is ours there, and what is not there any more.
asio::awaitable<void> LiveCalls::look_again() {
  std::vector<std::string> known;
  for (const auto& [id, session] : sessions_) known.push_back(id);
  Result<AriAnswer> channels = co_await ari_.ask(AriRequest{"GET", "channels", {}});
  Result<AriAnswer> bridges = co_await ari_.ask(AriRequest{"GET", "bridges", {}});
  if (!channels || !channels->is_success() || !bridges || !bridges->is_success()) co_return;  // lost again
  const auto live = parse_ari_list(channels->body, "id");
  const auto joined = parse_ari_list(bridges->body, "id");
  if (!live || !joined) co_return;
  for (const auto& id : known) {
    const Session* session = find(id);
    if (session == nullptr) continue;
    const bool is_whole = (!session->has_phone || live->contains(channel_id(id, kPhone))) &&
                          (!session->has_snoop || live->contains(channel_id(id, kSnoop))) &&
                          (!session->has_speaker || live->contains(channel_id(id, kSpeaker))) &&
                          (!session->has_bridge || joined->contains(channel_id(id, kBridge)));
    // What began while nobody listened is not gone on with.
    const bool is_begun = session->view.state == "active" || session->view.state == "notice";
    if (!is_whole || !is_begun) end(id, "ARI was away");
  }
  for (const auto& channel : *live) {
    const auto ours = parse_channel_id(channel);
    if (ours && find(ours->session) == nullptr) tell({"DELETE", "channels/" + channel, {}});
  }
  for (const auto& bridge : *joined) {
    const auto ours = parse_channel_id(bridge);
    if (ours && find(ours->session) == nullptr) tell({"DELETE", "bridges/" + bridge, {}});
  }
}

// Now, and every hour as long as ARI is up.
asio::awaitable<void> LiveCalls::forget_old_recordings() {
  while (options_.record_keep_days > 0 && ari_.state().state == "up") {
    Result<AriAnswer> stored = co_await ari_.ask(AriRequest{"GET", "recordings/stored", {}});
    const auto names = stored && stored->is_success() ? parse_ari_list(stored->body, "name")
                                                      : fail(ErrorCode::Telephony, "no list of recordings");
    const Time oldest = wall_clock_now() - std::chrono::hours(24 * options_.record_keep_days);
    int forgotten = 0;
    for (const auto& name : names.value_or(std::set<std::string>())) {
      const auto began = recording_time(name);
      if (!began || *began >= oldest) continue;
      tell({"DELETE", "recordings/stored/" + net::percent_encode(name), {}});
      ++forgotten;
    }
    if (forgotten > 0) log::info("recordings_forgotten", {{"count", std::to_string(forgotten)}});
    boost::system::error_code error;
    recordings_timer_.expires_after(kForgetEvery);
    co_await recordings_timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;  // begun anew
  }
}

}  // namespace carillon::asterisk
