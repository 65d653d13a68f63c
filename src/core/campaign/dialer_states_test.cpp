// When a campaign begins, stands still and ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/campaign/testing/office.h"

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Office;

constexpr const char* kDone = "a completed: every contact is done";

template <class T>
std::vector<T> all_of_kind(const DialerStep& step) {
  std::vector<T> found;
  for (const auto& command : step.commands) {
    if (const auto* one = std::get_if<T>(&command)) found.push_back(*one);
  }
  return found;
}

// An office with one trunk of five calls a second, and campaign "a".
struct SmallOffice : Office {
  explicit SmallOffice(CampaignSettings settings = {}, CampaignState state = CampaignState::kRunning,
                       Told told = Told::kSlots)
      : Office(told) {
    add_trunk("main", 5);
    add_campaign("a", std::move(settings), state);
  }
};

// ---------------------------------------------------------------- completed

TEST(DialerStates, IsNotDoneWhileSomebodyIsToBeCalledAgain) {
  SmallOffice office;
  office.add_contacts("a", 1, 3);
  int tries = 0;
  office.again_after = [&](std::int64_t key) {
    return key == 2 && ++tries == 1 ? std::optional<Duration>(hours(2)) : std::nullopt;
  };
  office.run_for(hours(1));
  EXPECT_THAT(office.said, IsEmpty());
  EXPECT_EQ(office.view("a").waits_for, "the next contact is due later");
  office.run_for(hours(20));
  EXPECT_EQ(office.count_of("a"), 4);
  EXPECT_THAT(office.said, ElementsAre(kDone)) << "once";
}

// It may have calls under way of which nobody told yet, whose contacts come back when they end.
TEST(DialerStates, IsNotDoneBeforeTheCallsOfAnEarlierProcessWereTold) {
  SmallOffice office({}, CampaignState::kRunning, Office::Told::kNothing);
  office.run_for(seconds(60));
  EXPECT_THAT(office.said, IsEmpty());
  office.tell(SlotTaken{"main", "a"});
  office.tell(SlotsTold{});
  office.run_for(seconds(60));
  EXPECT_THAT(office.said, IsEmpty());
  const Time due_at = office.now + seconds(60);
  office.add_contacts("a", 1, 1, 1, due_at);
  office.tell(ContactDue{"a", 1, due_at});
  office.tell(SlotFreed{"main", "a"});
  office.run_for(seconds(59));
  EXPECT_THAT(office.said, IsEmpty());
  office.run_for(seconds(5));
  EXPECT_EQ(office.count_of("a"), 1);
  EXPECT_THAT(office.said, ElementsAre(kDone));
}

TEST(DialerStates, IsNotDoneWhileItIsFetched) {
  SmallOffice office;
  office.add_contacts("a", 1, 1);
  office.tell(LanesCounted{"a", {{{1, {"America/New_York"}, {}}, Time{}}}});
  office.answers_reads = false;
  office.run_for(seconds(60));
  EXPECT_THAT(office.said, IsEmpty());
  office.remove("a", 1);
  office.answers_reads = true;
  office.run_for(seconds(60));
  EXPECT_THAT(office.said, ElementsAre(kDone));
}

// A count that was read before they came does not know them.
TEST(DialerStates, IsNotDoneWhileItIsCountedNorWithoutThoseWhoCameMeanwhile) {
  SmallOffice office;
  office.answers_reads = false;
  office.run_for(seconds(1));
  office.add_contacts("a", 1, 2);
  office.tell(ContactsAdded{"a"});
  office.run_for(seconds(1));
  EXPECT_EQ(office.counts, 1) << "one at a time";
  EXPECT_THAT(office.said, IsEmpty());
  office.answers_reads = true;
  office.run_for(seconds(10));
  EXPECT_EQ(office.counts, 2);
  EXPECT_EQ(office.count_of("a"), 2);
  EXPECT_THAT(office.said, ElementsAre(kDone));
}

TEST(DialerStates, ACompletedCampaignThatIsStartedAgainCallsWhatWasAdded) {
  SmallOffice office;
  office.add_contacts("a", 1, 2);
  office.run_for(seconds(10));
  office.add_contacts("a", 3, 2);
  office.tell(ContactsAdded{"a"});
  office.run_for(seconds(10));
  EXPECT_EQ(office.count_of("a"), 2);
  office.change("a", CampaignState::kRunning);
  office.run_for(seconds(10));
  EXPECT_EQ(office.count_of("a"), 4);
  EXPECT_THAT(office.said, ElementsAre(kDone, kDone));
}

