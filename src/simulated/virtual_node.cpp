#include "simulated/virtual_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace carillon::simulated {
namespace {

constexpr Duration kCommand{1};   // an order's way over the manager connection
constexpr Duration kBacklog{20};  // from the order to the INVITE
constexpr Duration kLook{2};
constexpr Duration kRefusal{80};  // a carrier says no at once
constexpr Duration kConfirmation{3'000};
constexpr Duration kPromptsEnd{3'000};
// Without an acknowledgement the dialplan confirms after this: its journal is on the disk by then.
constexpr Duration kConfirmsAnyway{2'000};
constexpr int kNoAnswerInTime = 3;  // reason of a failed Originate

// The built-in menu's keys (extensions.conf.in).
constexpr std::pair<char, KeyAction> kBuiltinKeys[] = {{'1', KeyAction::kDonation},
                                                       {'2', KeyAction::kMoreInfo},
                                                       {'3', KeyAction::kAgent},
                                                       {'9', KeyAction::kOptOut},
                                                       {'0', KeyAction::kRepeat}};

// Nothing if the menu has no such action.
std::optional<char> key_for(KeyAction action, const std::map<char, KeyAction>& keys) {
  const auto is_it = [&](const auto& key) { return key.second == action; };
  if (keys.empty()) {
    const auto* found = std::ranges::find_if(kBuiltinKeys, is_it);
    return found == std::end(kBuiltinKeys) ? std::nullopt : std::optional(found->first);
  }
  const auto found = std::ranges::find_if(keys, is_it);
  return found == keys.end() ? std::nullopt : std::optional(found->first);
}

std::string_view word_of(ChannelState state) {
  switch (state) {
    case ChannelState::kUp: return "Up";
    case ChannelState::kRinging: return "Ringing";
    case ChannelState::kDown: return "Down";
    case ChannelState::kOther: return "Other";
  }
  return "";
}

}  // namespace

VirtualNode::VirtualNode(Timeline& timeline, const Population& people, std::map<std::string, CarrierPlan> carriers,
                         std::uint64_t seed, Duration max_call)
    : timeline_(timeline), people_(people), dice_(Dice(seed).of("carrier")), max_call_(max_call) {
  for (auto& [trunk, plan] : carriers) carriers_.emplace(trunk, Carrier(std::move(plan)));
}

void VirtualNode::connect() {
  state_ = {true, "boot-1", ""};
  listener_.on_up(state_);
}

// ---------------------------------------------------------------- orders

bool VirtualNode::place(const Placement& placement) {
  if (!state_.is_up) return false;
  const Slot slot = new_slot();
  Channel& channel = channels_[slot];
  channel.id = placement.attempt_id;
  channel.number = placement.number;
  channel.keys = placement.keys;
  channel.ordered_at = timeline_.now();
  channel.timeout = placement.timeout;
  const auto carrier = carriers_.find(placement.trunk);
  channel.carrier = carrier == carriers_.end() ? nullptr : &carrier->second;
  by_id_.emplace(channel.id, slot);
  most_live_ = std::max(most_live_, by_id_.size());
  later(slot, kCommand, Next::kTake);
  return true;
}

void VirtualNode::acknowledge(const std::string& attempt_id, std::uint32_t seq) {
  Channel* channel = find(attempt_id);
  if (channel == nullptr || channel->waits_for == 0 || seq < channel->waits_for) return;
  channel->waits_for = 0;
  later(by_id_.at(attempt_id), kConfirmation, Next::kHangUp);
}

void VirtualNode::hang_up(const std::string& attempt_id) {
  Channel* channel = find(attempt_id);
  if (channel == nullptr || !channel->is_placed) return;
  if (channel->state != ChannelState::kUp) channel->end = {0, 487, 487};
  later(by_id_.at(attempt_id), kCommand, Next::kHangUp);
}

void VirtualNode::finish(const std::string& attempt_id) {
  Channel* channel = find(attempt_id);
  if (channel == nullptr || channel->state != ChannelState::kUp) return;
  later(by_id_.at(attempt_id), kPromptsEnd, Next::kHangUp);
}

void VirtualNode::forget(const std::string& attempt_id, const std::vector<std::uint32_t>& seqs) {
  const auto found = journal_.find(attempt_id);
  if (found == journal_.end()) return;
  std::erase_if(found->second, [&](const Note& note) { return std::ranges::binary_search(seqs, note.seq); });
  if (found->second.empty()) journal_.erase(found);
}

void VirtualNode::look(std::function<void(Result<NodeSnapshot>)> reply) {
  timeline_.after(kLook, [this, reply = std::move(reply)] {
    NodeSnapshot snapshot;
    for (const auto& [id, slot] : by_id_) {
      if (channels_[slot].is_placed) snapshot.live[id] = channels_[slot].state;
    }
    snapshot.notes.insert(journal_.begin(), journal_.end());
    reply(std::move(snapshot));
  });
}

// ---------------------------------------------------------------- timers

VirtualNode::Slot VirtualNode::new_slot() {
  if (free_.empty()) {
    channels_.emplace_back();
    return static_cast<Slot>(channels_.size() - 1);
  }
  const Slot slot = free_.back();
  free_.pop_back();
  const auto step = channels_[slot].step;
  channels_[slot] = Channel{};
  channels_[slot].step = step;
  return slot;
}

VirtualNode::Channel* VirtualNode::find(const std::string& attempt_id) {
  const auto found = by_id_.find(attempt_id);
  return found == by_id_.end() ? nullptr : &channels_[found->second];
}

// One timer per channel: a new one replaces the last.
void VirtualNode::later(Slot slot, Duration wait, Next next) {
  Channel& channel = channels_[slot];
  channel.next = next;
  // Small enough to need no memory of its own in std::function.
  timeline_.after(wait, [this, slot, step = ++channel.step] {
    if (channels_[slot].step == step) go_on(slot);
  });
}

void VirtualNode::go_on(Slot slot) {
  switch (channels_[slot].next) {
    case Next::kTake: return take(slot);
    case Next::kInvite: return invite(slot);
    case Next::kRing: return ring(slot);
    case Next::kAnswer: return answer(slot);
    case Next::kPress: return press(slot);
    case Next::kHangUp: return end_call(slot);
  }
}

// ---------------------------------------------------------------- the life of a call

void VirtualNode::take(Slot slot) {
  later(slot, kBacklog, Next::kInvite);
  tell(channels_[slot].id, CallAccepted{});
}

void VirtualNode::invite(Slot slot) {
  Channel& channel = channels_[slot];
  if (channel.carrier == nullptr) {  // no channel, no INVITE, no record
    const std::string id = channel.id;
    by_id_.erase(id);
    free_.push_back(slot);
    tell(id, OriginateFailed{0});
    return;
  }
  channel.is_placed = true;
  const Time now = timeline_.now();
  keep(channel, 0, fmt::format("placed:{}", to_ms(now)));
  switch (channel.carrier->take_call(now, dice_.of(static_cast<std::uint64_t>(calls_++)).share())) {
    case Carrier::Answer::kTakes:
      channel.holds_channel = true;
      channel.fate = people_.fate_of(channel.number, calls_to_[channel.number]++, now);
      channel.fate.post_dial_delay =
          std::chrono::round<Duration>(channel.fate.post_dial_delay * channel.carrier->delay_factor(now));
      begin_fate(slot);
      return;
    case Carrier::Answer::kRefuses:
      channel.end = {34, 503, 503};
      later(slot, kRefusal, Next::kHangUp);
      return;
    case Carrier::Answer::kSilent: give_up_at_timeout(slot, {19, 0, 480}); return;
  }
}

void VirtualNode::begin_fate(Slot slot) {
  Channel& channel = channels_[slot];
  const Time heard_at = timeline_.now() + channel.fate.post_dial_delay;
  // Asterisk makes up a 480 where it gave up itself.
  if (heard_at >= channel.ordered_at + channel.timeout) {
    give_up_at_timeout(slot, {19, 0, 480});
    return;
  }
  switch (channel.fate.reaction) {
    case Reaction::kAnswers:
    case Reaction::kMailbox:
    case Reaction::kRings:
    case Reaction::kRejects: at_time(slot, heard_at, Next::kRing); return;
    case Reaction::kBusy: channel.end = {17, 486, 486}; break;
    case Reaction::kUnreachable: channel.end = {19, 480, 480}; break;
    case Reaction::kInvalidNumber: channel.end = {1, 404, 404}; break;
  }
  at_time(slot, heard_at, Next::kHangUp);
}

void VirtualNode::ring(Slot slot) {
  Channel& channel = channels_[slot];
  channel.state = ChannelState::kRinging;
  const bool is_taken_in_time = timeline_.now() + channel.fate.rings < channel.ordered_at + channel.timeout;
  if (channel.fate.reaction == Reaction::kRings || !is_taken_in_time) {
    give_up_at_timeout(slot, {19, 180, 480});
  } else if (channel.fate.reaction == Reaction::kRejects) {
    channel.end = {21, 603, 603};
    later(slot, channel.fate.rings, Next::kHangUp);
  } else {
    later(slot, channel.fate.rings, Next::kAnswer);
  }
  tell(channel.id, CallRinging{});
}

void VirtualNode::answer(Slot slot) {
  Channel& channel = channels_[slot];
  channel.state = ChannelState::kUp;
  channel.answered_at = timeline_.now();
  channel.end = {16, 200, 0};
  channel.fate.talks = std::min(channel.fate.talks, max_call_);
  if (channel.fate.reaction == Reaction::kMailbox) ++answered_by_mailboxes_;
  const bool presses = channel.fate.pressed && key_for(*channel.fate.pressed, channel.keys);
  if (presses && channel.fate.pressed_after < channel.fate.talks) {
    later(slot, channel.fate.pressed_after, Next::kPress);
  } else {
    later(slot, channel.fate.talks, Next::kHangUp);
  }
  write(channel, fmt::format("call-started:{}:{}:::", to_ms(timeline_.now()), channel.number));
}

void VirtualNode::press(Slot slot) {
  Channel& channel = channels_[slot];
  const KeyAction action = *channel.fate.pressed;
  if (action == KeyAction::kOptOut) {
    channel.waits_for = channel.seq + 1;
    later(slot, kConfirmsAnyway + kConfirmation, Next::kHangUp);
  } else {
    later(slot, channel.fate.talks - channel.fate.pressed_after, Next::kHangUp);
  }
  write(channel, fmt::format("dtmf-action:{}:{}:main:{}:{}", to_ms(timeline_.now()), *key_for(action, channel.keys),
                             to_string(action), channel.number));
}

void VirtualNode::give_up_at_timeout(Slot slot, End end) {
  Channel& channel = channels_[slot];
  channel.end = end;
  at_time(slot, channel.ordered_at + channel.timeout, Next::kHangUp);
}

// The hangup handler's record first, then the Hangup event, then what became of the order.
void VirtualNode::end_call(Slot slot) {
  Channel& channel = channels_[slot];
  const bool was_answered = channel.state == ChannelState::kUp;
  const bool has_timed_out = channel.end.tech_sip == 480 && channel.end.last_sip < 400;
  const auto talked = was_answered ? timeline_.now() - channel.answered_at : Duration(0);
  if (channel.holds_channel) channel.carrier->end_call();
  const std::string id = channel.id;
  const CallHangup hangup{channel.end.q850, channel.end.tech_sip, channel.state};
  write(channel, fmt::format("{}:{}:{}:{}:{}:{}", was_answered ? "call-ended" : "call-failed", to_ms(timeline_.now()),
                             channel.end.q850, channel.end.last_sip, word_of(channel.state), talked.count()));
  ++channel.step;
  by_id_.erase(id);
  free_.push_back(slot);
  tell(id, hangup);
  if (!was_answered) tell(id, OriginateFailed{has_timed_out ? kNoAnswerInTime : 0});
}

void VirtualNode::write(Channel& channel, const std::string& text) {
  tell(channel.id, keep(channel, ++channel.seq, text));
}

Note VirtualNode::keep(const Channel& channel, std::uint32_t seq, const std::string& text) {
  auto note = parse_note(seq, text);
  CARILLON_CHECK(note.has_value());
  journal_[channel.id].push_back(*note);
  return *std::move(note);
}

}  // namespace carillon::simulated
