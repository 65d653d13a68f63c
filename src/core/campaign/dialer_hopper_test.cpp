// What the dialer holds in memory, whatever is due.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "core/campaign/dialer.h"

namespace carillon {
namespace {

constexpr const char* kTrunk = "main";
constexpr const char* kCampaign = "spring";
constexpr int kLane = 1;
const Time kBegin = time_from_ms(1'700'000'000'000);

// A list of people who are all to be called again, and a dialer whose calls end at once.
class Backlog {
 public:
  Backlog(std::int64_t contacts, std::size_t hopper) : dialer_(options(hopper)) {
    for (std::int64_t key = 1; key <= contacts; ++key) due_[key] = kBegin - std::chrono::hours(1) + Duration(key);
    Campaign campaign;
    campaign.id = kCampaign;
    campaign.key = 1;
    campaign.state = CampaignState::kRunning;
    campaign.settings.policy = "none";
    events_ = {PlacingChanged{true, ""}, SlotsTold{}, CampaignChanged{campaign}};
  }

  void run_for(Duration span) {
    for (const Time end = now_ + span; now_ < end; now_ += Duration(50)) {
      for (auto& command : dialer_.step(now_, std::exchange(events_, {})).commands) {
        std::visit([this](auto& what) { carry_out(what); }, command);
      }
      most_held = std::max(most_held, dialer_.view(kCampaign)->in_hopper);
    }
  }

  std::size_t most_held = 0;
  std::vector<std::int64_t> called;

 private:
  static DialerOptions options(std::size_t hopper) {
    DialerOptions options;
    TrunkLimits limits;
    limits.calls_per_second = 5;
    limits.max_short_ratio = 0;
    options.trunks = {{kTrunk, limits, {}}};
    options.policies = {{"none", default_policy_pack()}};
    options.is_window_enforced = false;
    options.hopper = hopper;
    return options;
  }

  void carry_out(const CountLanes&) {
    events_.emplace_back(LanesCounted{kCampaign, {{{kLane, {"Asia/Jerusalem"}, {"IL"}}, due_.begin()->second}}});
  }
  void carry_out(const FetchDue& fetch) {
    DueContacts answer;
    for (const auto& [key, due_at] : due_) {
      if (static_cast<int>(answer.contacts.size()) == fetch.limit) break;
      answer.contacts.push_back({key, "+12025550100", "", "", kLane, 1, due_at});
    }
    events_.emplace_back(ContactsFetched{kCampaign, kLane, fetch.kind, fetch.limit, std::move(answer)});
  }
  void carry_out(const StartContact& start) {
    called.push_back(start.contact.key);
    due_.erase(start.contact.key);
    TrunkCallEnd end;
    end.outcome = Outcome::kBusy;
    events_.emplace_back(StartAnswered{kCampaign, kLane, start.contact.key, {StartResult::Kind::kStarted, {}, {}}});
    events_.emplace_back(SetUpDone{});
    events_.emplace_back(TrunkEnded{kTrunk, end});
    events_.emplace_back(SlotFreed{kTrunk, kCampaign});
  }
  void carry_out(const SpeakPrompt&) { FAIL(); }
  void carry_out(const StartDirect&) { FAIL(); }
  void carry_out(const ChangeState&) {}
  void carry_out(const RaiseAlarm& alarm) { EXPECT_EQ(alarm.reason, ""); }

  std::map<std::int64_t, Time> due_;
  Dialer dialer_;
  std::vector<DialerEvent> events_;
  Time now_ = kBegin;
};

TEST(DialerHopper, HoldsAFewOfManyWhoAreToBeCalledAgain) {
  constexpr std::size_t kHopper = 20;
  Backlog backlog(2'000, kHopper);
  backlog.run_for(std::chrono::seconds(120));
  EXPECT_LE(backlog.most_held, 2 * kHopper);
  EXPECT_GT(backlog.called.size(), 500u);
  EXPECT_TRUE(std::ranges::is_sorted(backlog.called)) << "who is due longer comes first";
}

TEST(DialerHopper, CallsThemAllInTheEnd) {
  Backlog backlog(300, 20);
  backlog.run_for(std::chrono::seconds(120));
  EXPECT_EQ(backlog.called.size(), 300u);
}

}  // namespace
}  // namespace carillon
