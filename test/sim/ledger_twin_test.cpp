// The ledger in memory and the real one are told the same, at random, and must say the same: what simulations prove of
// the one holds for the other. CARILLON_SEED=17 runs that sequence alone; CARILLON_SEEDS=1000 runs so many.
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <random>

#include "base/log.h"
#include "base/ulid.h"
#include "core/call/call.h"
#include "core/campaign/budget.h"
#include "engine/testing/seeds.h"
#include "ledger/sqlite_store.h"
#include "sim/in_words.h"
#include "sim/twins.h"
#include "simulated/memory_store.h"

namespace carillon {
namespace {

class Sequence {
 public:
  explicit Sequence(std::uint64_t seed) : random_(seed), ids_(seed) { make_rules(); }

  // The first difference between the two.
  std::string run() {
    for (int batch = 0; batch < 12; ++batch) {
      has_resolved_ = false;
      for (auto count = 5 + below(40); count > 0; --count) act();
      if (auto difference = twins_.settle(); !difference.empty()) return difference;
      look();
      if (auto difference = twins_.settle(); !difference.empty()) return difference;
    }
    return "";
  }

 private:
  struct Open {
    Call call;
    bool is_new = false;
    bool has_opted_out = false;
    bool is_waiting = false;  // accepted and not intended
    std::uint32_t next_note = 1;
  };

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  std::string number() { return fmt::format("+1202555{:04}", 100 + below(kNumbers)); }
  std::string campaign_id() { return fmt::format("c{}", 1 + below(3)); }
  std::string pick(std::initializer_list<const char*> words) { return *(words.begin() + below(words.size())); }

  void make_rules() {
    log::set_up(log::Format::kText, "off");
    for (const auto kind : {CampaignClass::kAdvertisement, CampaignClass::kDonation, CampaignClass::kInformational,
                            CampaignClass::kEmergency}) {
      ClassRules rules;
      if (kind == CampaignClass::kAdvertisement) rules.registries = {{"us-dnc", std::chrono::hours(24), {}}};
      if (kind == CampaignClass::kDonation) rules.needs_consent = true;
      rules.caps.per_day = 2 + static_cast<int>(below(3));
      if (chance(50)) rules.caps.lifetime = 5;
      policy_.classes[kind] = rules;
    }
    policy_.id = "test";
  }
  std::shared_ptr<const GateRules> rules_of(const Campaign& campaign) {
    auto rules = std::make_shared<GateRules>();
    rules->campaign = campaign;
    rules->policy = policy_;
    rules->places = std::make_shared<Places>();
    return rules;
  }
  std::shared_ptr<const GateRules> direct_rules() {
    Campaign nobodys;
    nobodys.settings = settings();
    return rules_of(nobodys);
  }
  CallingTime calling_time() {
    CallingTime time;
    time.is_open = chance(90);
    if (time.is_open) return time;
    time.gate = "window";
    time.reason = "window-closed";
    time.opens_at = now_ + std::chrono::hours(1 + below(12));
    return time;
  }

