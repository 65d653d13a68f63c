// A telephony server and the connection to it, after DESIGN section 4. The server goes on when the engine dies or the
// connection is cut: calls ring, people press keys, the dialplan writes its journal. Only what is told over a
// connection that stands reaches the engine, late, doubled, reordered or not at all as the test wishes.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/telephony.h"
#include "engine/testing/fates.h"
#include "simulated/timeline.h"

namespace carillon::testing {

using simulated::Timeline;

class FakeNode final : public Telephony {
 public:
  // What truly happened to one attempt, for the test alone.
  struct Truth {
    int orders = 0;   // place() was called
    int invites = 0;  // the carrier was asked to ring
    Fate fate = {};
    std::string number = {};
    std::string trunk = {};
    std::map<std::uint32_t, Note> written;  // every record that was ever in the journal
    std::set<std::uint32_t> lost;           // of these, lost by a restart
    std::uint32_t end_seq = 0;              // 0: no end record was written
    bool was_hung_up = false;               // by an order, before it was answered
    bool has_end_record() const { return end_seq != 0 && !lost.contains(end_seq); }
  };
  // The road of one event to the engine.
  struct Road {
    int copies = 1;  // 0: lost
    Duration delay{1};
  };

  explicit FakeNode(Timeline& timeline) : timeline_(timeline) {}

  std::function<Fate(const std::string& number)> fate_of = [](const std::string&) { return fates::human(); };
  // The same with the trunk, for tests in which that matters.
  std::function<Fate(const Placement&)> fate_at = [this](const Placement& placement) {
    return fate_of(placement.number);
  };
  std::function<Road(const std::string& attempt_id, const CallEvent&)> road_of =
      [](const std::string&, const CallEvent&) { return Road{}; };
  std::function<Duration()> command_delay = [] { return Duration(1); };  // of orders, acknowledgements, deletions
  std::function<Duration()> look_delay = [] { return Duration(2); };     // of each of a look's three steps
  std::function<bool()> fails_look = [] { return false; };
  std::function<bool()> takes_unread = [] { return false; };  // at a cut: an order that was written and not read

  std::function<void(const Placement&)> on_order;        // at place()
  std::function<void(const std::string& id)> on_invite;  // the channel is there
  std::function<void(const std::string& id, std::uint32_t seq)> on_written;
  std::function<void(const std::string& id, std::uint32_t seq)> on_acknowledge;
  std::function<void(const std::string& id, const std::vector<std::uint32_t>& seqs)> on_forget;
  // At the server, when it carries out the order: the channel's state, and since when it rings.
  std::function<void(const std::string& id, ChannelState state, Time ringing_since)> on_hang_up;
  std::map<std::string, Truth> truths;

  // ---- what befalls the server and the connection
  void connect() {
    if (state_.is_up) return;
    ++link_;
    is_holding_ = true;
    held_.clear();
    state_ = {true, fmt::format("boot-{}", boot_), ""};
    if (listener_.on_up) listener_.on_up(state_);
  }
  void cut() {
    if (!state_.is_up) return;
    ++link_;
    state_.is_up = false;
    auto unread = std::move(unread_);
    unread_.clear();
    for (auto& placement : unread) {
      if (takes_unread()) take(std::move(placement));
    }
    auto looks = std::move(looks_);
    looks_.clear();
    for (auto& [number, waiting] : looks) {
      timeline_.after(Duration(0), [this, reply = std::move(waiting), engine = engine_] {
        if (engine == engine_) reply(fail(ErrorCode::Telephony, "the connection was lost"));
      });
    }
    if (listener_.on_down) listener_.on_down();
  }
  // The engine is gone: nothing of it may be called any more.
  void lose_engine() {
    ++engine_;
    listener_ = {};
    looks_.clear();
    cut();
  }
  // Calls vanish; what was written to the journal, or deleted from it, in the last moments was not on the disk yet.
  void restart(Duration not_on_disk = Duration(0)) {
    const Time from = timeline_.now() - not_on_disk;
    channels_.clear();
    backlog_.clear();
    unread_.clear();
    for (auto& [id, records] : journal_) {
      std::erase_if(records, [&](const auto& record) {
        if (record.second.at < from) return false;
        truths[id].lost.insert(record.first);
        return true;
      });
    }
    for (auto& gone : deleted_) {
      if (gone.at >= from && gone.record.at < from) journal_[gone.id].emplace(gone.seq, std::move(gone.record));
    }
    deleted_.clear();
    std::erase_if(journal_, [](const auto& of_one) { return of_one.second.empty(); });
    ++boot_;
    cut();
  }
  // Somebody calls us.
  void ring_in(const std::string& channel, const std::string& number, Fate fate) {
    const std::string id = "in-" + channel;
    truths[id].number = number;
    truths[id].fate = fate;
    channels_[channel] = Channel{.attempt_id = id, .number = number, .fate = std::move(fate), .serial = ++serial_};
    answer(channels_[channel], channel);
  }

