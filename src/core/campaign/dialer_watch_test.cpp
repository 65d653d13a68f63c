// What an operator is warned of and what not; bounds of the hopper; days and clocks that change under a long campaign.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/campaign/testing/office.h"

namespace carillon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::IsEmpty;
using testing::Office;

TEST(DialerWatch, TheOwnRateOfACampaignIsNoAlarm) {
  Office office;
  office.add_trunk("main", 5);
  CampaignSettings settings;
  settings.calls_per_second = 0.05;
  office.add_campaign("a", settings);
  office.add_contacts("a", 1, 100);
  office.run_for(seconds(120));
  EXPECT_THAT(office.said, IsEmpty());
}
TEST(DialerWatch, TheOwnChannelsOfACampaignAreNoAlarm) {
  Office office;
  office.add_trunk("main", 5);
  CampaignSettings settings;
  settings.max_live_calls = 5;
  office.add_campaign("a", settings);
  office.add_contacts("a", 1, 100);
  office.call_length = hours(1);
  office.run_for(seconds(120));
  EXPECT_THAT(office.said, IsEmpty());
}

TEST(DialerWatch, TheHopperOfALaneIsBoundedHoweverManyLanesThereAre) {
  for (const int lanes : {1, 2, 3, 6}) {
    Office office;
    office.options.hopper = 20;
    office.add_trunk("main", 50);
    office.add_campaign("a");
    for (int lane = 1; lane <= lanes; ++lane) office.add_contacts("a", lane * 10'000, 9'000, lane);
    std::size_t most = 0;
    for (int i = 0; i < 300; ++i) {
      office.run_for(Duration(500));
      most = std::max(most, office.view("a").in_hopper);
    }
    EXPECT_LE(most, 40u * static_cast<unsigned>(lanes)) << lanes << " lanes";
  }
}

TEST(DialerWatch, AHolidayBeyondTheHorizonClosesTheLaneWhenItComes) {
  Office office;
  office.options.is_window_enforced = true;
  auto& pack = office.options.policies.at("none");
  for (auto& [kind, rules] : pack.classes) {
    for (auto& day : rules.hours.days) day = {{0, kMinutesPerDay}};
    rules.observes_holidays = true;
  }
  pack.holidays.push_back({"", 2023, 12, 5, "Founders"});
  office.add_trunk("main", 1);
  CampaignSettings settings;
  settings.calls_per_second = 1.0 / 600;
  office.add_campaign("a", settings);
  office.add_contacts("a", 1, 5'000);
  office.run_for(hours(24 * 23));
  const Time from = time_from_ms(1'701'752'400'000);  // 2023-12-05 00:00 in New York
  EXPECT_EQ(office.count([&](const Office::Start& start) { return start.at >= from && start.at < from + hours(24); }),
            0);
}

TEST(DialerWatch, ATrunkThatStaysDeadIsOneAlarm) {
  Office office;
  office.add_trunk("main", 5);
  office.add_campaign("a");
  office.add_contacts("a", 1, 100);
  office.outcome_on = [](const std::string&) { return Outcome::kTrunkDown; };
  office.run_for(seconds(600));
  EXPECT_EQ(office.said.size(), 1u);
}

TEST(DialerWatch, AClockThatStepsBackDoesNotHoldUpRetries) {
  Office office;
  office.add_trunk("main", 5);
  office.add_campaign("a");
  office.add_contacts("a", 1, 5);
  office.again_after = [](std::int64_t) { return seconds(5); };
  office.run_for(seconds(10));
  office.add_campaign("later");  // nothing of its own: only so that the clock may step with nothing under way
  office.run_for(seconds(20));
  office.starts.clear();
  office.now -= hours(1);
  office.tell(ContactDue{"a", 1, office.now});
  office.add_contacts("a", 50, 1, 1, office.now);
  office.run_for(seconds(600));
  EXPECT_GT(office.count([](const Office::Start& start) { return start.contact.key == 50; }), 0);
}

// A machine that starts with a clock that is hours fast opens a window too early, and must not keep it open.
TEST(DialerWatch, AClockThatStepsBackClosesTheWindowAgain) {
  Office office;
  office.options.is_window_enforced = true;
  for (auto& [kind, rules] : office.options.policies.at("none").classes) {
    for (auto& day : rules.hours.days) day = {{9 * 60, 20 * 60}};
  }
  office.add_trunk("main", 1);
  office.add_campaign("a");
  office.add_contacts("a", 1, 20'000);
  office.run_for(seconds(30));
  ASSERT_FALSE(office.starts.empty()) << "17:13 in New York";
  office.starts.clear();
  office.now -= hours(10);
  office.tell(ContactDue{"a", 1, office.now});
  const Time nine = office.now + minutes(106);  // 07:13:50 it is
  office.run_for(hours(3));
  ASSERT_FALSE(office.starts.empty()) << "it does not open at nine";
  EXPECT_GE(office.starts.front().at, nine);
}

TEST(DialerWatch, ATrunkWithoutAnyRateIsAnAlarm) {
  Office office;
  office.add_trunk("main", 0);
  office.add_campaign("a");
  office.add_contacts("a", 1, 5);
  office.run_for(seconds(60));
  EXPECT_EQ(office.said.size(), 1u) << office.view("a").waits_for;
}

}  // namespace
}  // namespace carillon
