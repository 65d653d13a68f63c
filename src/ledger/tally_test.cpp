// Whatever happens to campaigns, contacts and calls, in whatever order, told once or twice: the sums that are kept are
// those that a recount gives.
#include "ledger/tally.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <utility>

#include "core/call/call.h"
#include "ledger/attempts.h"
#include "ledger/campaigns.h"
#include "ledger/contacts.h"
#include "ledger/schema.h"
#include "ledger/starting.h"
#include "ledger/suppressions.h"
#include "ledger/testing/ledger_test.h"
#include "ledger/testing/recount.h"

namespace carillon::ledger {
namespace {

constexpr int kCampaigns = 2;
constexpr int kNumbers = 6;

// One thing that happens: what, to whom, and how.
struct Happening {
  int what = 0;
  int who = 0;
  int how = 0;
};
constexpr int kKinds = 12;

class Story {
 public:
  Story() {
    prepare_schema(db_);
    db_.execute("BEGIN");
    for (int i = 0; i < kCampaigns; ++i) {
      Campaign campaign;
      campaign.id = fmt::format("c{}", i);
      campaign.state = CampaignState::kRunning;
      campaigns_.push_back(*create_campaign(db_, campaign));
    }
  }

  void tell(const Happening& happening) {
    const auto [what, who, how] = happening;
    now_ += std::chrono::minutes(how);
    switch (what) {
      case 0: return import_list(campaigns_[index(who, kCampaigns)], how);
      case 1:
      case 2:
      case 3: return start(who, how);
      case 4: return accept(who);
      case 5: return ring_in(who);
      case 6: return suppress(who, how);
      case 7: return resolve(how);
      default: return step(who, how);
    }
  }
  // Ends a transaction of the writer.
  std::string drift() {
    db_.tally().write(db_);
    db_.execute("COMMIT; BEGIN");
    return testing::drift_of(db_);
  }

 private:
  struct Open {
    Call call;
    bool is_new = false;
    std::uint32_t next_note = 1;
  };

  static std::size_t index(int n, std::size_t size) { return static_cast<std::size_t>(n) % size; }
  static std::string number(int n) { return fmt::format("+120255501{:02}", n % kNumbers); }
  std::string new_id() { return fmt::format("a{:04}", ++ids_); }

  void import_list(const Campaign& campaign, int how) {
    std::vector<NewContact> list;
    for (int i = 0; i < 4; ++i) list.push_back(testing::new_contact(static_cast<std::size_t>(i), number(i * how)));
    add_contacts(db_, campaign.key, list);
  }
  void start(int who, int how) {
    const auto contact = find_contact(db_, 1 + who);
    if (!contact) return;
    AttemptRequest asked = testing::request(new_id(), contact->number);
    asked.campaign_id = contact->campaign_id;
    asked.campaign_key = contact->campaign_key;
    asked.contact_key = contact->key;
    asked.try_number = contact->tries + 1;
    auto rules = testing::open_rules(campaigns_[static_cast<std::size_t>(contact->campaign_key - 1)]);
    rules->policy.classes[CampaignClass::kInformational].caps.lifetime = 3;
    auto asked_start = testing::start_of(asked, rules, now_);
    if (how == 0) asked_start.calling_time = {false, "window", "window-closed", "", now_ + std::chrono::minutes(9), {}};
    if (record_intent(db_, asked_start).kind != StartResult::Kind::kStarted) return;
    open_.push_back({Call(asked_start.change.attempt, {}, {})});
  }
  void accept(int who) {
    AttemptRequest asked = testing::request(new_id(), number(who));
    asked.campaign_id = "c0";
    asked.created_at = now_;
    if (!accept_request(db_, asked, *testing::open_rules(), testing::open_hours())) return;
    const auto asked_start = testing::start_of(asked, testing::open_rules(), now_);
    if (record_intent(db_, asked_start).kind != StartResult::Kind::kStarted) return;
    open_.push_back({Call(asked_start.change.attempt, {}, {})});
  }
  void ring_in(int who) {
    AttemptRequest asked = testing::request("in-" + new_id(), number(who));
    asked.direction = Direction::kInbound;
    AttemptProgress progress;
    progress.status = CallStatus::kInitiated;
    open_.push_back({Call({asked, progress}, {}, {}), true});
  }
  void suppress(int who, int how) {
    if (how % 2 == 0) {
      suppress_number(db_, {number(who), SuppressionLevel::kGlobal, "", "asked", "operator", now_, {}});
    } else {
      unsuppress_number(db_, number(who), SuppressionLevel::kGlobal, "");
    }
  }
  void resolve(int how) {
    for (const auto& one : open_) {
      const auto resolution = how % 2 == 0 ? Resolution::kCallAgain : Resolution::kLeave;
      resolve_attempt(db_, one.call.request().id, resolution, now_);
    }
  }

  // One more step of a call, also of one that has ended: told as the engine tells it, and now and then twice.
  void step(int who, int how) {
    if (open_.empty()) return;
    Open& open = open_[index(who, open_.size())];
    const CallStep step = open.call.on(event_of(open, how), now_);
    if (!step.needs_commit()) return;
    AttemptChange change;
    change.attempt = {open.call.request(), open.call.progress()};
    change.notes = step.notes;
    change.events = step.events;
    change.suppress = step.suppress;
    change.is_new = std::exchange(open.is_new, false);
    if (step.has_ended && open.call.request().contact_key != 0) {
      const auto next = after_attempt(default_retry_rules(), open.call.progress().outcome,
                                      open.call.request().try_number, false, now_, !step.was_never_sent);
      change.contact = ContactChange{next, !step.was_never_sent};
    }
    apply_change(db_, change);
    change.is_new = false;
    if (how % 3 == 0) apply_change(db_, change);
  }
  CallEvent event_of(Open& open, int how) {
    const auto note = [&](const char* text) { return *parse_note(open.next_note++, text); };
    switch (how) {
      case 0: return CallAccepted{};
      case 1: return CallRinging{};
      case 2: return note("call-started:1700000001000::::");
      case 3: return note("dtmf-action:1700000002000:1:main:donation:");
      case 4: return note("dtmf-action:1700000002000:9:main:opt-out:");
      case 5: return note("call-ended:1700000005000:16:200:Up:4000");
      case 6: return note("call-failed:1700000005000:17:486:Ringing:0");
      case 7: return FoundGone{true, false};
      case 8: return NeverSent{};
      default: return CallRefused{"no such trunk"};
    }
  }

  Database db_{":memory:", Database::Mode::kReadWrite};
  std::vector<Campaign> campaigns_;
  std::deque<Open> open_;
  Time now_ = testing::at(0);
  int ids_ = 0;
};

RC_GTEST_PROP(Tally, EqualsARecountWhateverHappened, ()) {
  const auto below = [](int n) { return rc::gen::inRange(0, n); };
  const auto happenings = *rc::gen::scale(3.0, rc::gen::container<std::vector<Happening>>(
                                                   rc::gen::construct<Happening>(below(kKinds), below(12), below(10))));
  Story story;
  for (std::size_t i = 0; i < happenings.size(); ++i) {
    story.tell(happenings[i]);
    // Several changes to one sum within one transaction, too.
    if (i % 4 == 3) RC_ASSERT(story.drift() == "");
  }
  RC_ASSERT(story.drift() == "");
}

}  // namespace
}  // namespace carillon::ledger
