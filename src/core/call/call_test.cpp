#include "core/call/call.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <random>

namespace carillon {
namespace {

Time at(int ms) { return time_from_ms(1'700'000'000'000 + ms); }

AttemptRequest request() {
  AttemptRequest asked;
  asked.id = "01HF0000000000000000000000";
  asked.number = "+12025550100";
  return asked;
}

Note note(std::uint32_t seq, std::string_view text) {
  auto parsed = parse_note(seq, text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return *parsed;
}

Call placed_call() {
  Call call(request(), CallLimits{});
  call.intend("boot-1", at(0));
  call.on(CallAccepted{}, at(1));
  return call;
}

std::string words(const Call& call) {
  return std::string(to_string(call.progress().status)) + "/" + std::string(to_string(call.progress().outcome));
}

TEST(Call, AnAnsweredCallEndsAsHumanWithItsDuration) {
  Call call = placed_call();
  call.on(CallRinging{}, at(100));
  call.on(note(1, "call-started:1700000001000::::"), at(1000));
  EXPECT_EQ(words(call), "in-progress/");
  const CallStep step = call.on(note(2, "call-ended:1700000005000:16:200:Up:4000"), at(5000));
  EXPECT_TRUE(step.has_ended);
  EXPECT_EQ(words(call), "completed/human");
  EXPECT_EQ(call.progress().talked, Duration(4000));
  EXPECT_TRUE(call.has_all_notes());
}

TEST(Call, BusyIsToldByTheEndRecordAlone) {
  Call call = placed_call();
  EXPECT_TRUE(call.on(note(1, "call-failed:1700000000700:17:486:Ringing:0"), at(700)).has_ended);
  EXPECT_EQ(words(call), "busy/busy");
  EXPECT_EQ(call.progress().sip_code, 486);
}

TEST(Call, BusyIsToldByTheHangupEventWhenTheRecordNeverComes) {
  Call call = placed_call();
  call.on(CallRinging{}, at(100));
  const CallStep step = call.on(CallHangup{17, 486, ChannelState::kRinging}, at(700));
  EXPECT_FALSE(step.has_ended) << "the record may still be on its way";
  ASSERT_TRUE(step.deadline.has_value());
  const CallStep asked = call.on(DeadlinePassed{}, *step.deadline);
  EXPECT_TRUE(asked.needs_snapshot) << "the journal may have it";
  EXPECT_TRUE(call.on(DeadlinePassed{}, *asked.deadline).has_ended);
  EXPECT_EQ(words(call), "busy/busy");
}

TEST(Call, ARingTimeoutIsNoAnswerAndItsMadeUp480IsNotKept) {
  Call call = placed_call();
  call.on(CallRinging{}, at(100));
  call.on(OriginateFailed{3}, at(30'000));
  const CallStep step = call.on(CallHangup{19, 480, ChannelState::kRinging}, at(30'001));
  const CallStep asked = call.on(DeadlinePassed{}, *step.deadline);
  call.on(DeadlinePassed{}, *asked.deadline);
  EXPECT_EQ(words(call), "no-answer/no-answer");
  EXPECT_EQ(call.progress().sip_code, 0);
}

TEST(Call, SilenceFromTheCarrierIsNoResponse) {
  Call call = placed_call();
  call.on(OriginateFailed{3}, at(50'000));
  call.on(note(1, "call-failed:1700000050000:19:100:Down:0"), at(50'001));
  EXPECT_EQ(words(call), "failed/no-response");
}

TEST(Call, AnUnknownTrunkIsTrunkDown) {
  Call call = placed_call();
  const CallStep step = call.on(OriginateFailed{0}, at(5));
  EXPECT_TRUE(call.on(DeadlinePassed{}, *step.deadline).has_ended);
  EXPECT_EQ(words(call), "failed/trunk-down");
}

TEST(Call, AnOrderThatTheServerRefusesIsTrunkDownWithItsWords) {
  Call call(request(), CallLimits{});
  call.intend("boot-1", at(0));
  EXPECT_TRUE(call.on(CallRefused{"Extension does not exist."}, at(2)).has_ended);
  EXPECT_EQ(call.progress().reason, "Extension does not exist.");
}

TEST(Call, AnOptOutIsSuppressedToldAndAcknowledged) {
  Call call = placed_call();
  call.on(note(1, "call-started:1700000001000::::"), at(1000));
  const CallStep step = call.on(note(2, "dtmf-action:1700000002000:9:main:opt-out:"), at(2000));
  EXPECT_EQ(step.suppress, "+12025550100");
  EXPECT_EQ(step.acknowledge, 2u);
  ASSERT_EQ(step.events.size(), 2u);
  EXPECT_EQ(step.events[0].type, EventType::kKeyPressed);
  EXPECT_EQ(step.events[1].type, EventType::kOptOut);
}

TEST(Call, ANoteThatComesTwiceCountsOnce) {
  Call call = placed_call();
  const auto donation = note(2, "dtmf-action:1700000002000:1:main:donation:");
  EXPECT_EQ(call.on(donation, at(2000)).events.size(), 2u);
  const CallStep again = call.on(donation, at(2001));
  EXPECT_FALSE(again.needs_commit());
}

TEST(Call, AnOptOutThatArrivesAfterTheEndStillCounts) {
  Call call = placed_call();
  call.on(note(3, "call-ended:1700000005000:16:200:Up:4000"), at(5000));
  EXPECT_FALSE(call.has_all_notes()) << "notes 1 and 2 are still in the journal";
  EXPECT_EQ(call.on(note(2, "dtmf-action:1700000002000:9:main:opt-out:"), at(5001)).suppress, "+12025550100");
}

TEST(Call, AnInboundOptOutUsesTheCallersNumber) {
  AttemptRequest inbound = request();
  inbound.number.clear();
  inbound.direction = Direction::kInbound;
  Call call(inbound, CallLimits{});
  const CallStep step = call.on(note(2, "dtmf-action:1700000002000:9:main:opt-out:+12025550177"), at(1));
  EXPECT_EQ(step.suppress, "+12025550177");
}

TEST(Call, LateRingingDoesNotUndoAnAnswer) {
  Call call = placed_call();
  call.on(note(1, "call-started:1700000001000::::"), at(1000));
  EXPECT_FALSE(call.on(CallRinging{}, at(1001)).needs_commit());
  EXPECT_EQ(words(call), "in-progress/");
}

TEST(Call, GoneWithoutAnyTraceIsRequeuedAndTheTryIsNotSpent) {
  Call call(request(), CallLimits{});
  call.intend("boot-1", at(0));
  const CallStep step = call.on(FoundGone{false, false}, at(30'000));
  EXPECT_TRUE(step.needs_requeue);
  EXPECT_FALSE(call.progress().is_intended);
}

TEST(Call, GoneWithAPlacedRecordIsUnknown) {
  Call call(request(), CallLimits{});
  call.intend("boot-1", at(0));
  EXPECT_TRUE(call.on(FoundGone{true, false}, at(30'000)).has_ended);
  EXPECT_EQ(words(call), "unknown/unknown");
}

TEST(Call, GoneAfterItRangIsUnknownEvenIfTheJournalIsEmpty) {
  Call call = placed_call();
  call.on(CallRinging{}, at(10));
  call.on(FoundGone{false, false}, at(30'000));
  EXPECT_EQ(words(call), "unknown/unknown");
}

TEST(Call, GoneBecauseTheNodeRestartedIsUnknown) {
  Call call(request(), CallLimits{});
  call.intend("boot-1", at(0));
  call.on(FoundGone{false, true}, at(30'000));
  EXPECT_EQ(words(call), "unknown/unknown");
}

TEST(Call, AnEndRecordFoundLaterSettlesAnUnknownCall) {
  Call call = placed_call();
  call.on(FoundGone{true, false}, at(30'000));
  call.on(note(1, "call-failed:1700000000700:17:486:Ringing:0"), at(90'000));
  EXPECT_EQ(words(call), "busy/busy");
}

TEST(Call, ALeaseThatRunsOutAsksTheNodeAndDoesNotGuess) {
  Call call = placed_call();
  const CallStep step = call.on(DeadlinePassed{}, at(100'000));
  EXPECT_TRUE(step.needs_snapshot);
  EXPECT_FALSE(step.has_ended);
  EXPECT_TRUE(step.deadline.has_value());
}

TEST(Call, AStoppedCallThatWasAnsweredFirstIsHuman) {
  Call call = placed_call();
  call.on(CallRinging{}, at(10));
  EXPECT_TRUE(call.on(StopAsked{}, at(20)).hang_up);
  call.on(note(1, "call-started:1700000000021::::"), at(21));
  call.on(note(2, "call-ended:1700000000022:16:200:Up:1"), at(22));
  EXPECT_EQ(words(call), "completed/human");
}

TEST(Call, AStopBeforeTheIntentCancels) {
  Call call(request(), CallLimits{});
  EXPECT_TRUE(call.on(StopAsked{}, at(0)).has_ended);
  EXPECT_EQ(words(call), "canceled/canceled");
}

// The events of one call in any order, some of them missing or doubled: the end is the same, and what is told has
// no gaps in its sequence.
TEST(Call, EventsInAnyOrderLeadToTheSameEnd) {
  rc::check([] {
    struct World {
      std::vector<CallEvent> events;
      const char* end;
    };
    const std::vector<World> worlds{
        {{CallRinging{}, note(1, "call-started:1700000001000::::"),
          note(2, "dtmf-action:1700000002000:9:main:opt-out:"), note(3, "call-ended:1700000005000:16:200:Up:4000"),
          CallHangup{16, 0, ChannelState::kUp}},
         "completed/human"},
        {{CallRinging{}, OriginateFailed{0}, note(1, "call-failed:1700000000700:17:486:Ringing:0"),
          CallHangup{17, 486, ChannelState::kRinging}},
         "busy/busy"},
        {{CallRinging{}, OriginateFailed{3}, note(1, "call-failed:1700000000700:19:180:Ringing:0"),
          CallHangup{19, 480, ChannelState::kRinging}},
         "no-answer/no-answer"},
        {{OriginateFailed{3}, note(1, "call-failed:1700000000700:19:0:Down:0"),
          CallHangup{19, 480, ChannelState::kDown}},
         "failed/no-response"},
    };
    World world = worlds[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(worlds.size())))];
    std::mt19937 random(static_cast<unsigned>(*rc::gen::inRange(0, 1'000'000)));
    const auto doubled = world.events;
    if (*rc::gen::arbitrary<bool>()) world.events.insert(world.events.end(), doubled.begin(), doubled.end());
    std::shuffle(world.events.begin(), world.events.end(), random);

    Call call = placed_call();
    std::vector<std::uint32_t> sequences;
    std::set<std::string> suppressed;
    int ends = 0;
    const auto feed = [&](const CallEvent& event) {
      const CallStep step = call.on(event, at(10'000));
      for (const auto& told : step.events) sequences.push_back(told.sequence);
      if (step.suppress) suppressed.insert(*step.suppress);
      ends += step.has_ended ? 1 : 0;
    };
    for (const auto& event : world.events) feed(event);
    feed(DeadlinePassed{});
    feed(DeadlinePassed{});
    RC_ASSERT(words(call) == world.end);
    RC_ASSERT(ends == 1);
    RC_ASSERT(call.has_all_notes());
    RC_ASSERT(suppressed.empty() == (std::string(world.end) != "completed/human"));
    for (std::size_t i = 1; i < sequences.size(); ++i) RC_ASSERT(sequences[i] == sequences[i - 1] + 1);
  });
}

TEST(Note, HostileTextBecomesAnErrorOrEmptyFields) {
  for (const char* text : {"", ":", "dtmf-action", "dtmf-action:x", "dtmf-action:1:9:main:rob-the-bank",
                           "nonsense:1:2:3", "call-ended:-5:16", "call-ended:99999999999999999999:16"}) {
    EXPECT_FALSE(parse_note(1, text).has_value()) << text;
  }
  EXPECT_FALSE(parse_note(1, std::string(10'000, 'a')).has_value());
  EXPECT_FALSE(parse_note(4'000'000'000u, "call-timeout:1").has_value());
  const auto odd = parse_note(1, "dtmf-action:1:99:\"; DROP:donation:+1 202");
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(std::get<KeyNote>(odd->fact).key, '\0');
  EXPECT_EQ(std::get<KeyNote>(odd->fact).menu, "");
  EXPECT_EQ(std::get<KeyNote>(odd->fact).number, "");
}

}  // namespace
}  // namespace carillon
