// What the engine allows to start, and when: pace, gates, intents, opt-outs, stops; of calls of /dial and of contacts
// of campaigns. engine_settling_test.cpp has what follows a cut, a crash or a restart.
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
  for (const auto& event : world.store.ledger.outbox()) told += std::string(to_string(event.type)) + " ";
  EXPECT_EQ(told,
            "carillon.call.status carillon.call.status carillon.call.status carillon.call.key-pressed "
            "carillon.donation.requested carillon.call.status ")
      << "initiated, ringing, in-progress, the key, what it means, completed";
}

TEST(Engine, ThePaceIsKept) {
  World world;
  world.dialer.overall = Pace{5.0, 100};
  std::vector<Time> orders;
  world.node.on_order = [&](const Placement&) { orders.push_back(world.timeline.now()); };
  world.start_engine();
  for (int i = 0; i < 30; ++i) world.dial(number_of(i));
  world.run_for(Duration(20'000));
  ASSERT_EQ(orders.size(), 30u);
  for (std::size_t i = 6; i < orders.size(); ++i) {
    EXPECT_GE(orders[i] - orders[i - 6], Duration(995)) << "a seventh call within a second, at " << i;
  }
}

TEST(Engine, TheCapOnLiveCallsIsKeptAndEveryCallIsPlaced) {
  World world;
  world.dialer.trunks[0].limits.max_live_calls = 3;
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
    EXPECT_TRUE(world.store.ledger.is_suppressed(kAnna));
  };
  world.start_engine();
  world.dial(kAnna);
  world.run_for(Duration(2'900));
  world.commits_by_hand = true;
  world.run_for(Duration(1'000));
  EXPECT_EQ(acknowledged, 0);
  EXPECT_FALSE(world.store.ledger.is_suppressed(kAnna));
  world.store.commit();
  EXPECT_TRUE(world.store.ledger.is_suppressed(kAnna));
  EXPECT_EQ(acknowledged, 0) << "the commit is not known yet";
  world.store.reply();
  EXPECT_EQ(acknowledged, 1);
}

TEST(Engine, AnOptOutInOneCallSkipsTheAttemptThatWaitsForTheSameNumber) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kNeverAgain}); };
  world.connects_when_ready = false;
  world.start_engine();
  const std::string first = world.dial(kAnna);
  const std::string second = world.dial(kAnna, "", "of-another-campaign");
  world.node.connect();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.end_of(first), "completed/human");
  EXPECT_EQ(world.end_of(second), "skipped/skipped");
  EXPECT_EQ(world.store.ledger.find(second)->progress.reason, "suppressed-global");
  EXPECT_EQ(world.orders(second), 0);
}

TEST(Engine, AnOptOutInOneCampaignSkipsTheContactOfAnotherInTheSameCommit) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kNeverAgain}); };
  world.dialer.trunks[0].limits.max_live_calls = 1;
  world.start_engine();
  world.start_campaign("first", {kAnna});
  world.start_campaign("second", {kBert, kAnna});
  while (!world.store.ledger.is_suppressed(kAnna)) ASSERT_TRUE(world.timeline.step());
  EXPECT_EQ(world.store.ledger.find_contact(3)->state, ContactState::kSkipped);
  EXPECT_EQ(world.store.ledger.find_contact(3)->reason, "suppressed-global");
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.attempts_to(kAnna).size(), 2u) << "the call, and the attempt that was skipped";
  EXPECT_EQ(world.contact(kAnna), "done/opted-out");
  EXPECT_EQ(world.contact(kBert), "done/opted-out");
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