// By hand: the slot of a call that a gate held is free before the dialer knows of it.
TEST(DialerStates, AContactInHandKeepsItsCampaignRunning) {
  SmallOffice office;
  Dialer dialer(office.options);
  Campaign campaign;
  campaign.id = "a";
  campaign.state = CampaignState::kRunning;
  campaign.settings.policy = "none";
  const Time now = Office::kBegin;
  const LaneCount lane{{1, {"America/New_York"}, {}}, Time{}};
  const DueContact contact{7, Office::number_of(7), "", "", 1, 0, {}};
  dialer.step(now, {PlacingChanged{true, ""}, SlotsTold{}, CampaignChanged{campaign}});
  const auto fetches = all_of_kind<FetchDue>(dialer.step(now, {LanesCounted{"a", {lane}}}));
  ASSERT_EQ(fetches.size(), 1u);
  const auto started = dialer.step(now, {ContactsFetched{"a", 1, fetches[0].kind, fetches[0].limit, {{contact}, {}}}});
  ASSERT_EQ(all_of_kind<StartContact>(started).size(), 1u);

  EXPECT_THAT(dialer.step(now, {SetUpDone{}, SlotFreed{"main", "a"}}).commands, IsEmpty());
  StartAnswered answer{"a", 1, 7, {StartResult::Kind::kHeld, std::nullopt, now + hours(1)}};
  const auto held = dialer.step(now, {answer});
  EXPECT_THAT(held.commands, IsEmpty());
  ASSERT_EQ(held.wake_at, now + hours(1));
  const auto again = all_of_kind<FetchDue>(dialer.step(*held.wake_at, {}));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].kind, DueKind::kAgain);
  const auto done = dialer.step(*held.wake_at, {ContactsFetched{"a", 1, DueKind::kAgain, again[0].limit, {}}});
  EXPECT_EQ(all_of_kind<ChangeState>(done).size(), 1u);
  EXPECT_THAT(dialer.step(*held.wake_at, {ContactsAdded{"b"}}).commands, IsEmpty()) << "once, however slow the disk";
}

// ---------------------------------------------------------------- by the clock

TEST(DialerStates, AScheduledCampaignBeginsAtItsTime) {
  CampaignSettings settings;
  settings.starts_at = Office::kBegin + hours(3);
  SmallOffice office(settings, CampaignState::kScheduled);
  office.add_contacts("a", 1, 5);
  office.run_for(hours(3) - Duration(1));
  EXPECT_THAT(office.said, IsEmpty());
  EXPECT_EQ(office.counts, 0) << "until then it costs nothing";
  office.run_for(hours(1));
  EXPECT_THAT(office.said, ElementsAre("a running: its start time has come", kDone));
  ASSERT_EQ(office.count_of("a"), 5);
  EXPECT_EQ(office.starts[0].at, *settings.starts_at) << "it wakes for it";
}