  // ---- what a test may ask
  int boots() const { return boot_; }
  int calls_out() const {
    int count = 0;
    for (const auto& [id, channel] : channels_) count += channel.attempt_id == id ? 1 : 0;
    return count;
  }
  int calls_to(const std::string& number) const {
    int count = 0;
    for (const auto& [id, channel] : channels_) {
      if (channel.attempt_id == id && channel.number == number) ++count;
    }
    return count;
  }
  // Calls of ours that are there, by what the test asks of their attempts' ids.
  int calls_if(const std::function<bool(const std::string& attempt_id)>& is_meant) const {
    int count = 0;
    for (const auto& [id, channel] : channels_) count += channel.attempt_id == id && is_meant(id) ? 1 : 0;
    return count;
  }
  bool is_idle() const { return channels_.empty() && backlog_.empty() && unread_.empty(); }
  bool has_record(const std::string& id, std::uint32_t seq) const {
    const auto found = journal_.find(id);
    return found != journal_.end() && found->second.contains(seq);
  }
  bool is_journal_empty() const { return journal_.empty(); }

  // ---- Telephony
  bool place(const Placement& placement) override {
    if (!state_.is_up) return false;
    ++truths[placement.attempt_id].orders;
    if (on_order) on_order(placement);
    unread_.push_back(placement);
    timeline_.after(command_delay(), [this, id = placement.attempt_id, link = link_] {
      if (link != link_) return;
      const auto found = std::ranges::find(unread_, id, &Placement::attempt_id);
      if (found == unread_.end()) return;
      Placement next = std::move(*found);
      unread_.erase(found);
      take(std::move(next));
    });
    return true;
  }
  void acknowledge(const std::string& attempt_id, std::uint32_t seq) override {
    if (on_acknowledge) on_acknowledge(attempt_id, seq);
    command([this, attempt_id, seq] {
      const auto found = channels_.find(channel_of(attempt_id));
      if (found == channels_.end() || found->second.waits_for == 0 || seq < found->second.waits_for) return;
      found->second.waits_for = 0;
      found->second.was_confirmed = true;
      proceed(found->second, found->first, Duration(300), [this](Channel&, const std::string& id) { hang_up_now(id); });
    });
  }
  void hang_up(const std::string& attempt_id) override {
    command([this, id = channel_of(attempt_id)] {
      const auto found = channels_.find(id);
      if (found == channels_.end()) return;
      if (found->second.state != ChannelState::kUp) truths[found->second.attempt_id].was_hung_up = true;
      if (on_hang_up) on_hang_up(id, found->second.state, found->second.ringing_since);
      hang_up_now(id);
    });
  }
  // Its prompt ends after a while.
  void finish(const std::string& attempt_id) override {
    command([this, id = channel_of(attempt_id)] {
      const auto found = channels_.find(id);
      if (found == channels_.end() || found->second.state != ChannelState::kUp) return;
      proceed(found->second, found->first, Duration(3'000),
              [this](Channel&, const std::string& ended) { hang_up_now(ended); });
    });
  }
  void forget(const std::string& attempt_id, const std::vector<std::uint32_t>& seqs) override {
    if (on_forget) on_forget(attempt_id, seqs);
    command([this, attempt_id, seqs] {
      const auto found = journal_.find(attempt_id);
      if (found == journal_.end()) return;
      for (const auto seq : seqs) {
        if (auto record = found->second.extract(seq))
          deleted_.push_back({timeline_.now(), attempt_id, seq, std::move(record.mapped())});
      }
      if (found->second.empty()) journal_.erase(found);
    });
  }
  void look(std::function<void(Result<NodeSnapshot>)> reply) override {
    if (!state_.is_up || fails_look()) {
      timeline_.after(Duration(1), [reply = std::move(reply), this, engine = engine_] {
        if (engine == engine_) reply(fail(ErrorCode::Telephony, "no answer"));
      });
      return;
    }
    const int number = ++look_number_;
    looks_[number] = std::move(reply);
    auto snapshot = std::make_shared<NodeSnapshot>();
    const auto step = [this, number](std::function<void()> what) {
      timeline_.after(look_delay(), [this, number, what = std::move(what)] {
        if (looks_.contains(number)) what();
      });
    };
    step([this, number, snapshot, step] {
      for (const auto& [id, channel] : channels_) snapshot->live[id] = channel.state;
      step([this, number, snapshot, step] {
        for (const auto& [id, records] : journal_) {
          for (const auto& [seq, record] : records) snapshot->notes[id].push_back(record.note);
        }
        step([this, number, snapshot] {
          auto done = looks_.extract(number);
          done.mapped()(std::move(*snapshot));
        });
      });
    });
  }
  NodeState state() const override { return state_; }
  void set_listener(Listener listener) override { listener_ = std::move(listener); }
  void release_events() override {
    auto held = std::move(held_);
    held_.clear();
    is_holding_ = false;
    for (auto& [id, event] : held) listener_.on_event(id, std::move(event));
  }

 private:
  struct Record {
    Note note;
    Time at{};
  };
  struct Deleted {
    Time at{};
    std::string id;
    std::uint32_t seq = 0;
    Record record;
  };
  struct Channel {
    std::string attempt_id = {};
    std::string number = {};
    Fate fate = {};
    int serial = 0;
    ChannelState state = ChannelState::kDown;
    Time ringing_since{};
    std::uint32_t seq = 0;
    std::size_t next_press = 0;
    std::optional<Time> answered_at = {};
    std::uint32_t waits_for = 0;  // the opt-out that is not acknowledged yet
    bool was_confirmed = false;
  };

  void command(std::function<void()> what) {
    if (!state_.is_up) return;
    timeline_.after(command_delay(), [this, what = std::move(what), link = link_] {
      if (link == link_) what();
    });
  }
  // Goes on with the channel later, if it is still there.
  void proceed(const Channel& channel, const std::string& id, Duration wait,
               std::function<void(Channel&, const std::string&)> what) {
    timeline_.after(wait, [this, id, serial = channel.serial, what = std::move(what)] {
      const auto found = channels_.find(id);
      if (found != channels_.end() && found->second.serial == serial) what(found->second, id);
    });
  }

  void take(Placement placement) {
    const std::string id = placement.attempt_id;
    tell(id, CallAccepted{});
    Fate fate = fate_at(placement);
    truths[id].fate = fate;
    truths[id].number = placement.number;
    truths[id].trunk = placement.trunk;
    // Asterisk refuses a channel id only while that channel lives.
    const bool is_in_use = channels_.contains(id);
    if (is_in_use || !fate.has_channel) {
      tell(id, OriginateFailed{0});
      return;
    }
    const int ticket = ++serial_;
    backlog_.insert(ticket);
    timeline_.after(fate.backlog, [this, ticket, id, number = placement.number, fate] {
      if (backlog_.erase(ticket) > 0) invite(id, number, fate);
    });
  }
  void invite(const std::string& id, const std::string& number, Fate fate) {
    ++truths[id].invites;
    write(id, 0, fmt::format("placed:{}", to_ms(timeline_.now())));
    Channel& channel = channels_[id] =
        Channel{.attempt_id = id, .number = number, .fate = std::move(fate), .serial = ++serial_};
    if (on_invite) on_invite(id);
    const Fate& plan = channel.fate;
    if (plan.rings_after) {
      proceed(channel, id, *plan.rings_after, [this](Channel& ringing, const std::string& ringing_id) {
        ringing.ringing_since = timeline_.now();
        if (ringing.fate.has_early_media) return tell(ringing_id, CallProgress{});
        ringing.state = ChannelState::kRinging;
        tell(ringing_id, CallRinging{});
      });
    }
    if (plan.answers_after) {
      proceed(channel, id, *plan.answers_after,
              [this](Channel& answered, const std::string& answered_id) { answer(answered, answered_id); });
    } else {
      proceed(channel, id, plan.ends_after, [this](Channel&, const std::string& ended) { hang_up_now(ended); });
    }
  }
  void answer(Channel& channel, const std::string& id) {
    channel.state = ChannelState::kUp;
    channel.answered_at = timeline_.now();
    note(channel, "call-started", channel.number + ":::");
    listen(channel, id);
  }
  void listen(Channel& channel, const std::string& id) {
    if (channel.next_press >= channel.fate.presses.size()) {
      proceed(channel, id, channel.fate.ends_after, [this](Channel&, const std::string& ended) { hang_up_now(ended); });
      return;
    }
    proceed(channel, id, channel.fate.presses[channel.next_press].after,
            [this](Channel& pressing, const std::string& pressing_id) { press(pressing, pressing_id); });
  }
  void press(Channel& channel, const std::string& id) {
    const Press pressed = channel.fate.presses[channel.next_press++];
    if (pressed.action == KeyAction::kOptOut) channel.waits_for = channel.seq + 1;
    note(channel, "dtmf-action", fmt::format("{}:main:{}:{}", pressed.key, to_string(pressed.action), channel.number));
    if (pressed.action != KeyAction::kOptOut) return listen(channel, id);
    // Without an acknowledgement the dialplan goes on after two seconds: the journal is on the disk by then.
    proceed(channel, id, Duration(2'000), [this, seq = channel.seq](Channel& waiting, const std::string& waiting_id) {
      if (waiting.waits_for == seq) hang_up_now(waiting_id);
    });
  }
  // The hangup handler's record first, then the Hangup event.
  void hang_up_now(const std::string& id) {
    Channel channel = std::move(channels_.at(id));
    const Fate& fate = channel.fate;
    const char* state = channel.state == ChannelState::kUp        ? "Up"
                        : channel.state == ChannelState::kRinging ? "Ringing"
                                                                  : "Down";
    const auto talked = channel.answered_at ? timeline_.now() - *channel.answered_at : Duration(0);
    truths[channel.attempt_id].end_seq = channel.seq + 1;
    note(channel, channel.answered_at ? "call-ended" : "call-failed",
         fmt::format("{}:{}:{}:{}", fate.q850, fate.last_sip, state, talked.count()));
    channels_.erase(id);
    if (!channel.answered_at && fate.fails_before_hangup) tell(id, OriginateFailed{fate.originate_reason});
    tell(id, CallHangup{fate.q850, fate.tech_sip, channel.state});
    if (!channel.answered_at && !fate.fails_before_hangup) tell(id, OriginateFailed{fate.originate_reason});
  }
  void note(Channel& channel, const char* fact, const std::string& rest) {
    const Note& written =
        write(channel.attempt_id, ++channel.seq, fmt::format("{}:{}:{}", fact, to_ms(timeline_.now()), rest));
    tell(channel.attempt_id, written);
  }
  const Note& write(const std::string& id, std::uint32_t seq, const std::string& text) {
    Note note = *parse_note(seq, text);
    journal_[id][seq] = {note, timeline_.now()};
    auto& written = truths[id].written[seq] = std::move(note);
    if (on_written) on_written(id, seq);
    return written;
  }
  void tell(const std::string& id, const CallEvent& event) {
    if (!state_.is_up) return;
    const Road road = road_of(id, event);
    for (int copy = 0; copy < road.copies; ++copy) {
      timeline_.after(road.delay * (copy + 1), [this, id, event, link = link_] {
        if (link != link_) return;
        if (is_holding_) {
          held_.emplace_back(id, event);
        } else {
          listener_.on_event(id, event);
        }
      });
    }
  }

  Timeline& timeline_;
  Listener listener_;
  NodeState state_;
  int boot_ = 1;
  int link_ = 0;
  int engine_ = 0;
  int serial_ = 0;
  int look_number_ = 0;
  bool is_holding_ = true;
  std::vector<std::pair<std::string, CallEvent>> held_;
  std::map<int, std::function<void(Result<NodeSnapshot>)>> looks_;
  std::vector<Placement> unread_;
  std::set<int> backlog_;
  std::map<std::string, Channel> channels_;  // by channel id, as channel_of() names it
  std::map<std::string, std::map<std::uint32_t, Record>> journal_;
  std::vector<Deleted> deleted_;
};

}  // namespace carillon::testing
