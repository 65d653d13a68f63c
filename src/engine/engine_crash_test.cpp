// Thousands of small worlds, each from one seed: people who press keys, and an engine that is killed, cut off or told
// too little at any point, on a slow disk, with a node that restarts. Whatever happens, nobody is rung twice, no
// opt-out is lost, and every attempt ends as it truly ended.
//   CARILLON_SEED=17 runs that world alone; CARILLON_SEEDS=100000 runs so many.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "engine/testing/world.h"

namespace carillon {
namespace {

using testing::FakeNode;
using testing::Fate;
using testing::Press;
using testing::World;
namespace fates = testing::fates;

struct Contact {
  std::string call_id;
  std::string number;
  Engine::Mode mode = Engine::Mode::kCampaign;
  std::string attempt_id;
  bool was_refused = false;
  bool is_done() const { return was_refused || !attempt_id.empty(); }
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed) {
    choose_world();
    choose_people();
    choose_faults();
    watch();
  }

  std::vector<std::string> problems;

  void run() {
    world_.start_engine();
    const Time last_fault = world_.timeline.now() + Duration(120'000);
    const Time end = world_.timeline.now() + std::chrono::hours(1);
    while (world_.timeline.now() < end && problems.empty()) {
      world_.run_for(Duration(1'000));
      if (world_.timeline.now() > last_fault && is_over()) break;
    }
    check_the_end();
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  Duration between(int from_ms, int to_ms) {
    return Duration(from_ms + static_cast<int>(below(static_cast<std::uint64_t>(to_ms - from_ms + 1))));
  }

  void choose_world() {
    world_.options.pace = Pace{static_cast<double>(1 + below(20)), static_cast<int>(1 + below(8))};
    is_lossy_ = chance(35);
    has_callbacks_ = chance(25);
    is_trunk_dead_ = chance(10);
    const bool is_jittery = chance(50);
    const int slowest_order = chance(30) ? 8'000 : 100;
    const int slowest_look = chance(30) ? 6'000 : 10;
    const int disk = static_cast<int>(below(3));  // quick, slow, sometimes stuck
    auto& node = world_.node;
    node.road_of = [this, is_jittery](const std::string&, const CallEvent&) {
      FakeNode::Road road;
      if (is_jittery) road.delay = between(1, 1'200);
      if (is_lossy_ && chance(8)) road.copies = 0;
      if (chance(5)) road.copies = 2;
      return road;
    };
    node.command_delay = [this] { return between(1, 30); };
    node.look_delay = [this, slowest_look] { return between(1, slowest_look); };
    node.fails_look = [this] { return chance(4); };
    node.takes_unread = [this] { return chance(50); };
    node.fate_of = [this, slowest_order](const std::string& number) {
      Fate fate = fates_.at(number);
      fate.backlog = between(1, slowest_order);
      return fate;
    };
    world_.commit_delay = [this, disk] {
      return disk == 2 && chance(3) ? between(5'000, 15'000) : between(1, disk == 0 ? 4 : 600);
    };
    world_.reply_delay = [this] { return between(0, 5); };
    world_.batch = [this] { return chance(50) ? SIZE_MAX : 1 + below(3); };
  }

  void choose_people() {
    const auto count = 4 + below(10);
    for (std::size_t i = 0; i < count; ++i) {
      Contact contact;
      contact.call_id = fmt::format("order-{}", i);
      contact.number = fmt::format("+1202555{:04}", i);
      if (i > 0 && chance(20)) contact.number = contacts_[below(i)].number;
      if (chance(20)) contact.mode = Engine::Mode::kNow;
      if (!fates_.contains(contact.number)) fates_[contact.number] = choose_fate();
      contacts_.push_back(std::move(contact));
      world_.timeline.after(between(0, 20'000), [this, i] { ask(contacts_[i]); });
      if (chance(15)) world_.timeline.after(between(0, 100'000), [this, i] { ask(contacts_[i]); });
    }
    for (auto inbound = below(3); inbound > 0; --inbound) {
      const std::string number = contacts_[below(count)].number;
      world_.timeline.after(between(0, 40'000), [this, inbound, number] {
        Fate fate = fates::human(choose_presses());
        fate.ends_after = between(100, 40'000);
        world_.node.ring_in(fmt::format("1700000000.{}", inbound), number, fate);
      });
    }
  }

  std::vector<Press> choose_presses() {
    std::vector<Press> presses;
    while (presses.size() < 4 && chance(50)) {
      const Press options[] = {{'1', KeyAction::kDonation}, {'2', KeyAction::kMoreInfo}, {'9', KeyAction::kOptOut}};
      presses.push_back(options[below(3)]);
      presses.back().after = between(1, 4'000);
      if (presses.back().action == KeyAction::kOptOut) break;
    }
    return presses;
  }

  Fate choose_fate() {
    const auto kind = is_trunk_dead_ ? 7 + below(2) : below(14);
    const auto unreachable = fates::fails(480, 19, Outcome::kUnreachable);
    const Fate failures[] = {fates::busy(),        unreachable,        fates::congestion(),
                             fates::rejected(),    fates::no_answer(), fates::invalid_number(),
                             fates::early_media(), fates::silent(),    fates::no_trunk()};
    Fate fate = kind < std::size(failures) ? failures[kind] : fates::human(choose_presses());
    if (fate.rings_after) fate.rings_after = between(1, 2'000);
    if (fate.answers_after) fate.answers_after = between(2'000, 10'000);
    fate.ends_after = fate.answers_after ? between(1, 20'000) : std::max(fate.ends_after, between(2'001, 6'000));
    fate.fails_before_hangup = chance(50);
    return fate;
  }

  // ---- faults: at a time, or at the nth time that something happens
  void choose_faults() {
    for (auto count = below(7); count > 0; --count) {
      const auto trigger = below(6);
      const auto nth = static_cast<int>(1 + below(trigger < 3 ? 8 : 20));
      if (trigger < 5) {
        triggers_[trigger].push_back(nth);
      } else {
        world_.timeline.after(between(0, 90'000), [this] { fault(); });
      }
    }
    world_.on_commit = [this] {
      if (is_due(0)) fault();  // durable, and the engine does not know
    };
  }
  bool is_due(std::size_t trigger) { return std::ranges::count(triggers_[trigger], ++happened_[trigger]) > 0; }
  void fault_soon() {
    world_.timeline.after(between(0, 3), [this] { fault(); });
  }
  void fault() {
    const auto kind = below(11);
    if (kind < 4 && world_.engine) {
      crash();
    } else if (kind == 10 && world_.engine) {
      if (is_stopping_) return;
      is_stopping_ = true;
      world_.engine->stop_starting();
      world_.timeline.after(between(0, 3'000), [this] {
        if (is_stopping_) crash();
      });
    } else if (kind < 8) {
      world_.node.cut();
      connect_soon();
    } else {
      world_.node.restart(between(0, 1'000));
      connect_soon();
    }
  }
  void crash() {
    is_stopping_ = false;
    world_.crash_engine();
    world_.timeline.after(between(0, 15'000), [this] { world_.start_engine(); });
  }
  void connect_soon() {
    world_.timeline.after(between(200, 15'000), [this] {
      if (world_.is_ready) world_.node.connect();
    });
  }

  // ---- the caller of the API: asks again with the same callId until it has an answer
  void ask(Contact& contact) {
    if (world_.is_ready) {
      AttemptRequest request;
      request.call_id = contact.call_id;
      request.number = contact.number;
      world_.engine->accept(request, contact.mode, [this, &contact](const Result<Accepted>& accepted) {
        if (!accepted) {
          contact.was_refused = true;
          const auto code = accepted.error().code;
          if (code == ErrorCode::Unavailable) contact.was_refused = false;  // it is stopping
          expect(!contact.was_refused || code == ErrorCode::Held || code == ErrorCode::NumberBusy,
                 to_string(accepted.error()));
          return;
        }
        const std::string& id = accepted->attempt.request.id;
        expect(contact.attempt_id.empty() || contact.attempt_id == id, "one callId, two attempts");
        contact.attempt_id = id;
      });
    }
    world_.timeline.after(between(500, 5'000), [this, &contact] {
      if (!contact.is_done()) ask(contact);
    });
  }

  void call_back(const std::string& id, std::uint32_t seq) {
    world_.timeline.after(between(1, 2'000), [this, id, seq] {
      if (!world_.is_ready) return;
      world_.engine->deliver(id, world_.node.truths[id].written.at(seq), [this, id, seq](const Result<void>& done) {
        expect(done && world_.store.ledger.has_note(id, seq), "a callback was answered too early: " + id);
      });
    });
  }

  // ---- what must hold at every step
  void expect(bool holds, const std::string& what) {
    if (!holds) problems.push_back(what);
  }

  void watch() {
    auto& node = world_.node;
    const auto& ledger = world_.store.ledger;
    node.on_order = [this, &ledger](const Placement& placement) {
      const auto& id = placement.attempt_id;
      const auto* attempt = ledger.find(id);
      expect(attempt != nullptr && attempt->progress.is_intended, "ordered without a durable intent: " + id);
      expect(attempt != nullptr && attempt->progress.node_boot == world_.node.state().boot, "wrong boot: " + id);
      expect(!ledger.suppressed.contains(placement.number), "ordered a suppressed number: " + id);
      expect(world_.invites(id) == 0, "ordered again after it rang: " + id);
      expect(!is_stopping_, "ordered after the stop: " + id);
      expect(world_.engine->state().is_settled, "ordered before the node was looked at: " + id);
      expect(static_cast<int>(world_.engine->state().live) <= world_.options.pace.max_live, "too many slots");
      if (is_due(1)) fault_soon();
    };
    node.on_invite = [this](const std::string& id) {
      expect(world_.invites(id) == 1, "rang twice: " + id);
      expect(world_.node.calls_to(world_.node.truths[id].number) == 1, "two calls to one number at once: " + id);
      expect(world_.node.calls_out() <= world_.options.pace.max_live, "more calls than allowed");
    };
    node.on_written = [this](const std::string& id, std::uint32_t seq) {
      if (has_callbacks_ && seq > 0 && chance(70)) call_back(id, seq);
      if (is_due(2)) fault_soon();
    };
    node.on_acknowledge = [this, &ledger](const std::string& id, std::uint32_t seq) {
      expect(ledger.has_note(id, seq), "acknowledged before it was durable: " + id);
      expect(ledger.suppressed.contains(world_.node.truths[id].number), "acknowledged, not suppressed: " + id);
      if (is_due(3)) fault_soon();
    };
    node.on_forget = [this, &ledger](const std::string& id, const std::vector<std::uint32_t>& seqs) {
      const auto* attempt = ledger.find(id);
      expect(attempt != nullptr && is_final(attempt->progress.status), "forgot an open call: " + id);
      for (const auto seq : seqs) {
        expect(seq == 0 || ledger.has_note(id, seq), "forgot a record that is not in the ledger: " + id);
      }
      if (is_due(4)) fault_soon();
    };
  }

  bool is_over() const {
    if (!world_.is_ready || !std::ranges::all_of(contacts_, &Contact::is_done)) return false;
    const auto state = world_.engine->state();
    return world_.node.is_idle() && world_.node.is_journal_empty() && world_.store.is_idle() && state.live == 0 &&
           state.waiting == 0 && state.held == 0 && world_.engine->calls().empty();
  }

  // ---- what must hold at the end
  void check_the_end() {
    if (!problems.empty()) return;
    const auto open = world_.is_ready ? world_.engine->calls().size() : 0;
    const auto live = world_.is_ready ? world_.engine->state().live : 0;
    expect(is_over(), fmt::format("it does not come to an end: {} open, {} live, journal {}", open, live,
                                  world_.node.is_journal_empty() ? "empty" : "not empty"));
    for (const auto& violation : world_.store.violations) problems.push_back(violation);
    for (const auto& error : world_.fatal) problems.push_back("fatal: " + error);
    std::set<std::string> call_ids;
    for (const auto& [id, attempt] : world_.store.ledger.attempts) {
      const bool is_outbound = attempt.request.direction == Direction::kOutbound;
      expect(!is_outbound || call_ids.insert(attempt.request.call_id).second, "two attempts for one contact: " + id);
      check_outcome(id, attempt.progress);
      check_events(id, attempt.progress);
    }
    for (const auto& [id, truth] : world_.node.truths) check_notes(id, truth);
  }

  void check_outcome(const std::string& id, const AttemptProgress& progress) {
    const FakeNode::Truth& truth = world_.node.truths[id];
    const std::string words = fmt::format("{} is {} and was {}", id, world_.end_of(id), to_string(truth.fate.truth));
    expect(is_final(progress.status), "not final: " + words);
    const bool is_inbound = id.starts_with("in-");
    const int boots = world_.node.boots();
    const bool has_node_restarted = is_inbound ? boots > 1 : progress.node_boot != fmt::format("boot-{}", boots);
    if (truth.has_end_record()) {
      expect(is_true(progress.outcome, truth.fate, is_lossy_), "wrong: " + words);
    } else if (progress.outcome == Outcome::kUnknown) {
      // A call that never had a channel leaves no record at all: if its refusal was lost as well, nothing can tell.
      const bool has_left_no_trace = truth.fate.truth == Outcome::kTrunkDown;
      expect(has_node_restarted || has_left_no_trace, "unknown without a reason: " + words);
    } else if (truth.invites > 0 || is_inbound) {
      expect(has_node_restarted && is_true(progress.outcome, truth.fate, true), "guessed: " + words);
    } else {
      const bool had_no_trunk = truth.orders > 0 && !truth.fate.has_channel && progress.outcome == Outcome::kTrunkDown;
      expect(progress.outcome == Outcome::kSkipped || had_no_trunk, "never rang: " + words);
    }
  }
  // With half of the evidence lost for good, failed calls are told apart less well; an answered one always is known.
  static bool is_true(Outcome outcome, const Fate& fate, bool has_lost_evidence) {
    if (outcome == fate.truth) return true;
    if (fate.truth == Outcome::kNoResponse && outcome == Outcome::kTrunkDown) return true;
    const std::set coarser{Outcome::kNoAnswer, Outcome::kNoResponse, Outcome::kTrunkDown};
    return has_lost_evidence && fate.truth != Outcome::kHuman && coarser.contains(outcome);
  }

  void check_events(const std::string& id, const AttemptProgress& progress) {
    std::uint32_t next = 1;
    std::string status;
    std::map<EventType, int> counts;
    for (const auto& event : world_.store.ledger.outbox) {
      if (event.attempt_id != id) continue;
      expect(event.sequence == next++, "a gap in the events: " + id);
      ++counts[event.type];
      if (event.type == EventType::kCallStatus) status = event.data;
    }
    expect(progress.next_sequence == next, "the next event would leave a gap: " + id);
    const bool was_never_open = progress.status == CallStatus::kSkipped && next == 1;
    const std::string end = fmt::format("\"status\":\"{}\"", to_string(progress.status));
    expect(was_never_open || status.find(end) != std::string::npos, "the end was not told: " + id);

    std::map<KeyAction, int> keys;
    int all = 0;
    for (const auto& [seq, note] : world_.store.ledger.notes[id]) {
      if (const auto* key = std::get_if<KeyNote>(&note.fact)) ++keys[key->action], ++all;
    }
    expect(counts[EventType::kKeyPressed] == all, "key presses and their events differ: " + id);
    expect(counts[EventType::kDonation] == keys[KeyAction::kDonation], "donations and their events differ: " + id);
    expect(counts[EventType::kOptOut] == keys[KeyAction::kOptOut], "opt-outs and their events differ: " + id);
  }

  void check_notes(const std::string& id, const FakeNode::Truth& truth) {
    const auto& ledger = world_.store.ledger;
    for (const auto& [seq, note] : truth.written) {
      if (seq == 0 || truth.lost.contains(seq)) continue;
      expect(ledger.has_note(id, seq), fmt::format("record {} of {} was not counted", seq, id));
      const auto* key = std::get_if<KeyNote>(&note.fact);
      if (key != nullptr && key->action == KeyAction::kOptOut) {
        expect(ledger.suppressed.contains(truth.number), "an opt-out was lost: " + id);
      }
    }
    const auto counted = ledger.notes.find(id);
    if (counted == ledger.notes.end()) return;
    for (const auto& [seq, note] : counted->second) {
      const auto written = truth.written.find(seq);
      expect(written != truth.written.end() && written->second.text == note.text, "counted what was not: " + id);
    }
  }

  std::mt19937_64 random_;
  World world_;
  bool is_lossy_ = false;
  bool has_callbacks_ = false;  // the dialplan tells its notes by HTTP, too
  bool is_trunk_dead_ = false;
  bool is_stopping_ = false;
  std::deque<Contact> contacts_;
  std::map<std::string, Fate> fates_;
  std::array<std::vector<int>, 5> triggers_;
  std::array<int, 5> happened_{};
};

std::uint64_t number_from(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

TEST(EngineCrash, WhateverHappensNobodyIsRungTwiceAndNothingIsLost) {
  const auto only = number_from("CARILLON_SEED");
  const auto many = number_from("CARILLON_SEEDS");
  const auto last = only != 0 ? only : (many != 0 ? many : 2'000);
  int failed = 0;
  for (auto seed = std::max<std::uint64_t>(only, 1); seed <= last && failed < 5; ++seed) {
    Simulation simulation(seed);
    simulation.run();
    if (simulation.problems.empty()) continue;
    ++failed;
    std::string text;
    for (const auto& problem : simulation.problems) text += "  " + problem + "\n";
    ADD_FAILURE() << "seed " << seed << ":\n"
                  << text << "replay: CARILLON_SEED=" << seed << " test_engine --gtest_filter='EngineCrash.*'";
  }
}

}  // namespace
}  // namespace carillon
