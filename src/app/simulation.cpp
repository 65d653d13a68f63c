#include "app/simulation.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "core/campaign/calling_time.h"
#include "engine/campaigns.h"
#include "simulated/memory_store.h"
#include "simulated/timeline.h"
#include "simulated/virtual_node.h"

namespace carillon {
namespace {

using simulated::Forecast;
using simulated::Scenario;

constexpr const char* kCampaign = "simulation";
constexpr Duration kCommit{1};
constexpr std::chrono::minutes kTick{1};
// Nothing opens after this that is not open before (calling_time.h).
constexpr Duration kNothingMoreComes = kCallingHorizon + std::chrono::hours(24);
// Numbers per transaction, as an import has them.
constexpr std::size_t kBatch = 1'000;

// Holds that only people end: without them such contacts are asked about for ever.
constexpr std::array<std::string_view, 6> kEndedByPeople{"consent-missing", "consent-expired", "registry-stale",
                                                         "unknown-attempt", "budget-spent",    "zone-unknown"};

// What a trunk was allowed, minute by minute.
struct TrunkMinutes {
  std::int64_t calls = 0;  // until the last minute
  double sum = 0;
  double lowest = 0;
  int minutes = 0;
  std::string reason;
};

class Simulation {
 public:
  Simulation(const Scenario& scenario, const std::map<std::string, PolicyPack>& policies,
             std::shared_ptr<const Places> places);

  Result<Forecast> run(const std::function<void(const SimulationProgress&)>& show);

 private:
  void start_engine();
  void create_campaign();
  void import();
  void add_facts(const std::vector<simulated::Person>& people);
  NewContact contact_of(const simulated::Person& person);
  void watch_trunks();
  bool has_ended(const CampaignReport& report);
  Forecast forecast() const;
  simulated::LaneForecast lane_of(const std::vector<std::string>& zones, std::int64_t contacts, TimeSpan within) const;

  template <class T>
  auto or_fail() {
    return [this](const Result<T>& result) {
      if (!result && !error_) error_ = result.error();
    };
  }
  std::function<void(const Error&)> on_fatal() {
    return [this](const Error& error) { error_ = error; };
  }

