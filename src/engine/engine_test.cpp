// What the engine allows to start, and when: pace, gates, intents, opt-outs, stops. engine_settling_test.cpp has what
// follows a cut, a crash or a restart.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include "engine/testing/world.h"

namespace carillon {
namespace {

using testing::Press;
using testing::World;
namespace fates = testing::fates;

constexpr const char* kAnna = "+12025550101";
constexpr const char* kBert = "+12025550102";
const Press kDonate{'1', KeyAction::kDonation, Duration(1'000)};
const Press kNeverAgain{'9', KeyAction::kOptOut, Duration(1'000)};

std::string number_of(int index) { return fmt::format("+1202555{:04}", index); }

TEST(Engine, ACallIsPlacedTalkedAndTold) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kDonate}); };
  world.start_engine();
  const std::string id = world.dial(kAnna);
  world.run_for(Duration(20'000));
  EXPECT_EQ(world.end_of(id), "completed/human");
  std::string told;
  for (const auto& event : world.store.ledger.outbox) told += std::string(to_string(event.type)) + " ";
  EXPECT_EQ(told,
            "carillon.call.status carillon.call.status carillon.call.status carillon.call.key-pressed "
            "carillon.donation.requested carillon.call.status ")
      << "initiated, ringing, in-progress, the key, what it means, completed";
}

TEST(Engine, ThePaceIsKept) {
  World world;
  world.options.pace = Pace{5.0, 100};
  std::vector<Time> orders;
  world.node.on_order = [&](const Placement&) { orders.push_back(world.timeline.now()); };
  world.start_engine();
  for (int i = 0; i < 30; ++i) world.dial(number_of(i));
  world.run_for(Duration(10'000));
  ASSERT_EQ(orders.size(), 30u);
  for (std::size_t i = 6; i < orders.size(); ++i) {
    EXPECT_GE(orders[i] - orders[i - 6], Duration(995)) << "a seventh call within a second, at " << i;
  }
}

TEST(Engine, TheCapOnLiveCallsIsKeptAndEveryCallIsPlaced) {
  World world;
  world.options.pace.max_live = 3;
  int most = 0;
  world.node.on_invite = [&](const std::string&) { most = std::max(most, world.node.calls_out()); };
  world.start_engine();
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(world.dial(number_of(i)));
  world.run_for(Duration(60'000));
  for (const auto& id : ids) EXPECT_EQ(world.end_of(id), "completed/human");
  EXPECT_EQ(most, 3);
  EXPECT_EQ(world.engine->state().live, 0u);
}

TEST(Engine, NoOrderLeavesBeforeItsIntentIsDurable) {
  World world;
  world.node.on_order = [&](const Placement& placement) {
    const auto* attempt = world.store.ledger.find(placement.attempt_id);
    ASSERT_NE(attempt, nullptr);
    EXPECT_TRUE(attempt->progress.is_intended);
    EXPECT_EQ(attempt->progress.node_boot, "boot-1");
  };
  world.start_engine();
  world.run_for(Duration(100));
  world.commits_by_hand = true;
  const std::string id = world.dial(kAnna);
  world.run_for(Duration(5'000));
  EXPECT_EQ(world.orders(id), 0) << "the intent waits for its commit";
  world.store.commit();
  world.run_for(Duration(5'000));
  EXPECT_EQ(world.orders(id), 0) << "the engine does not know yet that it is durable";
  world.store.reply();
  EXPECT_EQ(world.orders(id), 1);
}

TEST(Engine, AnOptOutIsAcknowledgedOnlyWhenItIsDurable) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kNeverAgain}); };
  int acknowledged = 0;
  world.node.on_acknowledge = [&](const std::string&, std::uint32_t seq) {
    ++acknowledged;
    EXPECT_EQ(seq, 2u);
    EXPECT_TRUE(world.store.ledger.suppressed.contains(kAnna));
  };
  world.start_engine();
  world.dial(kAnna);
  world.run_for(Duration(2'900));
  world.commits_by_hand = true;
  world.run_for(Duration(1'000));
  EXPECT_EQ(acknowledged, 0);
  EXPECT_FALSE(world.store.ledger.suppressed.contains(kAnna));
  world.store.commit();
  EXPECT_TRUE(world.store.ledger.suppressed.contains(kAnna));
  EXPECT_EQ(acknowledged, 0) << "the commit is not known yet";
  world.store.reply();
  EXPECT_EQ(acknowledged, 1);
}

TEST(Engine, AnOptOutInOneCallHoldsTheAttemptThatWaitsForTheSameNumber) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kNeverAgain}); };
  world.start_engine();
  const std::string first = world.dial(kAnna);
  const std::string second = world.dial(kAnna);
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.end_of(first), "completed/human");
  EXPECT_EQ(world.end_of(second), "skipped/skipped");
  EXPECT_EQ(world.store.ledger.find(second)->progress.reason, "suppressed (global): opt-out by key");
  EXPECT_EQ(world.orders(second), 0);
}

TEST(Engine, AnOptOutBetweenTheIntentsCommitAndTheOrderHoldsIt) {
  World world;
  world.start_engine();
  world.run_for(Duration(100));
  world.node.ring_in("1700.1", kAnna, fates::human({kNeverAgain}));
  world.run_for(Duration(900));
  world.commits_by_hand = true;
  const std::string id = world.dial(kAnna);  // the intent is submitted
  world.store.commit();                      // and durable, before the key is pressed
  EXPECT_TRUE(world.store.ledger.find(id)->progress.is_intended);
  world.run_for(Duration(500));
  EXPECT_TRUE(world.node.has_record("in-1700.1", 2)) << "9 was pressed";
  world.store.reply();
  EXPECT_EQ(world.orders(id), 0);
  world.commit_and_reply();
  EXPECT_EQ(world.end_of(id), "skipped/skipped");
  EXPECT_EQ(world.engine->state().live, 0u);
}

TEST(Engine, ASuppressedNumberIsRefusedNowAndSkippedInACampaign) {
  World world;
  world.store.ledger.suppressed[kAnna] = "earlier";
  world.start_engine();
  EXPECT_EQ(world.dial(kAnna, "", Engine::Mode::kNow).find("refused"), 0u);
  EXPECT_EQ(world.end_of(world.dial(kAnna)), "skipped/skipped");
  world.run_for(Duration(60'000));
  EXPECT_TRUE(world.node.truths.empty());
}

TEST(Engine, ARepeatedCallIdGivesTheSameAttemptAndNoSecondOrder) {
  World world;
  world.start_engine();
  const std::string id = world.dial(kAnna, "order-7");
  EXPECT_EQ(world.dial(kAnna, "order-7"), id);
  world.run_for(Duration(20'000));
  EXPECT_EQ(world.dial(kAnna, "order-7"), id) << "also when it has ended";
  world.crash_engine();
  world.start_engine();
  world.run_for(Duration(1'000));
  EXPECT_EQ(world.dial(kAnna, "order-7"), id) << "and after a restart";
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.orders(id), 1);
  EXPECT_EQ(world.store.ledger.attempts.size(), 1u);
}

TEST(Engine, ASecondAttemptToANumberWaitsUntilTheFirstHasEnded) {
  World world;
  int most = 0;
  world.node.on_invite = [&](const std::string&) { most = std::max(most, world.node.calls_to(kAnna)); };
  world.start_engine();
  const std::string first = world.dial(kAnna);
  EXPECT_EQ(world.dial(kAnna, "", Engine::Mode::kNow).find("refused"), 0u) << "who asks for now is told";
  const std::string second = world.dial(kAnna);
  world.run_for(Duration(1'000));
  EXPECT_EQ(world.engine->state().live, 1u) << "the one that waits holds no slot";
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.end_of(first), "completed/human");
  EXPECT_EQ(world.end_of(second), "completed/human");
  EXPECT_EQ(most, 1);
}

TEST(Engine, AttemptsThatAreSkippedAtTheIntentCostNoLook) {
  World world;
  world.connects_when_ready = false;
  world.start_engine();
  for (int i = 0; i < 5; ++i) world.dial(kAnna);
  world.store.ledger.suppressed[kAnna] = "another call";
  int looks = 0;
  world.node.fails_look = [&] { return ++looks < 0; };
  world.node.connect();
  world.run_for(Duration(50'000));
  for (const auto& [id, attempt] : world.store.ledger.attempts) EXPECT_EQ(world.end_of(id), "skipped/skipped");
  EXPECT_EQ(looks, 1) << "the one after the connect";
}

TEST(Engine, OutsideTheWindowNowIsRefusedAndACampaignWaits) {
  World world;
  world.options.is_window_enforced = true;
  world.start_engine();
  world.run_for(Duration(100));
  const auto ask = [&](Engine::Mode mode) {
    AttemptRequest request;
    request.number = kAnna;
    request.time_zone = "America/New_York";  // 17:13
    world.engine->accept(std::move(request), mode, [](const Result<Accepted>&) {});
    world.run_for(Duration(100));
  };
  ask(Engine::Mode::kNow);
  EXPECT_EQ(world.node.truths.size(), 1u) << "open until 20:00";
  world.run_for(std::chrono::hours(3));  // 20:13
  Result<Accepted> refused = fail(ErrorCode::Internal, "");
  AttemptRequest late;
  late.number = kBert;
  late.time_zone = "America/New_York";
  world.engine->accept(late, Engine::Mode::kNow, [&](Result<Accepted> accepted) { refused = std::move(accepted); });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Held);
  ask(Engine::Mode::kCampaign);
  EXPECT_EQ(world.engine->state().held, 1u);
  world.run_for(std::chrono::hours(12));  // 08:13
  EXPECT_EQ(world.node.truths.size(), 1u);
  world.run_for(std::chrono::hours(1));
  EXPECT_EQ(world.node.truths.size(), 2u) << "called after 09:00";
}

TEST(Engine, AfterAStopNoOrderLeavesNotEvenForAnIntentUnderWay) {
  World world;
  world.start_engine();
  world.run_for(Duration(100));
  const std::string talking = world.dial(kBert);
  world.run_for(Duration(1'000));
  world.commits_by_hand = true;
  const std::string id = world.dial(kAnna);
  world.engine->stop_starting();
  world.commit_and_reply();
  world.commits_by_hand = false;
  world.commit_and_reply();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.orders(id), 0);
  EXPECT_EQ(world.end_of(id), "queued/") << "it waits for the next start";
  EXPECT_FALSE(world.store.ledger.find(id)->progress.is_intended);
  EXPECT_EQ(world.end_of(talking), "completed/human") << "calls under way go on";
  EXPECT_EQ(world.dial(kAnna).find("refused"), 0u);
}

TEST(Engine, BeyondItsBoundTheQueueRefuses) {
  World world;
  world.connects_when_ready = false;
  world.options.max_waiting = 2;
  world.start_engine();
  world.dial(number_of(1));
  world.dial(number_of(2));
  EXPECT_NE(world.dial(number_of(3)).find("too many"), 0u);
  EXPECT_EQ(world.store.ledger.attempts.size(), 2u);
}

TEST(Engine, ALedgerThatCannotBeWrittenIsFatalAndNothingIsOrdered) {
  World world;
  world.start_engine();
  world.run_for(Duration(100));
  world.commits_by_hand = true;
  const std::string id = world.dial(kAnna);
  world.store.failure = Error(ErrorCode::Ledger, "disk full");
  world.commit_and_reply();
  EXPECT_EQ(world.fatal.size(), 1u);
  EXPECT_EQ(world.orders(id), 0);
}

TEST(Engine, ACallbackIsAnsweredWhenItsNoteIsDurableAlsoIfItWasTold) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kNeverAgain}); };
  world.start_engine();
  const std::string id = world.dial(kAnna);
  world.run_for(Duration(2'900));
  world.commits_by_hand = true;
  world.run_for(Duration(500));  // the UserEvent of the opt-out is here, its commit is not
  int answers = 0;
  world.engine->deliver(id, world.node.truths[id].written.at(2), [&](const Result<void>&) {
    ++answers;
    EXPECT_TRUE(world.store.ledger.has_note(id, 2));
  });
  EXPECT_EQ(answers, 0);
  world.commit_and_reply();
  EXPECT_EQ(answers, 1);
}

TEST(Engine, SilentCallsInARowAreADeadTrunkAndThenOneProbeAtATime) {
  World world;
  bool is_dead = true;
  world.node.fate_of = [&](const std::string&) { return is_dead ? fates::silent() : fates::busy(); };
  int most = 0;
  world.start_engine();
  world.run_for(Duration(100));
  world.options.pace.max_live = 20;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(world.dial(number_of(i)));
  world.run_for(Duration(40'000));
  for (const auto& id : ids) EXPECT_EQ(world.end_of(id), "failed/no-response");
  EXPECT_TRUE(world.engine->state().is_trunk_suspect);

  world.node.on_invite = [&](const std::string&) { most = std::max(most, world.node.calls_out()); };
  world.alarm.rings = 0;
  for (int i = 10; i < 20; ++i) ids.push_back(world.dial(number_of(i)));
  world.run_for(Duration(35'000));
  EXPECT_EQ(world.end_of(ids[5]), "failed/trunk-down");
  EXPECT_EQ(most, 1);
  EXPECT_LT(world.alarm.rings, 100) << "waiting for the probe is no busy loop";

  is_dead = false;
  world.run_for(Duration(60'000));
  EXPECT_FALSE(world.engine->state().is_trunk_suspect);
  EXPECT_EQ(world.end_of(ids.back()), "busy/busy");
}

}  // namespace
}  // namespace carillon
