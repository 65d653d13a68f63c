// Control of calls under way, on one node. Two roads:
//   - what moves a call (play in the menu, hold, transfer, take-over, mute) goes by AMI into its dialplan
//   (CallSteering);
//   - what listens to it or is added to it (listen, whisper, record, play while an agent talks) is a snoop channel
//   beside
//     it in our Stasis application. The call itself never enters Stasis, so losing ARI never disturbs it.
// A session is what has an end of its own. After ARI was lost, sessions whose channels live are followed on, and
// channels of ours that belong to none are ended. On the control thread; destroyed when the io_context no longer runs.
// Limits: kMaxSessions; a session lasts no longer than the longest call.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "asterisk/ari_connection.h"
#include "asterisk/call_steering.h"
#include "base/ulid.h"
#include "core/ports/live_control.h"

namespace carillon::asterisk {

struct LiveCallsOptions {
  std::string store_folder;                       // of stored prompts, absolute, as the node sees it
  std::map<std::string, std::string> caller_ids;  // by trunk: what an operator's phone is shown
  std::chrono::seconds phone_ring{30};
  std::chrono::seconds max_call{600};
  int record_keep_days = 0;  // 0: recordings of ours are left alone
};

class LiveCalls final : public LiveControl {
 public:
  static constexpr std::size_t kMaxSessions = 64;

  using OnEnded = std::function<void(const LiveSession&, const std::string& why)>;

  // on_ended: a session that an order began is over, whatever ended it.
  LiveCalls(boost::asio::io_context& io, Node& node, AriConnection& ari, LiveCallsOptions options, OnEnded on_ended);
  void order(LiveOrder order, Reply<std::optional<LiveSession>> reply) override;
  std::vector<LiveSession> sessions() const override;
  LiveMarks marks(const std::string& call_id) const override;
  AriState ari() const override { return ari_.state(); }

 private:
  struct Session {
    LiveSession view;
    LivePhone phone;
    std::string prompt;      // played first: of play, or the notice before a recording
    bool has_phone = false;  // these channels were asked for and have not ended
    bool has_snoop = false;
    bool has_speaker = false;
    bool has_bridge = false;
    Time expires{};
  };
  struct Mark {
    LiveMarks shown;
    std::string peer;  // an agent's channel that waits while the person is held
  };
  using SessionReply = Reply<std::optional<LiveSession>>;

  boost::asio::awaitable<void> carry_out(LiveOrder order, SessionReply reply);
  boost::asio::awaitable<Result<void>> steer(LiveOrder order);
  boost::asio::awaitable<Result<void>> hold(LiveOrder order, CallPlace place);
  boost::asio::awaitable<Result<void>> hand_over(LiveOrder order);
  void let_peer_go(const std::string& call_id);
  boost::asio::awaitable<Result<LiveSession>> begin(LiveOrder order);
  boost::asio::awaitable<Result<void>> call_phone(std::string id);
  boost::asio::awaitable<Result<void>> say(std::string id, bool is_with_agent);
  boost::asio::awaitable<Result<void>> snoop(std::string id);
  boost::asio::awaitable<Result<void>> join(std::string id);
  boost::asio::awaitable<Result<void>> speak(std::string id);
  boost::asio::awaitable<Result<void>> record(std::string id);
  boost::asio::awaitable<void> look_again();
  boost::asio::awaitable<void> forget_old_recordings();
  // Goes on with a session; an error ends it.
  void go_on(const std::string& id, boost::asio::awaitable<Result<void>> step);
  boost::asio::awaitable<Result<void>> ask(AriRequest request);
  void tell(AriRequest request);

  void on_event(const AriEvent& event);
  void on_stasis_start(const std::string& id, const std::string& role);
  void on_channel_end(const std::string& id, const std::string& role);
  void on_said(const std::string& id);
  void on_call_end(const std::string& channel_id);
  void end(const std::string& id, const std::string& why);
  void end_of_call(const std::string& call_id, const std::string& why);
  void end_expired();
  Session* find(const std::string& id);

  boost::asio::io_context& io_;
  Node& node_;
  AriConnection& ari_;
  CallSteering steering_;
  LiveCallsOptions options_;
  OnEnded on_ended_;
  UlidGenerator ids_ = UlidGenerator::from_entropy();
  std::map<std::string, Session> sessions_;
  std::map<std::string, Mark> marks_;  // of calls that have any; by attempt id
  boost::asio::steady_timer recordings_timer_;
};

}  // namespace carillon::asterisk
