// Thousands of small worlds, each from one seed: people who press keys, called by /dial or by a campaign, and an engine
// that is killed, cut off or told too little at any point, on a slow disk, with a node that restarts. Whatever happens,
// nobody is rung twice, no opt-out is lost, and every attempt ends as it truly ended. test/sim has larger worlds of
// campaigns.
//   CARILLON_SEED=17 runs that world alone; CARILLON_SEEDS=100000 runs so many.
#include <gtest/gtest.h>

#include "engine/testing/dice.h"
#include "engine/testing/seeds.h"
#include "engine/testing/truth_checks.h"
#include "engine/testing/world.h"

namespace carillon {
namespace {

using testing::FakeNode;
using testing::Fate;
using testing::World;
namespace fates = testing::fates;

const Actor kOperator{"operator", true};
constexpr const char* kCampaign = "spring";

struct Person {
  std::string call_id;
  std::string number;
  bool is_on_list = false;  // a contact of the campaign; else somebody asks for a call
  bool is_imported = false;
  std::string attempt_id;
  bool was_refused = false;
  bool is_done() const { return is_on_list ? is_imported : was_refused || !attempt_id.empty(); }
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : dice_(seed) {
    choose_world();
    choose_people();
    choose_faults();
    watch();
  }

  std::vector<std::string> problems;

