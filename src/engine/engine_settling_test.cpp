// What the engine makes of a node that it lost sight of: cuts, crashes, restarts, lost events, the journal.
#include <gtest/gtest.h>

#include "engine/testing/world.h"

namespace carillon {
namespace {

using testing::FakeNode;
using testing::Fate;
using testing::Press;
using testing::World;
namespace fates = testing::fates;

constexpr const char* kAnna = "+12025550101";
constexpr const char* kBert = "+12025550102";
const Press kDonate{'1', KeyAction::kDonation, Duration(1'000)};
const Press kNeverAgain{'9', KeyAction::kOptOut, Duration(1'000)};

std::string number_of(int index) { return fmt::format("+1202555{:04}", index); }

TEST(Settling, NothingIsOrderedWhileTheNodeIsDownOrNotLookedAt) {
  World world;
  world.connects_when_ready = false;
  world.node.look_delay = [] { return Duration(1'000); };
  world.start_engine();
  const std::string id = world.dial(kAnna);
  world.run_for(Duration(30'000));
  world.node.connect();
  world.run_for(Duration(2'900));
  EXPECT_EQ(world.orders(id), 0);
  EXPECT_EQ(world.store.ledger.find(id)->progress.is_intended, false);
  world.run_for(Duration(200));
  EXPECT_EQ(world.orders(id), 1);
}

TEST(Settling, EndedCallsLeaveMemoryAndExactlyTheirRecordsAreForgotten) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kDonate}); };
  std::vector<std::uint32_t> forgotten;
  world.node.on_forget = [&](const std::string& id, const std::vector<std::uint32_t>& seqs) {
    for (const auto seq : seqs) {
      EXPECT_TRUE(seq == 0 || world.store.ledger.has_note(id, seq)) << "record " << seq << " is not in the ledger";
      forgotten.push_back(seq);
    }
    EXPECT_TRUE(is_final(world.store.ledger.find(id)->progress.status));
  };
  world.start_engine();
  world.dial(kAnna);
  world.run_for(Duration(20'000));
  EXPECT_EQ(forgotten, (std::vector<std::uint32_t>{0, 1, 2, 3}));
  EXPECT_TRUE(world.node.is_journal_empty());
  EXPECT_TRUE(world.engine->calls().empty());
}

TEST(Settling, ALostUserEventIsRecoveredFromTheJournal) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kDonate, kNeverAgain}); };
  world.node.road_of = [](const std::string&, const CallEvent& event) {
    const auto* note = std::get_if<Note>(&event);
    return FakeNode::Road{.copies = note != nullptr && note->seq == 3 ? 0 : 1};
  };
  world.start_engine();
  const std::string id = world.dial(kAnna);
  world.run_for(Duration(30'000));
  EXPECT_EQ(world.end_of(id), "completed/human");
  EXPECT_TRUE(world.store.ledger.has_note(id, 3));
  EXPECT_TRUE(world.store.ledger.is_suppressed(kAnna));
  EXPECT_TRUE(world.node.is_journal_empty());
}

TEST(Settling, ACallThatEndedWhileTheEngineWasDeadIsSettledByItsEndRecord) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::human({kNeverAgain}); };
  world.connects_when_ready = false;
  world.start_engine();
  const std::string id = world.dial(kAnna);
  const std::string other = world.dial(kAnna, "", "of-another-campaign");
  world.connects_when_ready = true;
  world.node.connect();
  world.run_for(Duration(1'000));
  world.crash_engine();
  world.run_for(Duration(20'000));
  world.start_engine();
  world.run_for(Duration(40'000));
  EXPECT_EQ(world.end_of(id), "completed/human");
  EXPECT_EQ(world.end_of(other), "skipped/skipped") << "9 was pressed meanwhile";
  EXPECT_EQ(world.orders(other), 0);
}

TEST(Settling, AnOrderThatWasLostUnreadIsPlacedAgainAndRingsOnce) {
  World world;
  world.node.command_delay = [] { return Duration(50); };
  world.start_engine();
  const std::string id = world.dial(kAnna);
  world.run_for(Duration(20));
  EXPECT_EQ(world.orders(id), 1);
  world.node.cut();
  world.node.connect();
  world.run_for(Duration(9'000));
  EXPECT_EQ(world.orders(id), 1) << "one look without it proves nothing";
  world.run_for(Duration(30'000));
  EXPECT_EQ(world.orders(id), 2);
  EXPECT_EQ(world.invites(id), 1);
  EXPECT_EQ(world.end_of(id), "completed/human");
}

TEST(Settling, AContactWhoseOrderWasLostUnreadIsCalledAgainAndItsTryIsNotSpent) {
  World world;
  world.node.command_delay = [] { return Duration(50); };
  world.start_engine();
  world.start_campaign("spring", {kAnna});
  world.run_for(Duration(10));
  ASSERT_EQ(world.node.truths.size(), 1u);
  world.node.cut();
  world.node.connect();
  world.run_for(Duration(60'000));
  const auto ids = world.attempts_to(kAnna);
  ASSERT_EQ(ids.size(), 2u) << "the next try is an attempt of its own";
  EXPECT_EQ(world.end_of(ids[0]), "canceled/canceled");
  EXPECT_EQ(world.invites(ids[0]), 0);
  EXPECT_EQ(world.end_of(ids[1]), "completed/human");
  EXPECT_EQ(world.store.ledger.find_contact(1)->tries, 1);
}

TEST(Settling, AContactWhoseCallVanishedIsUnknownUntilAnOperatorDecides) {
  World world;
  world.start_engine();
  world.start_campaign("spring", {kAnna});
  world.run_for(Duration(1'000));
  world.node.restart();
  world.node.connect();
  world.run_for(std::chrono::hours(48));
  EXPECT_EQ(world.contact(kAnna), "unknown/unknown");
  const auto id = world.attempts_to(kAnna).at(0);
  EXPECT_EQ(world.attempts_to(kAnna).size(), 1u);
  EXPECT_EQ(world.dial(kAnna).find("refused"), 0u) << "it holds its number";
  world.store.resolve(id, Resolution::kLeave, {"operator", true}, [](const Result<void>&) {});
  world.run_for(Duration(10));
  EXPECT_EQ(world.contact(kAnna), "done/resolved-left");
  EXPECT_NE(world.dial(kAnna).find("refused"), 0u);
}

TEST(Settling, ATryThatWasProvenNeverDialledLeavesNoSuspicionOnTheNext) {
  World world;
  world.node.command_delay = [] { return Duration(50); };
  Duration backlog{20};
  world.node.fate_of = [&](const std::string&) {
    Fate fate = fates::human();
    fate.backlog = backlog;
    return fate;
  };
  world.start_engine();
  const std::string id = world.dial(kAnna);
  world.run_for(Duration(20));
  world.node.cut();
  world.node.connect();
  backlog = Duration(8'000);
  while (world.orders(id) < 2) ASSERT_TRUE(world.timeline.step());
  world.run_for(Duration(1'000));
  world.node.cut();  // the second order has been read and waits for its INVITE: a look does not show it
  world.node.connect();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.invites(id), 1);
  EXPECT_EQ(world.end_of(id), "completed/human");
}

TEST(Settling, ALookThatBeganBeforeTheOrderProvesNothingAboutIt) {
  World world;
  world.node.fate_of = [](const std::string& number) {
    Fate fate = fates::human();
    if (number == kBert) {
      fate.backlog = Duration(9'500);
      fate.rings_after = Duration(4'000);
      fate.answers_after = Duration(8'000);
    }
    return fate;
  };
  world.node.road_of = [](const std::string&, const CallEvent& event) {
    const auto* note = std::get_if<Note>(&event);
    return FakeNode::Road{.copies = note != nullptr && note->seq == 1 ? 0 : 1};
  };
  world.start_engine();
  world.run_for(Duration(57'500));
  world.dial(kAnna);  // ends without its first note while the regular look is under way: another look is wanted
  world.node.look_delay = [] { return Duration(2'900); };
  world.run_for(Duration(11'100));
  const std::string id = world.dial(kBert);  // just before that look's answer
  world.run_for(Duration(120'000));
  EXPECT_EQ(world.orders(id), 1);
  EXPECT_EQ(world.end_of(id), "completed/human");
}

TEST(Settling, AnIntentThatTakesLongToCommitIsOrderedOnce) {
  World world;
  world.start_engine();
  world.run_for(Duration(100));
  world.commits_by_hand = true;
  const std::string id = world.dial(kAnna);
  for (int i = 0; i < 4; ++i) {  // looks that do not show it, because it was not ordered yet
    world.node.cut();
    world.node.connect();
    world.run_for(Duration(12'000));
  }
  world.commits_by_hand = false;
  world.commit_and_reply();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.orders(id), 1);
  EXPECT_EQ(world.end_of(id), "completed/human");
  EXPECT_TRUE(world.store.ledger.violations.empty()) << world.store.ledger.violations.front();
}

TEST(Settling, AnIntentForANodeThatRestartedMeanwhileIsNotOrderedUnderTheOldOne) {
  World world;
  world.node.on_order = [&](const Placement& placement) {
    EXPECT_EQ(world.store.ledger.find(placement.attempt_id)->progress.node_boot, world.node.state().boot);
  };
  world.start_engine();
  world.run_for(Duration(100));
  world.commits_by_hand = true;
  const std::string id = world.dial(kAnna);
  world.node.restart();
  world.node.connect();
  world.run_for(Duration(1'000));
  world.commits_by_hand = false;
  world.commit_and_reply();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.orders(id), 1);
  EXPECT_EQ(world.end_of(id), "completed/human") << "nothing was dialled before the restart, so nothing is unknown";
}

TEST(Settling, ACallThatVanishedWithItsNodeIsUnknownAndNotPlacedAgain) {
  World world;
  world.start_engine();
  const std::string id = world.dial(kAnna);
  world.run_for(Duration(1'000));
  world.node.restart();
  world.node.connect();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.end_of(id), "unknown/unknown");
  EXPECT_EQ(world.invites(id), 1);
  EXPECT_EQ(world.engine->state().live, 0u);
  EXPECT_TRUE(world.node.is_journal_empty());
}

TEST(Settling, AHangupThatWasSeenIsFinalEvenIfTheRecordIsLostInARestart) {
  World world;
  world.node.fate_of = [](const std::string&) { return fates::busy(); };
  world.node.road_of = [](const std::string&, const CallEvent& event) {
    return FakeNode::Road{.copies = std::holds_alternative<Note>(event) ? 0 : 1};
  };
  world.start_engine();
  const std::string id = world.dial(kAnna);
  while (!world.node.has_record(id, 1)) ASSERT_TRUE(world.timeline.step());
  world.run_for(Duration(10));
  world.node.restart(Duration(1'000));
  world.node.connect();
  world.run_for(Duration(30'000));
  EXPECT_EQ(world.end_of(id), "busy/busy");
}

TEST(Settling, ACallIsNotJudgedByHalfItsEvidenceWhileTheNodeIsOutOfSight) {
  World world;
  world.node.fate_of = [](const std::string&) {
    Fate fate = fates::fails(486, 17, Outcome::kBusy, false);
    fate.fails_before_hangup = true;
    return fate;
  };
  world.node.road_of = [](const std::string&, const CallEvent& event) {
    const bool is_quick = std::holds_alternative<OriginateFailed>(event) || std::holds_alternative<CallAccepted>(event);
    return FakeNode::Road{.delay = Duration(is_quick ? 1 : 100)};
  };
  world.start_engine();
  const std::string id = world.dial(kAnna);
  while (!world.node.has_record(id, 1)) ASSERT_TRUE(world.timeline.step());
  world.run_for(Duration(10));  // "originate failed, reason 0" has come; alone it would mean that there is no trunk
  world.node.cut();
  world.run_for(Duration(8'000));
  world.node.connect();
  world.run_for(Duration(30'000));
  EXPECT_EQ(world.end_of(id), "busy/busy");
}

TEST(Settling, ALateSignOfLifeAfterTheHangupDoesNotKeepTheSlot) {
  World world;
  world.node.road_of = [](const std::string&, const CallEvent& event) {
    const auto* note = std::get_if<Note>(&event);
    if (note == nullptr) return FakeNode::Road{};
    return note->seq == 1 ? FakeNode::Road{.delay = Duration(4'000)} : FakeNode::Road{.copies = 0};
  };
  world.start_engine();
  const std::string id = world.dial(kAnna);  // answers after 2 s, ends after 5 s, "call-started" comes after 6 s
  world.run_for(Duration(9'000));
  EXPECT_EQ(world.end_of(id), "completed/human");
  EXPECT_EQ(world.engine->state().live, 0u);
}

TEST(Settling, ACallFromOutsideBecomesAnAttemptAndItsOptOutCounts) {
  World world;
  world.start_engine();
  world.run_for(Duration(100));
  world.node.ring_in("1700000000.7", kAnna, fates::human({kNeverAgain}));
  world.run_for(Duration(30'000));
  EXPECT_EQ(world.end_of("in-1700000000.7"), "completed/human");
  EXPECT_EQ(world.store.ledger.find("in-1700000000.7")->request.direction, Direction::kInbound);
  EXPECT_TRUE(world.store.ledger.is_suppressed(kAnna));
  EXPECT_TRUE(world.node.is_journal_empty());
  EXPECT_EQ(world.engine->state().live, 0u);
}

TEST(Settling, ACallFromOutsideThatWasUnderWayAtACrashIsNotDialled) {
  World world;
  world.start_engine();
  world.run_for(Duration(100));
  Fate fate = fates::human();
  fate.ends_after = Duration(40'000);
  world.node.ring_in("1700000000.7", kAnna, fate);
  world.run_for(Duration(1'000));
  world.crash_engine();
  world.start_engine();
  world.run_for(Duration(120'000));
  EXPECT_EQ(world.orders("in-1700000000.7"), 0);
  EXPECT_EQ(world.end_of("in-1700000000.7"), "completed/human");
}

TEST(Settling, ACallFromOutsideWhoseEndIsLostDoesNotStayOpenForEver) {
  World world;
  world.start_engine();
  world.run_for(Duration(100));
  Fate fate = fates::human();
  fate.ends_after = Duration(40'000);
  world.node.ring_in("1700000000.7", kAnna, fate);
  world.run_for(Duration(1'000));
  world.node.restart();
  world.node.connect();
  world.run_for(Duration(120'000));
  EXPECT_EQ(world.end_of("in-1700000000.7"), "unknown/unknown");
  EXPECT_TRUE(world.engine->calls().empty());
  EXPECT_TRUE(world.node.is_journal_empty());
}

TEST(Settling, ACallThatOnlyTheJournalKnowsIsAccountedForByTheSecondLook) {
  World world;
  world.start_engine();
  world.run_for(Duration(100));
  world.crash_engine();
  Fate fate = fates::human();
  fate.ends_after = Duration(40'000);
  world.node.ring_in("1700000000.7", kAnna, fate);
  world.run_for(Duration(1'000));
  world.node.restart();  // its end record is never written
  world.start_engine();
  world.run_for(Duration(15'000));
  EXPECT_EQ(world.end_of("in-1700000000.7"), "unknown/unknown");
  EXPECT_TRUE(world.node.is_journal_empty());
}

TEST(Settling, AnAttemptThatTheLedgerNeverHadIsKeptAndNotDialled) {
  World world;
  world.start_engine();
  const std::string id = world.dial(kBert);
  world.run_for(Duration(3'000));
  world.crash_engine();
  world.store.ledger = simulated::MemoryLedger();  // the file was lost
  world.start_engine();
  world.run_for(Duration(1'000));
  world.crash_engine();
  world.start_engine();
  world.run_for(Duration(120'000));
  EXPECT_EQ(world.orders(id), 1);
  EXPECT_EQ(world.end_of(id), "completed/human");
}

TEST(Settling, SlotsAreHeldByCallsThatARestartFindsOpen) {
  World world;
  world.dialer.trunks[0].limits.max_live_calls = 2;
  world.start_engine();
  world.run_for(Duration(100));
  for (int i = 0; i < 4; ++i) world.dial(number_of(i));
  world.run_for(Duration(1'000));
  world.crash_engine();
  int most = 0;
  world.node.on_invite = [&](const std::string&) { most = std::max(most, world.node.calls_out()); };
  world.start_engine();
  world.run_for(Duration(60'000));
  EXPECT_LE(most, 2);
  for (const auto& [id, row] : world.store.ledger.attempts()) EXPECT_EQ(world.end_of(id), "completed/human");
}

}  // namespace
}  // namespace carillon
