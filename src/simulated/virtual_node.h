// A telephony server in virtual time, with a carrier behind each trunk and people behind the carriers. It tells the
// engine what a real node tells, in the same order and with the same notes, so that calls end by the same evidence; the
// codes are those that a real Asterisk 22 was seen to give (core/call/outcome_test.cpp). Its connection never breaks.
// Cheap: one timer and a few hundred bytes per live call.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ports/telephony.h"
#include "simulated/carrier.h"
#include "simulated/dice.h"
#include "simulated/population.h"
#include "simulated/timeline.h"

namespace carillon::simulated {

class VirtualNode final : public Telephony {
 public:
  // people outlives the node. max_call: as the dialplan has it.
  VirtualNode(Timeline& timeline, const Population& people, std::map<std::string, CarrierPlan> carriers,
              std::uint64_t seed, Duration max_call);

  // The listener is set: events may come.
  void connect();

  const std::map<std::string, Carrier, std::less<>>& carriers() const { return carriers_; }
  std::int64_t answered_by_mailboxes() const { return answered_by_mailboxes_; }
  std::size_t live() const { return by_id_.size(); }
  std::size_t most_live() const { return most_live_; }

  // ---- Telephony
  bool place(const Placement& placement) override;
  void acknowledge(const std::string& attempt_id, std::uint32_t seq) override;
  void hang_up(const std::string& attempt_id) override;
  void finish(const std::string& attempt_id) override;
  void forget(const std::string& attempt_id, const std::vector<std::uint32_t>& seqs) override;
  void look(std::function<void(Result<NodeSnapshot>)> reply) override;
  NodeState state() const override { return state_; }
  void set_listener(Listener listener) override { listener_ = std::move(listener); }
  void release_events() override {}  // the connection never breaks: nothing is held back

 private:
  using Slot = std::uint32_t;

  // What the channel's timer does next.
  enum class Next : std::uint8_t { kTake, kInvite, kRing, kAnswer, kPress, kHangUp };

  // What the end record and the Hangup event say.
  struct End {
    int q850 = 0;
    int last_sip = 0;
    int tech_sip = 0;
  };

  struct Channel {
    std::string id;  // of the attempt
    std::string number;
    Carrier* carrier = nullptr;  // nothing: there is no such trunk
    std::map<char, KeyAction> keys;
    Fate fate;
    End end;
    Time ordered_at{};
    Duration timeout{0};
    Time answered_at{};
    ChannelState state = ChannelState::kDown;
    Next next = Next::kTake;
    std::uint32_t step = 0;       // of its timer; never goes back, so that a timer of an earlier call means nothing
    std::uint32_t seq = 0;        // of the last note
    std::uint32_t waits_for = 0;  // the opt-out whose confirmation waits for the acknowledgement
    bool holds_channel = false;   // of the carrier
    bool is_placed = false;
  };

  Slot new_slot();
  Channel* find(const std::string& attempt_id);
  void later(Slot slot, Duration wait, Next next);
  void at_time(Slot slot, Time when, Next next) { later(slot, when - timeline_.now(), next); }
  void go_on(Slot slot);

  void take(Slot slot);
  void invite(Slot slot);
  void begin_fate(Slot slot);
  void ring(Slot slot);
  void answer(Slot slot);
  void press(Slot slot);
  void end_call(Slot slot);
  void give_up_at_timeout(Slot slot, End end);
  // A note of the dialplan: into the journal, then over the connection. The record of the order, seq 0, is only kept.
  void write(Channel& channel, const std::string& text);
  Note keep(const Channel& channel, std::uint32_t seq, const std::string& text);
  void tell(const std::string& id, CallEvent event) { listener_.on_event(id, std::move(event)); }

  Timeline& timeline_;
  const Population& people_;
  Dice dice_;
  Duration max_call_;
  Listener listener_;
  NodeState state_;
  std::map<std::string, Carrier, std::less<>> carriers_;  // by trunk
  std::deque<Channel> channels_;                          // by slot; they stay where they are
  std::vector<Slot> free_;
  std::unordered_map<std::string, Slot> by_id_;
  std::unordered_map<std::string, std::vector<Note>> journal_;  // by attempt
  std::unordered_map<std::string, int> calls_to_;               // by number
  std::int64_t calls_ = 0;
  std::int64_t answered_by_mailboxes_ = 0;
  std::size_t most_live_ = 0;
};

}  // namespace carillon::simulated