  void run() {
    world_.start_engine();
    const Time last_fault = world_.timeline.now() + Duration(120'000);
    const Time end = world_.timeline.now() + std::chrono::hours(2);
    while (world_.timeline.now() < end && problems.empty()) {
      world_.run_for(Duration(1'000));
      tend_campaign();
      if (world_.timeline.now() > last_fault) resolve_unknown();
      if (world_.timeline.now() > last_fault && is_over()) break;
    }
    check_the_end();
  }

 private:
  void choose_world() {
    auto& limits = world_.dialer.trunks[0].limits;
    limits.calls_per_second = static_cast<double>(1 + dice_.below(20));
    limits.max_live_calls = static_cast<int>(1 + dice_.below(8));
    is_lossy_ = dice_.chance(35);
    has_callbacks_ = dice_.chance(25);
    is_trunk_dead_ = dice_.chance(10);
    const bool is_jittery = dice_.chance(50);
    const int slowest_order = dice_.chance(30) ? 8'000 : 100;
    const int slowest_look = dice_.chance(30) ? 6'000 : 10;
    const int disk = static_cast<int>(dice_.below(3));  // quick, slow, sometimes stuck
    auto& node = world_.node;
    node.road_of = [this, is_jittery](const std::string&, const CallEvent&) {
      FakeNode::Road road;
      if (is_jittery) road.delay = dice_.between(1, 1'200);
      if (is_lossy_ && dice_.chance(8)) road.copies = 0;
      if (dice_.chance(5)) road.copies = 2;
      return road;
    };
    node.command_delay = [this] { return dice_.between(1, 30); };
    node.look_delay = [this, slowest_look] { return dice_.between(1, slowest_look); };
    node.fails_look = [this] { return dice_.chance(4); };
    node.takes_unread = [this] { return dice_.chance(50); };
    node.fate_of = [this, slowest_order](const std::string& number) {
      Fate fate = fates_.at(number);
      fate.backlog = dice_.between(1, slowest_order);
      return fate;
    };
    world_.commit_delay = [this, disk] {
      return disk == 2 && dice_.chance(3) ? dice_.between(5'000, 15'000) : dice_.between(1, disk == 0 ? 4 : 600);
    };
    world_.reply_delay = [this] { return dice_.between(0, 5); };
    world_.read_reply_delay = [this] { return dice_.between(0, dice_.chance(10) ? 3'000 : 5); };
    world_.batch = [this] { return dice_.chance(50) ? SIZE_MAX : 1 + dice_.below(3); };
  }

  void choose_people() {
    const auto count = 4 + dice_.below(10);
    for (std::size_t i = 0; i < count; ++i) {
      Person person;
      person.call_id = fmt::format("order-{}", i);
      person.number = fmt::format("+1202555{:04}", i);
      if (i > 0 && dice_.chance(20)) person.number = people_[dice_.below(i)].number;
      person.is_on_list = dice_.chance(50);
      if (!fates_.contains(person.number)) fates_[person.number] = dice_.fate(is_trunk_dead_);
      people_.push_back(std::move(person));
      world_.timeline.after(dice_.between(0, 20'000), [this, i] { ask(people_[i]); });
      if (dice_.chance(15)) world_.timeline.after(dice_.between(0, 100'000), [this, i] { ask(people_[i]); });
    }
    for (auto inbound = dice_.below(3); inbound > 0; --inbound) {
      const std::string number = people_[dice_.below(count)].number;
      world_.timeline.after(dice_.between(0, 40'000), [this, inbound, number] {
        Fate fate = fates::human(dice_.presses());
        fate.ends_after = dice_.between(100, 40'000);
        world_.node.ring_in(fmt::format("1700000000.{}", inbound), number, fate);
      });
    }
  }

  // ---- faults: at a time, or at the nth time that something happens
  void choose_faults() {
    for (auto count = dice_.below(7); count > 0; --count) {
      const auto trigger = dice_.below(6);
      const auto nth = static_cast<int>(1 + dice_.below(trigger < 3 ? 8 : 20));
      if (trigger < 5) {
        triggers_[trigger].push_back(nth);
      } else {
        world_.timeline.after(dice_.between(0, 90'000), [this] { fault(); });
      }
    }
    world_.on_commit = [this] {
      if (is_due(0)) fault();  // durable, and the engine does not know
    };
  }
  bool is_due(std::size_t trigger) { return std::ranges::count(triggers_[trigger], ++happened_[trigger]) > 0; }
  void fault_soon() {
    world_.timeline.after(dice_.between(0, 3), [this] { fault(); });
  }
  void fault() {
    const auto kind = dice_.below(11);
    if (kind < 4 && world_.engine) {
      crash();
    } else if (kind == 10 && world_.engine) {
      if (is_stopping_) return;
      is_stopping_ = true;
      world_.engine->stop_starting();
      world_.timeline.after(dice_.between(0, 3'000), [this] {
        if (is_stopping_) crash();
      });
    } else if (kind < 8) {
      world_.node.cut();
      connect_soon();
    } else {
      world_.node.restart(dice_.between(0, 1'000));
      connect_soon();
    }
  }
  void crash() {
    is_stopping_ = false;
    world_.crash_engine();
    world_.timeline.after(dice_.between(0, 15'000), [this] { world_.start_engine(); });
  }
  void connect_soon() {
    world_.timeline.after(dice_.between(200, 15'000), [this] {
      if (world_.is_ready) world_.node.connect();
    });
  }

  // ---- the caller of the API: asks again with the same callId until it has an answer
  void ask(Person& person) {
    if (person.is_on_list) {
      import(person);
    } else if (world_.is_ready) {
      AttemptRequest request;
      request.call_id = person.call_id;
      request.number = person.number;
      world_.engine->accept(request, [this, &person](const Result<Accepted>& accepted) {
        if (!accepted) {
          person.was_refused = true;
          const auto code = accepted.error().code;
          if (code == ErrorCode::Unavailable) person.was_refused = false;  // it is stopping
          expect(!person.was_refused || code == ErrorCode::Held || code == ErrorCode::NumberBusy,
                 to_string(accepted.error()));
          return;
        }
        const std::string& id = accepted->attempt.request.id;
        expect(person.attempt_id.empty() || person.attempt_id == id, "one callId, two attempts");
        person.attempt_id = id;
      });
    }
    world_.timeline.after(dice_.between(500, 5'000), [this, &person] {
      if (!person.is_done()) ask(person);
    });
  }

  // ---- the operator: does again what a crash undid
  void tend_campaign() {
    if (!world_.is_ready || is_stopping_) return;
    const auto view = world_.campaigns->view(kCampaign);
    if (!view) {
      CampaignSettings settings;
      settings.name = kCampaign;
      settings.policy = "none";
      settings.retry = {{Outcome::kBusy, {kTries, Duration(30'000)}}};
      world_.campaigns->create(kCampaign, settings, kOperator, [](const Result<Campaign>&) {});
      return;
    }
    switch (view->campaign.state) {
      case CampaignState::kDraft:
      case CampaignState::kCompleted:
        if (!has_ready_contact()) return;
        world_.campaigns->start_campaign(kCampaign, kOperator, [](const Result<Campaign>&) {});
        return;
      case CampaignState::kScheduled:
      case CampaignState::kRunning:
      case CampaignState::kPaused:
      case CampaignState::kStopping:
      case CampaignState::kCanceled: return;
    }
  }
  bool has_ready_contact() const {
    const auto& ledger = world_.store.ledger;
    for (std::int64_t key = 1; key <= ledger.contacts(); ++key) {
      if (ledger.find_contact(key)->state == ContactState::kReady) return true;
    }
    return false;
  }
  void import(Person& person) {
    const auto view = world_.is_ready ? world_.campaigns->view(kCampaign) : std::nullopt;
    if (!view) return;
    NewContact contact;
    contact.number = person.number;
    world_.store.add_contacts(view->campaign.key, {contact}, [this, &person](const Result<AddedContacts>& added) {
      person.is_imported = person.is_imported || added.has_value();
      world_.campaigns->on_contacts_added(kCampaign);
    });
  }
  void resolve_unknown() {
    if (!world_.is_ready) return;
    for (const auto& [id, row] : world_.store.ledger.attempts()) {
      if (row.attempt.progress.outcome != Outcome::kUnknown || row.resolved_at != Time{}) continue;
      world_.store.resolve(id, Resolution::kLeave, kOperator, [](const Result<void>&) {});
    }
  }

  void call_back(const std::string& id, std::uint32_t seq) {
    world_.timeline.after(dice_.between(1, 2'000), [this, id, seq] {
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
      expect(!ledger.is_suppressed(placement.number), "ordered a suppressed number: " + id);
      expect(world_.invites(id) == 0, "ordered again after it rang: " + id);
      expect(!is_stopping_, "ordered after the stop: " + id);
      expect(world_.engine->state().is_settled, "ordered before the node was looked at: " + id);
      expect(static_cast<int>(world_.engine->state().live) <= world_.dialer.trunks[0].limits.max_live_calls,
             "too many slots");
      if (is_due(1)) fault_soon();
    };
    node.on_invite = [this](const std::string& id) {
      expect(world_.invites(id) == 1, "rang twice: " + id);
      expect(world_.node.calls_to(world_.node.truths[id].number) == 1, "two calls to one number at once: " + id);
      expect(world_.node.calls_out() <= world_.dialer.trunks[0].limits.max_live_calls, "more calls than allowed");
    };
    node.on_written = [this](const std::string& id, std::uint32_t seq) {
      if (has_callbacks_ && seq > 0 && dice_.chance(70)) call_back(id, seq);
      if (is_due(2)) fault_soon();
    };
    node.on_acknowledge = [this, &ledger](const std::string& id, std::uint32_t seq) {
      expect(ledger.has_note(id, seq), "acknowledged before it was durable: " + id);
      expect(ledger.is_suppressed(world_.node.truths[id].number), "acknowledged, not suppressed: " + id);
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
    if (!world_.is_ready || !std::ranges::all_of(people_, &Person::is_done)) return false;
    const auto state = world_.engine->state();
    return world_.node.is_idle() && world_.node.is_journal_empty() && world_.store.is_idle() && state.live == 0 &&
           state.waiting == 0 && state.held == 0 && world_.engine->calls().empty() && is_list_done();
  }
  bool is_list_done() const {
    const auto view = world_.campaigns->view(kCampaign);
    if (!view) return false;
    const auto state = view->campaign.state;
    return !has_ready_contact() && (state == CampaignState::kCompleted || state == CampaignState::kDraft);
  }

  // ---- what must hold at the end
  void check_the_end() {
    if (!problems.empty()) return;
    const auto open = world_.is_ready ? world_.engine->calls().size() : 0;
    const auto live = world_.is_ready ? world_.engine->state().live : 0;
    expect(is_over(), fmt::format("it does not come to an end: {} open, {} live, journal {}", open, live,
                                  world_.node.is_journal_empty() ? "empty" : "not empty"));
    std::set<std::string> call_ids;
    std::map<std::int64_t, int> tries;
    for (const auto& [id, row] : world_.store.ledger.attempts()) {
      const auto& [asked, progress] = row.attempt;
      const bool is_asked_for = asked.direction == Direction::kOutbound && asked.contact_key == 0;
      expect(!is_asked_for || call_ids.insert(asked.call_id).second, "two attempts for one callId: " + id);
      if (asked.contact_key != 0 && progress.intended_at != Time{}) ++tries[asked.contact_key];
    }
    for (const auto& [key, count] : tries) {
      expect(count <= kTries, "a contact was tried too often");
      expect(world_.store.ledger.find_contact(key)->tries == count, "a contact's tries are counted wrong");
    }
    testing::TruthChecks checks(world_, is_lossy_);
    checks.check_all();
    problems.insert(problems.end(), checks.problems.begin(), checks.problems.end());
  }

  static constexpr int kTries = 2;

  testing::Dice dice_;
  World world_;
  bool is_lossy_ = false;
  bool has_callbacks_ = false;  // the dialplan tells its notes by HTTP, too
  bool is_trunk_dead_ = false;
  bool is_stopping_ = false;
  std::deque<Person> people_;
  std::map<std::string, Fate> fates_;
  std::array<std::vector<int>, 5> triggers_;
  std::array<int, 5> happened_{};
};

TEST(EngineCrash, WhateverHappensNobodyIsRungTwiceAndNothingIsLost) {
  testing::for_each_seed(2'000, "EngineCrash", "test_engine", [](std::uint64_t seed) {
    Simulation simulation(seed);
    simulation.run();
    return simulation.problems;
  });
}

}  // namespace
}  // namespace carillon