TEST(Engine, AnOptOutBetweenTheIntentsCommitAndTheOrderEndsAContactForGood) {
  World world;
  world.connects_when_ready = false;
  world.start_engine();
  world.start_campaign("spring", {kAnna});
  world.reply_delay = [] { return Duration(400); };
  world.node.connect();
  world.node.ring_in("1700.1", kAnna, fates::human({{'9', KeyAction::kOptOut, Duration(100)}}));
  world.run_for(Duration(200));
  const auto ids = world.attempts_to(kAnna);
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_TRUE(world.store.ledger.find(ids[0])->progress.is_intended);
  EXPECT_TRUE(world.node.has_record("in-1700.1", 2)) << "9 was pressed";
  world.run_for(Duration(10'000));
  EXPECT_EQ(world.orders(ids[0]), 0);
  EXPECT_EQ(world.end_of(ids[0]), "canceled/canceled");
  EXPECT_EQ(world.contact(kAnna), "done/opted-out");
  EXPECT_EQ(world.engine->state().live, 0u);
}

TEST(Engine, ASuppressedNumberIsRefusedNowAndSkippedInACampaign) {
  World world;
  world.store.ledger.suppress_number({kAnna, SuppressionLevel::kGlobal, "", "asked by letter", "", {}, {}});
  world.start_engine();
  EXPECT_EQ(world.dial(kAnna).find("refused"), 0u);
  world.start_campaign("spring", {kAnna});
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.contact(kAnna), "skipped/suppressed-global");
  EXPECT_EQ(world.end_of(world.attempts_to(kAnna).at(0)), "skipped/skipped");
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
  EXPECT_EQ(world.store.ledger.attempts().size(), 1u);
}

TEST(Engine, ASecondAttemptToANumberWaitsUntilTheFirstHasEnded) {
  World world;
  int most = 0;
  world.node.on_invite = [&](const std::string&) { most = std::max(most, world.node.calls_to(kAnna)); };
  world.start_engine();
  const std::string first = world.dial(kAnna);
  EXPECT_EQ(world.dial(kAnna).find("refused"), 0u) << "who asks for now is told";
  world.start_campaign("spring", {kAnna});
  world.run_for(Duration(1'000));
  EXPECT_EQ(world.contact(kAnna), "ready/number-open");
  EXPECT_EQ(world.engine->state().live, 1u) << "the one that waits holds no slot";
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.end_of(first), "completed/human");
  EXPECT_EQ(world.contact(kAnna), "done/human");
  EXPECT_EQ(most, 1);
}

TEST(Engine, AttemptsThatAreSkippedAtTheIntentCostNoLook) {
  World world;
  world.connects_when_ready = false;
  world.start_engine();
  for (int i = 0; i < 5; ++i) world.dial(kAnna, "", fmt::format("campaign-{}", i));
  world.store.ledger.suppress_number({kAnna, SuppressionLevel::kGlobal, "", "another call", "", {}, {}});
  int looks = 0;
  world.node.fails_look = [&] { return ++looks < 0; };
  world.node.connect();
  world.run_for(Duration(50'000));
  EXPECT_EQ(world.store.ledger.attempts().size(), 5u);
  for (const auto& [id, row] : world.store.ledger.attempts()) EXPECT_EQ(world.end_of(id), "skipped/skipped");
  EXPECT_EQ(looks, 1) << "the one after the connect";
}

TEST(Engine, OutsideTheWindowNowIsRefusedAndACampaignWaits) {
  World world;
  world.dialer.is_window_enforced = true;
  world.start_engine();
  world.run_for(Duration(100));
  const auto dial = [&](const std::string& number) {
    AttemptRequest request;
    request.number = number;
    request.time_zone = "America/New_York";
    Result<Accepted> answer = fail(ErrorCode::Internal, "");
    world.engine->accept(std::move(request), [&](Result<Accepted> accepted) { answer = std::move(accepted); });
    world.run_for(Duration(100));
    return answer;
  };
  EXPECT_TRUE(dial(kAnna)) << "17:13, open until 20:00";
  EXPECT_EQ(world.node.truths.size(), 1u);
  world.run_for(std::chrono::hours(3));  // 20:13
  const auto refused = dial(kBert);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Held);
  world.start_campaign("spring", {kBert});
  EXPECT_NE(world.campaigns->view("spring")->waits_for.find("outside 09:00-20:00"), std::string::npos);
  world.run_for(std::chrono::hours(12));  // 08:13
  EXPECT_EQ(world.node.truths.size(), 1u);
  world.run_for(std::chrono::hours(1));
  EXPECT_EQ(world.node.truths.size(), 2u) << "called after 09:00";
  EXPECT_EQ(world.contact(kBert), "done/human");
}

TEST(Engine, AnAcceptedCallWhoseWindowClosedBeforeItsTurnWaitsForTheNextDay) {
  World world;
  world.dialer.is_window_enforced = true;
  world.connects_when_ready = false;
  world.start_engine();
  world.run_for(Duration(100));
  AttemptRequest request;
  request.number = kAnna;
  request.time_zone = "America/New_York";
  world.engine->accept(request, [](const Result<Accepted>&) {});
  world.run_for(std::chrono::hours(3));  // 20:13
  world.node.connect();
  world.run_for(std::chrono::minutes(1));
  EXPECT_EQ(world.engine->state().held, 1u);
  EXPECT_TRUE(world.node.truths.empty());
  world.run_for(std::chrono::hours(13));
  EXPECT_EQ(world.node.truths.size(), 1u) << "called after 09:00";
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

TEST(Engine, AfterAStopAContactWhoseIntentWasUnderWayIsReadyAndItsTryNotSpent) {
  World world;
  world.connects_when_ready = false;
  world.start_engine();
  world.start_campaign("spring", {kAnna});
  world.reply_delay = [] { return Duration(400); };
  world.node.connect();
  world.run_for(Duration(200));
  ASSERT_EQ(world.attempts_to(kAnna).size(), 1u) << "durable, and the engine does not know";
  world.engine->stop_starting();
  world.run_for(Duration(60'000));
  EXPECT_TRUE(world.node.truths.empty());
  EXPECT_EQ(world.contact(kAnna), "ready/never-sent");
  EXPECT_EQ(world.store.ledger.find_contact(1)->tries, 0);
}

TEST(Engine, BeyondItsBoundTheQueueRefuses) {
  World world;
  world.connects_when_ready = false;
  world.options.max_waiting = 2;
  world.start_engine();
  world.dial(number_of(1));
  world.dial(number_of(2));
  EXPECT_EQ(world.dial(number_of(3)).find("refused: Too many calls"), 0u);
  EXPECT_EQ(world.store.ledger.attempts().size(), 2u);
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
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(world.dial(number_of(i)));
  world.run_for(Duration(40'000));
  for (const auto& id : ids) EXPECT_EQ(world.end_of(id), "failed/no-response");
  EXPECT_EQ(world.trunk_state(), "down");

  world.node.on_invite = [&](const std::string&) { most = std::max(most, world.node.calls_out()); };
  world.alarm.rings = 0;
  world.campaigns_alarm.rings = 0;
  for (int i = 10; i < 20; ++i) ids.push_back(world.dial(number_of(i)));
  world.run_for(Duration(45'000));
  EXPECT_EQ(world.end_of(ids[5]), "failed/trunk-down");
  EXPECT_EQ(most, 1);
  EXPECT_LT(world.alarm.rings + world.campaigns_alarm.rings, 100) << "waiting for the probe is no busy loop";

  is_dead = false;
  world.run_for(Duration(120'000));
  EXPECT_EQ(world.trunk_state(), "starting") << "it is used again, slowly at first";
  EXPECT_EQ(world.end_of(ids.back()), "busy/busy");
}

TEST(Engine, AProbeThatWasNeverSentDoesNotKeepTheTrunkDown) {
  World world;
  bool is_dead = true;
  world.node.fate_of = [&](const std::string&) { return is_dead ? fates::silent() : fates::busy(); };
  world.start_engine();
  world.run_for(Duration(100));
  for (int i = 0; i < 5; ++i) world.dial(number_of(i));
  world.run_for(Duration(33'000));
  ASSERT_EQ(world.trunk_state(), "down");
  world.commits_by_hand = true;
  world.dial(kAnna);
  world.run_for(Duration(10'000));
  ASSERT_EQ(world.trunk_state(), "probing");
  world.node.cut();  // the intent is not durable yet: its order never leaves
  world.commits_by_hand = false;
  world.commit_and_reply();
  is_dead = false;
  world.node.connect();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.end_of(world.attempts_to(kAnna).at(0)), "busy/busy");
  EXPECT_EQ(world.trunk_state(), "starting") << "it is used again, slowly at first";
}

}  // namespace
}  // namespace carillon