  const Scenario& scenario_;
  DialerOptions dialer_;
  simulated::Timeline timeline_;
  simulated::VirtualAlarm alarm_{timeline_};
  simulated::VirtualAlarm dial_alarm_{timeline_};
  simulated::MemoryStore store_{[this] { return timeline_.now(); }, false};
  simulated::Population people_;
  simulated::VirtualNode node_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Campaigns> campaigns_;
  std::optional<Error> error_;
  bool is_commit_due_ = false;
  bool is_read_due_ = false;
  std::map<std::string, TrunkMinutes> minutes_;
  std::map<std::vector<std::string>, std::int64_t> lanes_;  // contacts by their zones
  std::pair<std::int64_t, std::map<std::string, std::int64_t>> last_sums_;
  Time last_news_{};
};

std::map<std::string, simulated::CarrierPlan> carriers_of(const Scenario& scenario) {
  std::map<std::string, simulated::CarrierPlan> carriers;
  for (const auto& trunk : scenario.trunks) carriers[trunk.config.name] = trunk.carrier;
  return carriers;
}

Simulation::Simulation(const Scenario& scenario, const std::map<std::string, PolicyPack>& policies,
                       std::shared_ptr<const Places> places)
    : scenario_(scenario),
      people_(scenario.population, scenario.seed),
      node_(timeline_, people_, carriers_of(scenario), scenario.seed, scenario.max_call) {
  for (const auto& trunk : scenario.trunks) dialer_.trunks.push_back(trunk.config);
  dialer_.node = scenario.node;
  dialer_.policies = policies;
  dialer_.places = std::move(places);
  dialer_.max_call = scenario.max_call;
  timeline_.run_for(scenario.start - timeline_.now());
  // Group commits and reads take a moment, and what comes meanwhile goes together.
  store_.on_submit = [this] {
    if (std::exchange(is_commit_due_, true)) return;
    timeline_.after(kCommit, [this] {
      is_commit_due_ = false;
      store_.commit();
      store_.reply();
    });
  };
  store_.on_read = [this] {
    if (std::exchange(is_read_due_, true)) return;
    timeline_.after(kCommit, [this] {
      is_read_due_ = false;
      store_.read();
      store_.reply_reads();
    });
  };
}

void Simulation::start_engine() {
  EngineOptions options;
  options.trunk = scenario_.trunks.front().config.name;
  options.limits.max_call = scenario_.max_call;
  options.limits.post_dial_delay = scenario_.post_dial_delay;
  auto direct_rules = std::make_shared<GateRules>();
  direct_rules->policy = default_policy_pack();
  direct_rules->places = dialer_.places;
  options.direct_rules = std::move(direct_rules);
  engine_ = std::make_unique<Engine>(store_, node_, alarm_, std::move(options), on_fatal());
  campaigns_ = std::make_unique<Campaigns>(*engine_, store_, dial_alarm_, dialer_, true, on_fatal());
  alarm_.on_ring = [this] { engine_->on_alarm(); };
  dial_alarm_.on_ring = [this] { campaigns_->on_alarm(); };
  campaigns_->start([this](const Result<void>& started) {
    if (!started) error_ = started.error();
    node_.connect();
  });
  timeline_.run_for(std::chrono::seconds(1));
}

void Simulation::create_campaign() {
  const Actor operator_of{"simulation", true};
  campaigns_->create(kCampaign, scenario_.campaign, operator_of, or_fail<Campaign>());
  timeline_.run_for(std::chrono::seconds(1));
  if (error_) return;
  import();
  campaigns_->start_campaign(kCampaign, operator_of, or_fail<Campaign>());
  timeline_.run_for(Duration(10));
}

// ---------------------------------------------------------------- the list

void Simulation::import() {
  const auto people = people_.people(scenario_.contacts);
  add_facts(people);
  const auto campaign_key = campaigns_->view(kCampaign)->campaign.key;
  for (std::size_t from = 0; from < people.size(); from += kBatch) {
    std::vector<NewContact> contacts;
    for (auto i = from; i < std::min(from + kBatch, people.size()); ++i) contacts.push_back(contact_of(people[i]));
    store_.add_contacts(campaign_key, std::move(contacts), or_fail<AddedContacts>());
  }
  timeline_.run_for(std::chrono::seconds(1));
}

// Whose time zone the list does not tell may be in each of the region's, as at an import.
NewContact Simulation::contact_of(const simulated::Person& person) {
  NewContact contact;
  contact.number = person.number;
  auto zones = person.is_zone_listed ? std::vector{person.zone} : dialer_.places->zones_of(person.region);
  ++lanes_[zones];
  contact.place = make_place(std::move(zones), {person.region});
  double before = 0;
  for (const auto& consent : scenario_.consents) {
    before += consent.share;
    // One trait, cut into slices: nobody has two.
    if (contact.consent || !people_.has_trait(person.number, "consent", before)) continue;
    contact.consent = Consent{scenario_.campaign.advertiser, consent.basis, "simulated",
                              scenario_.start - consent.given_before, std::nullopt};
  }
  return contact;
}

void Simulation::add_facts(const std::vector<simulated::Person>& people) {
  std::vector<Suppression> suppressions;
  std::vector<std::pair<std::string, RegistryCheck>> checks;
  for (const auto& person : people) {
    for (std::size_t i = 0; i < scenario_.suppressed.size(); ++i) {
      const auto& entry = scenario_.suppressed[i];
      if (!people_.has_trait(person.number, "suppressed " + std::to_string(i), entry.share)) continue;
      suppressions.push_back({person.number, entry.level, entry.scope, entry.reason, "simulated",
                              scenario_.start - std::chrono::days(1), std::nullopt});
    }
    for (const auto& registry : scenario_.registries) {
      if (!people_.has_trait(person.number, "asked " + registry.registry, registry.asked)) continue;
      const bool is_listed = people_.has_trait(person.number, "listed " + registry.registry, registry.listed);
      checks.emplace_back(person.number,
                          RegistryCheck{registry.registry, is_listed, scenario_.start - registry.asked_before});
    }
  }
  const Actor importer{"simulation", true};
  if (!suppressions.empty()) store_.suppress(std::move(suppressions), importer, or_fail<std::int64_t>());
  if (!checks.empty()) store_.add_registry_checks(std::move(checks), importer, or_fail<std::int64_t>());
}

// ---------------------------------------------------------------- the run

Result<Forecast> Simulation::run(const std::function<void(const SimulationProgress&)>& show) {
  start_engine();
  if (!error_) create_campaign();
  last_news_ = timeline_.now();
  while (!error_) {
    timeline_.run_for(kTick);
    watch_trunks();
    const CampaignReport report = store_.ledger.report(kCampaign);
    if (show) {
      const auto count = [&](ContactState state) {
        const auto found = report.states.find(std::string(to_string(state)));
        return found == report.states.end() ? 0 : found->second;
      };
      const auto finished = count(ContactState::kDone) + count(ContactState::kSkipped);
      show({timeline_.now(), report.contacts, finished, report.attempts});
    }
    if (has_ended(report)) break;
  }
  if (error_) return std::unexpected(*error_);
  CARILLON_CHECK(store_.ledger.violations.empty());
  return forecast();
}

bool Simulation::has_ended(const CampaignReport& report) {
  const auto view = *campaigns_->view(kCampaign);
  switch (view.campaign.state) {
    case CampaignState::kCompleted:
    case CampaignState::kCanceled: return true;
    case CampaignState::kDraft:
    case CampaignState::kScheduled:
    case CampaignState::kRunning:
    case CampaignState::kPaused:
    case CampaignState::kStopping: break;
  }
  const Time now = timeline_.now();
  if (auto sums = std::pair(report.attempts, report.states); sums != last_sums_) {
    last_sums_ = std::move(sums);
    last_news_ = now;
  }
  if (now - scenario_.start >= scenario_.longest || now - last_news_ >= kNothingMoreComes) return true;
  const auto ready = report.states.find(std::string(to_string(ContactState::kReady)));
  if (view.live > 0 || ready == report.states.end()) return false;
  std::int64_t held = 0;
  for (const auto reason : kEndedByPeople) {
    const auto found = report.reasons.find("ready/" + std::string(reason));
    if (found != report.reasons.end()) held += found->second;
  }
  return held == ready->second;
}

void Simulation::watch_trunks() {
  for (const auto& [name, view] : campaigns_->trunks()) {
    auto& minutes = minutes_[name];
    const auto calls = node_.carriers().at(name).calls();
    if (std::exchange(minutes.calls, calls) == calls) continue;
    minutes.lowest = minutes.minutes == 0 ? view.allowed : std::min(minutes.lowest, view.allowed);
    minutes.sum += view.allowed;
    ++minutes.minutes;
    if (!view.reason.empty()) minutes.reason = view.reason;
  }
}

// ---------------------------------------------------------------- the end

Forecast Simulation::forecast() const {
  const auto campaign = campaigns_->view(kCampaign)->campaign;
  Forecast forecast;
  gather(store_.ledger, campaign, forecast);
  forecast.name = campaign.settings.name;
  forecast.policy = campaign.settings.policy;
  forecast.time_zone = scenario_.time_zone;
  forecast.seed = scenario_.seed;
  forecast.answered_by_mailboxes = node_.answered_by_mailboxes();
  forecast.most_live = node_.most_live();
  for (const auto& trunk : scenario_.trunks) {
    const auto& carrier = node_.carriers().at(trunk.config.name);
    const auto& minutes = minutes_.at(trunk.config.name);
    simulated::TrunkForecast one;
    one.name = trunk.config.name;
    one.asked = trunk.config.limits.calls_per_second;
    one.allowed = minutes.minutes == 0 ? 0 : minutes.sum / minutes.minutes;
    one.lowest = minutes.lowest;
    one.reason = minutes.reason;
    one.calls = carrier.calls();
    one.refused = carrier.refusals();
    one.unanswered = carrier.unanswered();
    one.most_live = carrier.most_live();
    forecast.trunks.push_back(std::move(one));
  }
  const TimeSpan within{std::chrono::floor<std::chrono::hours>(forecast.starts_at),
                        std::chrono::ceil<std::chrono::hours>(forecast.ends_at)};
  for (const auto& [zones, contacts] : lanes_) forecast.lanes.push_back(lane_of(zones, contacts, within));
  std::ranges::sort(forecast.lanes, [](const auto& a, const auto& b) {
    return std::tie(b.contacts, a.zones) < std::tie(a.contacts, b.zones);
  });
  return forecast;
}

simulated::LaneForecast Simulation::lane_of(const std::vector<std::string>& zones, std::int64_t contacts,
                                            TimeSpan within) const {
  simulated::LaneForecast lane{zones, contacts, {}};
  const auto rules = campaigns_->rules_of(kCampaign);
  for (Time at = within.from; at < within.to;) {
    const CallingTime answer = calling_time(zones, rules->context(at));
    const Time next = std::min(within.to, (answer.is_open ? answer.closes_at : answer.opens_at).value_or(within.to));
    if (answer.is_open) lane.open.push_back({at, next});
    at = next;
  }
  return lane;
}

}  // namespace

Result<Forecast> simulate(const Scenario& scenario, const std::map<std::string, PolicyPack>& policies,
                          std::shared_ptr<const Places> places,
                          const std::function<void(const SimulationProgress&)>& show) {
  Simulation simulation(scenario, policies, std::move(places));
  return simulation.run(show);
}

}  // namespace carillon
