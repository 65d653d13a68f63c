// Whom the dialer calls next, and over which trunk.
#include "core/campaign/dialer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/campaign/testing/office.h"

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::IsEmpty;
using testing::Office;

CampaignSettings of_weight(int weight) {
  CampaignSettings settings;
  settings.weight = weight;
  return settings;
}

CampaignSettings over(std::vector<TrunkShare> trunks) {
  CampaignSettings settings;
  settings.trunks = std::move(trunks);
  return settings;
}

// ---------------------------------------------------------------- campaigns take turns

TEST(Dialer, CampaignsShareATrunkByTheirWeight) {
  Office office;
  office.add_trunk("main", 10);
  const std::map<std::string, int> weights{{"a", 7}, {"b", 1}, {"c", 2}};
  for (const auto& [id, weight] : weights) {
    office.add_campaign(id, of_weight(weight));
    office.add_contacts(id, 1, 2'000);
  }
  office.run_for(seconds(100));
  for (const auto& [id, weight] : weights) EXPECT_NEAR(office.count_of(id), 100 * weight, 2) << id;
  EXPECT_EQ(office.gone, 0) << "nobody is handed out twice";
}

// Else it would go before all others for hours in the morning.
TEST(Dialer, ACampaignDoesNotMakeUpForTheNight) {
  Office office;
  office.options.is_window_enforced = true;
  office.add_trunk("main", 1);
  office.zones = {{1, "America/New_York"}, {2, "Asia/Tokyo"}};
  office.add_campaign("day");
  office.add_contacts("day", 1, 9'000, 1);
  office.add_campaign("night");
  office.add_contacts("night", 1, 9'000, 2);
  const Time tokyo_opens = time_from_ms(1'700'006'400'000);
  office.run_until(tokyo_opens - seconds(1));
  EXPECT_EQ(office.count_of("night"), 0);
  EXPECT_GT(office.count_of("day"), 6'000);
  office.starts.clear();
  office.run_for(seconds(101));
  EXPECT_NEAR(office.count_of("night"), 50, 2);
  EXPECT_NEAR(office.count_of("day"), 50, 2);
}

TEST(Dialer, ACampaignDoesNotMakeUpForTurnsThatItsOwnLimitsForbade) {
  Office office;
  office.add_trunk("main", 4);
  CampaignSettings limited;
  limited.max_live_calls = 1;
  office.add_campaign("limited", limited);
  office.add_campaign("other");
  for (const auto* id : {"limited", "other"}) office.add_contacts(id, 1, 2'000);
  office.call_length = seconds(20);
  office.run_for(seconds(200));
  EXPECT_LE(office.count_of("limited"), 11);
  office.call_length = Duration(10);
  office.run_for(seconds(20));  // the last long calls end
  office.starts.clear();
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_of("limited"), 200, 2);
  EXPECT_NEAR(office.count_of("other"), 200, 2);
}

TEST(Dialer, CallsOfPeopleCountLikeACampaignOfWeightTenAndListsGoOn) {
  Office office;
  office.add_trunk("main", 11);
  office.add_campaign("list");
  office.add_contacts("list", 1, 1'000);
  office.tell(DirectWaiting{5'000});
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_of(""), 1'000, 5);
  EXPECT_NEAR(office.count_of("list"), 100, 2);
}

TEST(Dialer, ACallOfDialIsNextHoweverLongListsWereCalled) {
  Office office;
  office.add_trunk("main", 1);
  for (const auto* id : {"a", "b"}) {
    office.add_campaign(id);
    office.add_contacts(id, 1, 1'000);
  }
  office.run_for(seconds(200) + Duration(500));
  office.starts.clear();
  office.tell(DirectWaiting{1});
  office.run_for(seconds(1));
  ASSERT_EQ(office.starts.size(), 1u);
  EXPECT_EQ(office.starts[0].campaign, "");
  office.run_for(seconds(10));
  EXPECT_EQ(office.count_of(""), 1) << "one waited, one was called";
}

// ---------------------------------------------------------------- trunks

TEST(Dialer, ABusyTrunkIsWaitedForThoughALesserOneIsFree) {
  Office office;
  office.add_trunk("good", 1);
  office.add_trunk("full", 10, 2);
  office.add_trunk("lesser", 10);
  office.add_campaign("a", over({{"good", 1, 1}, {"lesser", 2, 1}}));
  office.add_campaign("b", over({{"full", 1, 1}, {"lesser", 2, 1}}));
  for (const auto* id : {"a", "b"}) office.add_contacts(id, 1, 1'000);
  office.call_length = seconds(10);
  office.run_for(seconds(60));
  EXPECT_EQ(office.count_on("lesser"), 0);
  EXPECT_NEAR(office.count_on("good"), 61, 1);
  EXPECT_NEAR(office.count_on("full"), 14, 2);
  EXPECT_EQ(office.view("b").waits_for, "all 2 channels of trunk full are in use");
  EXPECT_THAT(office.said, IsEmpty()) << "it is no alarm";
}

TEST(Dialer, TrunksOfOnePriorityAreUsedByWeight) {
  Office office;
  for (const auto* trunk : {"one", "three", "unused"}) office.add_trunk(trunk, 100);
  auto settings = over({{"one", 1, 1}, {"three", 1, 3}});
  settings.calls_per_second = 4;
  office.add_campaign("a", settings);
  office.add_contacts("a", 1, 1'000);
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_on("one"), 100, 2);
  EXPECT_NEAR(office.count_on("three"), 300, 3);
  EXPECT_EQ(office.count_on("unused"), 0);
}

TEST(Dialer, ALesserTrunkReplacesADeadOneUntilAProbeFindsItAlive) {
  Office office;
  office.add_trunk("good", 5);
  office.add_trunk("lesser", 5);
  office.add_campaign("a", over({{"good", 1, 1}, {"lesser", 2, 1}}));
  office.add_contacts("a", 1, 5'000);
  bool is_dead = true;
  office.outcome_on = [&](const std::string& trunk) {
    return is_dead && trunk == "good" ? Outcome::kTrunkDown : Outcome::kBusy;
  };
  office.run_for(seconds(5));
  office.starts.clear();
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_on("lesser"), 500, 5) << "at full pace";
  EXPECT_GE(office.count_on("good"), 2) << "it is probed";
  EXPECT_LE(office.count_on("good"), 6) << "with one call at a time, at growing pauses";
  EXPECT_EQ(office.view("a").waits_for, "the rate of trunk lesser is used up (5.0 calls/s allowed)");
  EXPECT_THAT(office.said, IsEmpty());

  is_dead = false;
  office.run_for(seconds(65));  // the longest pause
  office.starts.clear();
  office.run_for(seconds(100));
  EXPECT_NEAR(office.count_on("good"), 500, 5);
  EXPECT_EQ(office.count_on("lesser"), 0);
}

TEST(Dialer, TrunksThatAreNotConfiguredArePassedOver) {
  Office office;
  office.add_trunk("main", 5);
  office.add_campaign("some", over({{"gone", 1, 1}, {"main", 2, 1}}));
  office.add_campaign("none", over({{"gone", 1, 1}}));
  for (const auto* id : {"some", "none"}) office.add_contacts(id, 1, 10);
  office.run_for(seconds(20));
  EXPECT_EQ(office.count_of("some"), 10);
  EXPECT_EQ(office.count_of("none"), 0);
  EXPECT_EQ(office.view("none").alarm, "none of its trunks is configured");
}

TEST(Dialer, ANumberKeepsItsCallerIdAtEveryTry) {
  Office office;
  office.add_trunk("main", 20);
  office.add_trunk("bare", 20);
  const std::vector<std::string> pool{"+12025550191", "+12025550192", "+12025550193"};
  office.options.trunks[0].caller_ids = pool;
  office.add_campaign("a", over({{"main", 1, 1}}));
  office.add_campaign("b", over({{"bare", 1, 1}}));
  for (const auto* id : {"a", "b"}) office.add_contacts(id, 1, 50);
  office.again_after = [](std::int64_t) { return seconds(30); };
  office.run_for(seconds(200));
  std::map<std::string, std::set<std::string>> seen;  // by number
  std::set<std::string> used;
  for (const auto& start : office.starts) {
    if (start.trunk == "main") seen[start.contact.number].insert(start.caller_id);
    if (start.trunk == "main") used.insert(start.caller_id);
    if (start.trunk == "bare") EXPECT_EQ(start.caller_id, "") << "the carrier's own";
  }
  ASSERT_GT(office.count_on("main"), 150) << "several tries each";
  for (const auto& [number, caller_ids] : seen) EXPECT_EQ(caller_ids.size(), 1u) << number;
  EXPECT_EQ(used, std::set(pool.begin(), pool.end()));
}

// ---------------------------------------------------------------- lanes

TEST(Dialer, LanesTakeTurns) {
  Office office;
  office.add_trunk("main", 1'000);
  office.add_campaign("a");
  for (const int lane : {1, 2, 3}) office.add_contacts("a", lane * 1'000, 300, lane);
  office.run_for(Duration(10));
  office.tell(PlacingChanged{false, "the ledger is behind"});
  office.run_for(seconds(1));
  office.starts.clear();
  office.tell(PlacingChanged{true, ""});
  office.run_for(Duration(0));
  ASSERT_EQ(office.starts.size(), 21u) << "what 20 ms bring, in one step";
  for (const int lane : {1, 2, 3}) EXPECT_EQ(office.count_in(lane), 7) << lane;
  for (std::size_t i = 1; i < office.starts.size(); ++i) {
    EXPECT_NE(office.starts[i].contact.lane, office.starts[i - 1].contact.lane) << i;
  }
}

TEST(Dialer, AClosedLaneWaitsForItsHourWhileOthersGoOn) {
  Office office;
  office.options.is_window_enforced = true;
  office.add_trunk("main", 5);
  office.zones = {{1, "Asia/Jerusalem"}, {2, "America/New_York"}};
  office.add_campaign("a");
  office.add_contacts("a", 1, 10, 1);
  office.add_contacts("a", 101, 10, 2);
  office.run_for(seconds(60));
  EXPECT_EQ(office.count_in(1), 0);
  EXPECT_EQ(office.count_in(2), 10);
  const Time nine_in_jerusalem = time_from_ms(1'700'031'600'000);
  EXPECT_EQ(office.view("a").next_at, nine_in_jerusalem);
  EXPECT_EQ(office.view("a").waits_for, "outside 09:00-20:00 (Wednesday 00:13 in Asia/Jerusalem)");
  EXPECT_EQ(office.view("a").in_hopper, 0u) << "what is closed costs nothing";
  office.starts.clear();
  office.run_for(hours(24));
  ASSERT_EQ(office.starts.size(), 10u);
  EXPECT_EQ(office.starts[0].at, nine_in_jerusalem) << "it wakes for it";
  EXPECT_THAT(office.said, ::testing::ElementsAre("a completed: every contact is done"));
}

TEST(Dialer, ACallIsStartedWithTheCallingTimeOfItsLane) {
  Office office;
  office.options.is_window_enforced = true;
  office.add_trunk("main", 5);
  CampaignSettings settings;
  settings.expected_call = seconds(90);
  office.add_campaign("a", settings);
  office.add_contacts("a", 1, 1);
  office.run_for(seconds(1));
  ASSERT_EQ(office.starts.size(), 1u);
  EXPECT_TRUE(office.starts[0].calling_time.is_open);
  const Time eight_in_new_york = time_from_ms(1'700'010'000'000);
  EXPECT_EQ(office.starts[0].calling_time.closes_at, eight_in_new_york - seconds(90) + Duration(1));
}

TEST(Dialer, ContactsInHandGoBackWhenTheLaneCloses) {
  Office office;
  office.options.is_window_enforced = true;
  office.add_trunk("main", 1.0 / 600);
  office.add_campaign("a");
  office.add_contacts("a", 1, 50);
  const Time closes_at = time_from_ms(1'700'009'940'001);  // 19:59 in New York: the last call fits in before 20:00
  office.run_until(closes_at - Duration(1));
  const int today = office.count_of("a");
  EXPECT_EQ(office.view("a").in_hopper, 50u - static_cast<unsigned>(today));
  office.run_until(closes_at);
  EXPECT_EQ(office.view("a").in_hopper, 0u);
  const Time opens_at = time_from_ms(1'700'056'800'000);
  office.run_until(opens_at - Duration(1));
  EXPECT_EQ(office.count_of("a"), today);
  office.run_for(hours(10));
  EXPECT_EQ(office.count_of("a"), 50);
  EXPECT_EQ(office.gone, 0) << "nobody is handed out twice";
}

// ---------------------------------------------------------------- what changes under its hands

TEST(Dialer, ADroppedNumberLeavesEveryHopperAtOnceAndTheLedgerIsAskedAgain) {
  Office office;
  office.add_trunk("main", 1);
  for (const auto* id : {"a", "b"}) {
    office.add_campaign(id);
    office.add_contacts(id, 1, 20);
  }
  office.run_for(Duration(100));
  ASSERT_EQ(office.view("a").in_hopper + office.view("b").in_hopper, 39u);
  office.remove("a", 15);  // in b it stays ready: not every suppression ends a contact
  office.dialer().drop_number(Office::number_of(15));
  EXPECT_EQ(office.view("a").in_hopper + office.view("b").in_hopper, 37u);
  office.run_for(seconds(60));
  EXPECT_EQ(office.gone, 0) << "it was not started in a";
  EXPECT_EQ(office.count_of("a"), 19);
  EXPECT_EQ(office.count_of("b"), 20);
  EXPECT_THAT(office.said, ::testing::UnorderedElementsAre("a completed: every contact is done",
                                                           "b completed: every contact is done"));
}

// Its copy in the hopper says that it is new; meanwhile somebody else called it, and it is to be called again.
TEST(Dialer, AnOldCopyOfAContactIsFetchedAgain) {
  Office office;
  office.add_trunk("main", 1);
  office.add_campaign("a");
  office.add_contacts("a", 1, 5);
  office.run_for(Duration(100));
  office.remove("a", 3);
  office.add_contacts("a", 3, 1, 1, office.now + seconds(60));
  office.run_for(seconds(59));
  EXPECT_EQ(office.gone, 1);
  EXPECT_EQ(office.count_of("a"), 4);
  EXPECT_EQ(office.view("a").waits_for, "the next contact is due later");
  office.run_for(seconds(5));
  ASSERT_EQ(office.count_of("a"), 5);
  EXPECT_EQ(office.starts.back().at, Office::kBegin + Duration(60'100));
}

// ---------------------------------------------------------------- slots

struct Cap {
  std::string of;  // of whom the most live calls are looked at; empty = of all
  std::function<void(Office&, CampaignSettings&)> set;
  std::string reason;
};

TEST(Dialer, KeepsToEveryLimitOfLiveCallsAndFreesEachSlotOnce) {
  const std::vector<Cap> caps{
      {"a", [](Office&, CampaignSettings& settings) { settings.max_live_calls = 3; },
       "3 of its calls are live: as many as it may have"},
      {"main", [](Office& office, CampaignSettings&) { office.options.trunks[0].limits.max_live_calls = 3; },
       "all 3 channels of trunk main are in use"},
      {"", [](Office& office, CampaignSettings&) { office.options.node.max_live = 3; },
       "3 calls are live: as many as are allowed"},
      {"", [](Office& office, CampaignSettings&) { office.options.overall.max_live = 3; },
       "3 calls are live: as many as are allowed"},
  };
  for (const auto& cap : caps) {
    SCOPED_TRACE(cap.of + " " + cap.reason);
    Office office;
    office.add_trunk("main", 20);
    CampaignSettings settings;
    cap.set(office, settings);
    office.add_campaign("a", settings);
    office.add_contacts("a", 1, 30);
    office.call_length = seconds(10);
    office.run_for(seconds(9));
    EXPECT_EQ(office.view("a").waits_for, cap.reason);
    office.run_for(seconds(111));
    EXPECT_EQ(office.most_live[cap.of], 3);
    EXPECT_EQ(office.count_of("a"), 30) << "every end lets one begin";
    EXPECT_EQ(office.dialer().live(), 0);
    EXPECT_EQ(office.view("a").live, 0);
    EXPECT_EQ(office.said, std::vector<std::string>{"a completed: every contact is done"});
  }
}

TEST(Dialer, CallsOfAnEarlierProcessHoldTheirSlots) {
  Office office(Office::Told::kNothing);
  office.add_trunk("main", 20, 3);
  CampaignSettings settings;
  settings.max_live_calls = 2;
  office.add_campaign("a", settings);
  office.add_campaign("b");
  office.tell(SlotTaken{"main", "a"});
  office.tell(SlotTaken{"main", "a"});
  office.tell(SlotTaken{"removed", ""});  // a trunk that is not configured any more, a call of /dial
  office.tell(SlotsTold{});
  for (const auto* id : {"a", "b"}) office.add_contacts(id, 1, 5);
  office.call_length = seconds(10);
  office.run_for(seconds(5));
  EXPECT_EQ(office.count_of("a"), 0) << "its own two";
  EXPECT_EQ(office.count_of("b"), 1) << "the third channel";
  EXPECT_EQ(office.dialer().live(), 4);
  for (const auto* id : {"a", "a"}) office.tell(SlotFreed{"main", id});
  office.tell(SlotFreed{"removed", ""});
  office.run_for(seconds(120));
  EXPECT_EQ(office.most_live["main"], 3);
  EXPECT_EQ(office.count_of("a"), 5);
  EXPECT_EQ(office.count_of("b"), 5);
  EXPECT_EQ(office.dialer().live(), 0);
}

}  // namespace
}  // namespace carillon