TEST(DialerStates, NoCallBeginsAfterItsEndAndThoseUnderWayEndFirst) {
  CampaignSettings settings;
  settings.ends_at = Office::kBegin + seconds(10);
  SmallOffice office(settings);
  office.add_contacts("a", 1, 1'000);
  office.call_length = seconds(8);
  office.run_for(seconds(17));
  EXPECT_NEAR(office.count_of("a"), 50, 1);
  EXPECT_EQ(office.count([&](const Office::Start& start) { return start.at >= *settings.ends_at; }), 0);
  EXPECT_THAT(office.said, IsEmpty()) << "calls are under way";
  office.run_for(seconds(2));
  EXPECT_THAT(office.said, ElementsAre("a completed: its end time has come"));
  EXPECT_EQ(office.ready_in("a", 1) + office.starts.size(), 1'000u) << "the others stay ready";
}

TEST(DialerStates, ACampaignThatWaitsEndsAtItsEndToo) {
  CampaignSettings settings;
  settings.ends_at = Office::kBegin + hours(5);
  SmallOffice office(settings);
  office.add_contacts("a", 1, 1, 1, Office::kBegin + hours(50));
  office.run_for(hours(5) - Duration(1));
  EXPECT_THAT(office.said, IsEmpty());
  office.run_for(hours(1));
  EXPECT_THAT(office.said, ElementsAre("a completed: its end time has come"));
}

// ---------------------------------------------------------------- stopped, paused, parked

TEST(DialerStates, AStoppedCampaignIsCanceledWhenItsLastCallHasEnded) {
  SmallOffice office;
  office.add_contacts("a", 1, 100);
  office.call_length = seconds(30);
  office.run_for(seconds(2));
  const int before = office.count_of("a");
  office.change("a", CampaignState::kStopping);
  office.run_for(seconds(29));
  EXPECT_THAT(office.said, IsEmpty());
  office.run_for(seconds(2));
  EXPECT_EQ(office.count_of("a"), before);
  EXPECT_THAT(office.said, ElementsAre("a canceled: "));
  EXPECT_EQ(office.view("a").in_hopper, 0u);
}

TEST(DialerStates, AStopGoesOnAfterANewStartOfTheProcess) {
  SmallOffice office({}, CampaignState::kDraft, Office::Told::kNothing);
  office.change("a", CampaignState::kStopping, true);
  office.run_for(seconds(60));
  EXPECT_THAT(office.said, IsEmpty()) << "its calls were not told yet";
  office.tell(SlotTaken{"main", "a"});
  office.tell(SlotsTold{});
  office.after(seconds(10), SlotFreed{"main", "a"});
  office.run_for(seconds(9));
  EXPECT_THAT(office.said, IsEmpty());
  office.run_for(seconds(2));
  EXPECT_THAT(office.said, ElementsAre("a canceled: "));
}

// The answer to a stop says that no call begins: also not with what was told and is not looked at yet.
TEST(DialerStates, NothingBeginsAfterAStopThatIsNotOnTheDiskYet) {
  SmallOffice office;
  office.add_contacts("a", 1, 100);
  office.add_campaign("b");
  office.add_contacts("b", 1, 100);
  office.run_for(seconds(2));
  EXPECT_TRUE(office.dialer().takes_calls("a"));
  const int before = office.count_of("a");
  ASSERT_GT(office.view("a").in_hopper, 0u);
  office.tell(ContactsAdded{"a"});
  office.dialer().stop_campaign("a");
  EXPECT_FALSE(office.dialer().takes_calls("a"));
  office.run_for(seconds(60));
  EXPECT_EQ(office.count_of("a"), before);
  EXPECT_EQ(office.count_of("b"), 100);
  EXPECT_EQ(office.view("a").waits_for, "it is stopping, or waits to be resumed");
  EXPECT_THAT(office.said, ElementsAre("b completed: every contact is done")) << "and no alarm";
}

TEST(DialerStates, APausedCampaignGoesOnWhereItStood) {
  SmallOffice office;
  office.add_contacts("a", 1, 50);
  office.run_for(seconds(3));
  const int before = office.count_of("a");
  office.dialer().stop_campaign("a");
  office.change("a", CampaignState::kPaused);
  office.run_for(hours(1));
  EXPECT_EQ(office.count_of("a"), before);
  EXPECT_EQ(office.view("a").in_hopper, 0u) << "all went back";
  office.change("a", CampaignState::kRunning);
  office.run_for(seconds(60));
  EXPECT_EQ(office.count_of("a"), 50);
  EXPECT_EQ(office.gone, 0) << "nobody is handed out twice";
  EXPECT_THAT(office.said, ElementsAre(kDone));
}

// A fetch that was on its way when it was paused brings contacts that nobody has in hand.
TEST(DialerStates, AnAnswerThatComesWhileItIsPausedIsAskedForAgain) {
  SmallOffice office;
  office.add_contacts("a", 1, 10);
  office.tell(LanesCounted{"a", {{{1, {"America/New_York"}, {}}, Time{}}}});
  office.answers_reads = false;
  office.run_for(seconds(1));
  office.change("a", CampaignState::kPaused);
  office.answers_reads = true;
  office.run_for(seconds(1));
  EXPECT_EQ(office.view("a").in_hopper, 0u);
  office.change("a", CampaignState::kRunning);
  office.run_for(seconds(10));
  EXPECT_EQ(office.count_of("a"), 10);
  EXPECT_EQ(office.gone, 0);
}

TEST(DialerStates, AParkedCampaignWaitsToBeResumed) {
  for (const bool is_scheduled : {false, true}) {
    SmallOffice office({}, CampaignState::kDraft);
    office.add_contacts("a", 1, 5);
    office.change("a", is_scheduled ? CampaignState::kScheduled : CampaignState::kRunning, true);
    office.run_for(hours(1));
    EXPECT_EQ(office.count_of("a"), 0);
    EXPECT_THAT(office.said, IsEmpty()) << "no change of its state, no alarm";
    EXPECT_FALSE(office.dialer().takes_calls("a"));
    office.change("a", CampaignState::kRunning);
    office.run_for(seconds(10));
    EXPECT_EQ(office.count_of("a"), 5);
    EXPECT_THAT(office.said, ElementsAre(kDone));
  }
}

// ---------------------------------------------------------------- alarms

TEST(DialerStates, AnAlarmIsRaisedAfterTenSecondsWithItsReasonAndEndsOnce) {
  SmallOffice office;
  office.add_contacts("a", 1, 100);
  office.tell(PlacingChanged{false, "the telephony server is away"});
  office.run_for(seconds(10) - Duration(1));
  EXPECT_EQ(office.view("a").waits_for, "the telephony server is away");
  EXPECT_THAT(office.said, IsEmpty());
  office.run_for(hours(1));
  EXPECT_THAT(office.said, ElementsAre("a alarm: the telephony server is away"));
  EXPECT_EQ(office.view("a").alarm, "the telephony server is away");
  office.tell(PlacingChanged{false, "it is asked for its calls"});
  office.run_for(seconds(60));
  EXPECT_EQ(office.view("a").alarm, "it is asked for its calls") << "another reason is no other alarm";
  office.tell(PlacingChanged{true, ""});
  office.run_for(seconds(10));
  EXPECT_THAT(office.said, ElementsAre("a alarm: the telephony server is away", "a dials again"));
  EXPECT_EQ(office.view("a").alarm, "");
}

TEST(DialerStates, ShortStandstillsOneAfterTheOtherAreNoAlarm) {
  SmallOffice office;
  office.add_contacts("a", 1, 1'000);
  for (int i = 0; i < 5; ++i) {
    office.tell(PlacingChanged{false, "the ledger is behind"});
    office.run_for(seconds(8));
    office.tell(PlacingChanged{true, ""});
    office.run_for(seconds(1));
  }
  EXPECT_THAT(office.said, IsEmpty());
}

TEST(DialerStates, CallsWithoutAnySignHoldUpAllOthers) {
  SmallOffice office;
  office.options.max_set_ups = 3;
  office.has_signs = false;
  office.call_length = seconds(30);
  office.add_contacts("a", 1, 6);
  office.run_for(seconds(29));
  EXPECT_EQ(office.count_of("a"), 3);
  EXPECT_THAT(office.said, ElementsAre(::testing::StartsWith("a alarm: 3 calls were ordered and show no sign yet")));
  office.run_for(seconds(60));
  EXPECT_EQ(office.count_of("a"), 6) << "the end of a call is a sign, too";
}

TEST(DialerStates, ADeadTrunkIsAnAlarm) {
  SmallOffice office;
  office.add_contacts("a", 1, 100);
  office.outcome_on = [](const std::string&) { return Outcome::kTrunkDown; };
  office.run_for(seconds(60));
  ASSERT_FALSE(office.said.empty());
  EXPECT_THAT(office.said[0], ::testing::StartsWith("a alarm: trunk main is down: 5 calls in a row without a sign"));
  office.outcome_on = [](const std::string&) { return Outcome::kBusy; };
  office.run_for(seconds(120));
  EXPECT_EQ(office.said.back(), kDone);
}

struct Wait {
  std::string waits_for;
  std::function<void(Office&, CampaignSettings&)> set;
};

TEST(DialerStates, WaitsThatAreAsTheyShouldBeAreNoAlarm) {
  const std::vector<Wait> waits{
      {"the rate of trunk main is used up (0.0 calls/s allowed)",
       [](Office& office, CampaignSettings&) { office.options.trunks[0].limits.calls_per_second = 0.001; }},
      {"all 5 channels of trunk main are in use",
       [](Office& office, CampaignSettings&) { office.options.trunks[0].limits.max_live_calls = 5; }},
      {"the rate for all campaigns is used up",
       [](Office& office, CampaignSettings&) { office.options.overall.calls_per_second = 0.001; }},
      {"5 calls are live: as many as are allowed",
       [](Office& office, CampaignSettings&) { office.options.node.max_live = 5; }},
      {"outside 09:00-20:00 (Wednesday 00:13 in Asia/Jerusalem)",
       [](Office& office, CampaignSettings&) {
         office.options.is_window_enforced = true;
         office.zones[1] = "Asia/Jerusalem";
       }},
  };
  for (const auto& wait : waits) {
    SCOPED_TRACE(wait.waits_for);
    Office office;
    office.add_trunk("main", 5);
    CampaignSettings settings;
    wait.set(office, settings);
    office.add_campaign("a", settings);
    office.add_contacts("a", 1, 100);
    office.call_length = hours(1);
    office.run_for(seconds(120));
    EXPECT_EQ(office.view("a").waits_for, wait.waits_for);
    EXPECT_THAT(office.said, IsEmpty());
  }
}

TEST(DialerStates, AMissingPolicyPackRefusesWithItsReason) {
  CampaignSettings settings;
  settings.policy = "xx";
  SmallOffice office(settings);
  office.add_contacts("a", 1, 5);
  office.run_for(seconds(60));
  const std::string reason = "the policy pack \"xx\" is not installed";
  EXPECT_EQ(office.count_of("a"), 0);
  EXPECT_EQ(office.view("a").waits_for, reason);
  EXPECT_THAT(office.said, ElementsAre("a alarm: " + reason));
  EXPECT_EQ(office.dialer().rules_of("a"), nullptr) << "nor may gates pass without it";
}

}  // namespace
}  // namespace carillon