  // ---- what is told
  void act() {
    now_ += Duration(1 + below(chance(3) ? 40'000'000 : 60'000));
    switch (below(16)) {
      case 0: return chance(30) ? create() : change();
      case 1: return add_contacts();
      case 2: return accept();
      case 3: return suppress();
      case 4: return chance(50) ? unsuppress() : resolve();
      case 5: return chance(50) ? add_checks() : add_consents();
      case 6: return ring_in();
      case 7:
      case 8:
      case 9:
      case 10: return start();
      default: return step();
    }
  }

  CampaignSettings settings() {
    CampaignSettings settings;
    settings.name = "spring";
    settings.kind = static_cast<CampaignClass>(below(4));
    settings.policy = "test";
    settings.advertiser = pick({"", "Acme", "Bell"});
    settings.trunks = {{"trunk-a", 1, 2}};
    if (chance(30)) settings.budget = Budget{2.0, 0.11, Duration(30'000)};
    if (chance(10)) settings.ends_at = now_ + std::chrono::hours(below(48));
    return settings;
  }
  void create() {
    Campaign campaign;
    campaign.id = campaign_id();
    campaign.settings = settings();
    campaign.created_at = now_;
    const auto created = twins_.ask<Campaign>("create_campaign", [&](CampaignStore& store, Reply<Campaign> reply) {
      store.create_campaign(campaign, kOperator, std::move(reply));
    });
    if (created) campaigns_.push_back(*created);
  }
  void change() {
    if (campaigns_.empty()) return create();
    auto& campaign = campaigns_[below(campaigns_.size())];
    campaign.state = chance(70) ? CampaignState::kRunning : static_cast<CampaignState>(below(7));
    campaign.stop_mode = static_cast<StopMode>(below(3));
    if (chance(30)) campaign.settings = settings();
    campaign.detail = pick({"", "as asked"});
    campaign.started_at = now_;
    Campaign told = campaign;
    if (chance(5)) told.key = 99;
    twins_.ask<void>("change_campaign", [&](CampaignStore& store, Reply<void> reply) {
      store.change_campaign(told, kOperator, "campaign.changed", std::move(reply));
    });
  }
  void add_contacts() {
    if (campaigns_.empty()) return create();
    std::vector<NewContact> contacts(below(8));
    for (std::size_t line = 0; line < contacts.size(); ++line) {
      auto& contact = contacts[line];
      contact.line = line + 1;
      contact.number = number();
      contact.external_id = fmt::format("p{}", below(100));
      ContactPlace place;
      if (chance(80)) place.zones = {pick({"America/New_York", "Asia/Jerusalem"})};
      if (chance(20)) place.zones.emplace_back("Europe/London");
      if (chance(50)) place.regions = {"US"};
      contact.place = std::make_shared<const ContactPlace>(std::move(place));
      if (chance(20)) contact.variables = R"({"name":"Ann"})";
      if (chance(20)) contact.consent = consent();
    }
    const auto key = campaigns_[below(campaigns_.size())].key;
    twins_.ask<AddedContacts>("add_contacts", [&](CampaignStore& store, Reply<AddedContacts> reply) {
      store.add_contacts(key, contacts, std::move(reply));
    });
  }
  Consent consent() {
    Consent given{
        pick({"Acme", "Bell"}), pick({"written", "customer"}), "file 7", now_ - Duration(below(9'000'000)), {}};
    if (chance(30)) given.expires_at = now_ + Duration(below(90'000'000));
    return given;
  }
  void add_consents() {
    const std::vector<std::pair<std::string, Consent>> all{{number(), consent()}, {number(), consent()}};
    twins_.ask<std::int64_t>("add_consents", [&](CampaignStore& store, Reply<std::int64_t> reply) {
      store.add_consents(all, kOperator, std::move(reply));
    });
  }
  void add_checks() {
    std::vector<std::pair<std::string, RegistryCheck>> checks;
    for (int i = 0; i < 6; ++i) {
      checks.push_back({number(), {pick({"us-dnc", "us-dnc", "own"}), chance(15), now_ - Duration(below(60'000'000))}});
    }
    twins_.ask<std::int64_t>("add_registry_checks", [&](CampaignStore& store, Reply<std::int64_t> reply) {
      store.add_registry_checks(checks, kOperator, std::move(reply));
    });
  }
  void suppress() {
    Suppression entry{number(), static_cast<SuppressionLevel>(below(4)), "", "asked", "operator", now_, {}};
    if (entry.level == SuppressionLevel::kAdvertiser) entry.scope = pick({"Acme", "Bell"});
    if (entry.level == SuppressionLevel::kCampaign) entry.scope = campaign_id();
    if (entry.level == SuppressionLevel::kRegistry) entry.scope = "us-dnc";
    if (chance(40)) entry.expires_at = now_ + Duration(below(9'000'000));
    twins_.ask<std::int64_t>("suppress", [&](CampaignStore& store, Reply<std::int64_t> reply) {
      store.suppress({entry}, kOperator, std::move(reply));
    });
  }
  void unsuppress() {
    const auto number_of_it = number();
    const auto level = chance(70) ? SuppressionLevel::kGlobal : SuppressionLevel::kCampaign;
    const auto scope = level == SuppressionLevel::kGlobal ? "" : campaign_id();
    twins_.ask<void>("unsuppress", [&](CampaignStore& store, Reply<void> reply) {
      store.unsuppress(number_of_it, level, scope, kOperator, std::move(reply));
    });
  }
  // At most one a batch: the real ledger's time of it is its own.
  void resolve() {
    if (std::exchange(has_resolved_, true)) return;
    std::vector<std::string> ids{"nobody"};
    for (const auto& [id, row] : twins_.memory.ledger.attempts()) {
      const bool is_worth_it = row.attempt.progress.outcome == Outcome::kUnknown || chance(2);
      if (is_worth_it && twins_.words.known.contains(id)) ids.push_back(id);
    }
    const auto id = ids[below(ids.size())];
    const auto resolution = chance(50) ? Resolution::kCallAgain : Resolution::kLeave;
    twins_.ask<void>("resolve " + id, [&](CampaignStore& store, Reply<void> reply) {
      store.resolve(id, resolution, kOperator, std::move(reply));
    });
  }

  void accept() {
    AttemptRequest request;
    request.id = new_id();
    request.call_id = chance(50) ? fmt::format("order-{}", below(12)) : "";
    request.fingerprint = pick({"one", "one", "other"});
    request.campaign_id = pick({"", "", "c1"});
    request.number = chance(95) ? number() : "12";
    request.time_zone = pick({"", "Asia/Jerusalem"});
    request.created_at = now_;
    const auto rules = direct_rules();
    const auto time = calling_time();
    const auto accepted = twins_.ask<Accepted>(
        "accept", [&](Store& store, Reply<Accepted> reply) { store.accept(request, rules, time, std::move(reply)); });
    if (!accepted || accepted->is_repeat) return;
    open_.emplace(request.id, Open{.call = Call(request, {}), .is_waiting = true});
  }
  std::string new_id() {
    auto id = ids_.next(now_);
    twins_.words.known.insert(id);
    return id;
  }
  void ring_in() {
    AttemptRequest request;
    request.id = "in-" + new_id();
    twins_.words.known.insert(request.id);
    request.direction = Direction::kInbound;
    if (chance(50)) request.number = number();
    request.created_at = now_;
    AttemptProgress progress;
    progress.status = CallStatus::kInitiated;
    open_.emplace(request.id, Open{.call = Call(Attempt{request, progress}, {}, {}), .is_new = true});
  }

  // ---- intents: of calls that wait, and of contacts that are due or not
  void start() {
    if (chance(30)) {
      for (auto& [id, open] : open_) {
        if (open.is_waiting && !open.call.has_ended()) return start_waiting(open);
      }
    }
    const auto contacts = static_cast<std::uint64_t>(twins_.memory.ledger.contacts());
    if (contacts == 0) return add_contacts();
    const auto& contact = *twins_.memory.ledger.find_contact(static_cast<std::int64_t>(1 + below(contacts)));
    AttemptRequest request;
    request.id = new_id();
    request.campaign_id = contact.campaign_id;
    request.campaign_key = contact.campaign_key;
    request.contact_key = contact.key;
    request.contact_id = contact.external_id;
    request.try_number = contact.tries + (chance(95) ? 1 : 0);
    request.number = contact.number;
    request.variables = contact.variables;
    request.trunk = "trunk-a";
    request.created_at = now_;
    const auto& campaign = campaigns_.at(static_cast<std::size_t>(contact.campaign_key - 1));
    Open open{.call = Call(request, {})};
    if (intend(open, rules_of(campaign), true)) open_.emplace(request.id, std::move(open));
  }
  void start_waiting(Open& open) {
    open.call.route("trunk-b", "+12025550199");
    if (intend(open, direct_rules(), false)) {
      open.is_waiting = false;
    } else {
      open.call.on(NeverSent{}, now_);
    }
  }
  bool intend(Open& open, std::shared_ptr<const GateRules> rules, bool is_new) {
    open.call.intend("boot-1", now_);
    StartRequest request;
    request.change.attempt = {open.call.request(), open.call.progress()};
    request.change.is_new = is_new;
    request.rules = std::move(rules);
    request.calling_time = calling_time();
    request.now = now_;
    const auto result = twins_.ask<StartResult>(
        "intend", [&](Store& store, Reply<StartResult> reply) { store.intend(request, std::move(reply)); });
    return result && result->kind == StartResult::Kind::kStarted;
  }

  // ---- one more step of a call under way, as the engine records it
  void step() {
    std::vector<Open*> under_way;
    for (auto& [id, open] : open_) {
      if (!open.is_waiting) under_way.push_back(&open);
    }
    if (under_way.empty()) return start();
    Open& open = *under_way[below(under_way.size())];
    record(open, open.call.on(event_for(open), now_));
  }
  CallEvent event_for(Open& open) {
    const auto ms = to_ms(now_);
    const auto note = [&](const std::string& text) { return *parse_note(open.next_note++, text); };
    switch (below(12)) {
      case 0: return CallAccepted{};
      case 1: return CallRinging{};
      case 2: return note(fmt::format("call-started:{}:{}:::", ms, number()));
      case 3: return note(fmt::format("dtmf-action:{}:1:main:donation:{}", ms, number()));
      case 4: return note(fmt::format("dtmf-action:{}:9:main:opt-out:{}", ms, number()));
      case 5: return CallHangup{17, 486, ChannelState::kRinging};
      case 6: return FoundGone{true, chance(50)};
      case 7: return NeverSent{};
      case 8: return note(fmt::format("call-ended:{}:16:200:Up:{}", ms, below(200'000)));
      case 9: return note(fmt::format("call-failed:{}:17:486:Ringing:0", ms));
      case 10: return CallRefused{"no such trunk"};
      default: return note(fmt::format("call-failed:{}:19:180:Ringing:0", ms));
    }
  }
  void record(Open& open, const CallStep& step) {
    if (!step.needs_commit()) return;
    open.has_opted_out = open.has_opted_out || step.suppress.has_value();
    AttemptChange change;
    change.attempt = {open.call.request(), open.call.progress()};
    change.notes = step.notes;
    change.events = step.events;
    change.suppress = step.suppress;
    change.is_new = std::exchange(open.is_new, false);
    const auto& asked = open.call.request();
    const auto& progress = open.call.progress();
    if (step.has_ended && asked.contact_key != 0) {
      change.contact = ContactChange{after_attempt(default_retry_rules(), progress.outcome, asked.try_number,
                                                   open.has_opted_out, progress.ended_at, !step.was_never_sent),
                                     !step.was_never_sent};
      change.cost = cost_of(Budget{2.0, 0.11, Duration(30'000)}, progress.talked);  // counts once
    }
    open.is_waiting = step.needs_requeue;
    const int times = chance(3) ? 2 : 1;  // told twice, it counts once
    for (int i = 0; i < times; ++i) {
      twins_.ask<void>("record", [&](Store& store, Reply<void> reply) { store.record(change, std::move(reply)); });
      change.is_new = false;
    }
  }

  // ---- what is read
  void look() {
    const auto read = [this]<class T>(const char* what, auto question) { twins_.ask<T>(what, question); };
    read.operator()<std::vector<Campaign>>(
        "load_campaigns",
        [](CampaignStore& store, Reply<std::vector<Campaign>> reply) { store.load_campaigns(std::move(reply)); });
    read.operator()<std::vector<StoredAttempt>>(
        "load_open", [](Store& store, Reply<std::vector<StoredAttempt>> reply) { store.load_open(std::move(reply)); });
    std::vector<std::string> some{"nobody"};
    for (const auto& [id, open] : open_) {
      if (chance(20)) some.push_back(id);
    }
    read.operator()<std::vector<StoredAttempt>>(
        "load", [&](Store& store, Reply<std::vector<StoredAttempt>> reply) { store.load(some, std::move(reply)); });
    for (const std::string id : {"order-3", "order-4", some.back().c_str()}) {
      read.operator()<std::optional<StoredAttempt>>(
          "find_call",
          [&](Store& store, Reply<std::optional<StoredAttempt>> reply) { store.find_call(id, std::move(reply)); });
    }
    for (const auto& campaign : campaigns_) look_at(campaign);
    for (const auto* id : {"", "nothing"}) {
      read.operator()<CampaignReport>(
          "report", [&](CampaignStore& store, Reply<CampaignReport> reply) { store.report(id, std::move(reply)); });
      read.operator()<AttemptPage>("list_attempts", [&](CampaignStore& store, Reply<AttemptPage> reply) {
        store.list_attempts(id, "", 10'000, std::move(reply));
      });
    }
    look_at_numbers();
  }
  void look_at(const Campaign& campaign) {
    const auto key = campaign.key;
    twins_.ask<CampaignReport>("report", [&](CampaignStore& store, Reply<CampaignReport> reply) {
      store.report(campaign.id, std::move(reply));
    });
    twins_.ask<std::vector<LaneCount>>("count_lanes", [&](CampaignStore& store, Reply<std::vector<LaneCount>> reply) {
      store.count_lanes(key, std::move(reply));
    });
    const int limit = static_cast<int>(1 + below(6));
    const Time then = now_ + Duration(below(4'000'000));
    for (int lane = 1; lane < 8; ++lane) {
      twins_.ask<DueContacts>("fetch_due", [&](CampaignStore& store, Reply<DueContacts> reply) {
        store.fetch_due(key, lane, limit % 2 == 0 ? DueKind::kAll : DueKind::kAgain, then, limit, std::move(reply));
      });
    }
    std::optional<ContactState> state;
    if (chance(70)) state = static_cast<ContactState>(below(5));
    for (const std::int64_t after : {0, 5, 17}) {
      twins_.ask<ContactPage>("list_contacts", [&](CampaignStore& store, Reply<ContactPage> reply) {
        store.list_contacts(key, state, after, limit, std::move(reply));
      });
      twins_.ask<ContactFactsPage>("facts_page", [&](CampaignStore& store, Reply<ContactFactsPage> reply) {
        store.facts_page(key, after, limit, std::move(reply));
      });
    }
    twins_.ask<AttemptPage>("list_attempts", [&](CampaignStore& store, Reply<AttemptPage> reply) {
      store.list_attempts(campaign.id, "", 10'000, std::move(reply));
    });
    twins_.ask<std::vector<AuditEntry>>("audit", [&](CampaignStore& store, Reply<std::vector<AuditEntry>> reply) {
      store.audit(campaign.id, limit, std::move(reply));
    });
  }
  void look_at_numbers() {
    for (int i = 0; i < kNumbers + 1; ++i) {
      const auto one = fmt::format("+1202555{:04}", 100 + i);  // the last is nobody's
      twins_.ask<std::vector<ContactFacts>>(
          "facts_of",
          [&](CampaignStore& store, Reply<std::vector<ContactFacts>> reply) { store.facts_of(one, std::move(reply)); });
      twins_.ask<SuppressionPage>("list_suppressions", [&](CampaignStore& store, Reply<SuppressionPage> reply) {
        store.list_suppressions(one, "", 10, std::move(reply));
      });
      // Those never dialled come last, in any order: as many as were dialled are asked for.
      int placed = 0;
      for (const auto& [id, row] : twins_.memory.ledger.attempts()) {
        placed += row.attempt.request.number == one && row.attempt.progress.intended_at != Time{} ? 1 : 0;
      }
      twins_.ask<std::vector<Attempt>>("attempts_of", [&](CampaignStore& store, Reply<std::vector<Attempt>> reply) {
        store.attempts_of(one, placed, std::move(reply));
      });
    }
    for (std::string cursor;;) {
      const auto page =
          twins_.ask<SuppressionPage>("list_suppressions", [&](CampaignStore& store, Reply<SuppressionPage> reply) {
            store.list_suppressions("", cursor, 3, std::move(reply));
          });
      if (page->next.empty()) break;
      cursor = page->next;
    }
  }

  std::mt19937_64 random_;
  UlidGenerator ids_;
  Twins twins_;
  PolicyPack policy_;
  std::vector<Campaign> campaigns_;
  std::map<std::string, Open> open_;
  Time now_ = time_from_ms(2'000'000'000'000);  // after the wall clock's: what is resolved is due at once
  bool has_resolved_ = false;
};

TEST(LedgerTwin, TheLedgerInMemoryAnswersAsTheRealOne) {
  testing::for_each_seed(testing::is_sanitized() ? 8 : 40, "LedgerTwin", "test_ledger_twin", [](std::uint64_t seed) {
    const auto difference = Sequence(seed).run();
    return difference.empty() ? std::vector<std::string>{} : std::vector{difference};
  });
}

}  // namespace
}  // namespace carillon
