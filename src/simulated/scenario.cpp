#include "simulated/scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "core/campaign/campaign_file.h"
#include "core/campaign/places.h"
#include "simulated/fictional_numbers.h"
#include "simulated/toml_section.h"

namespace carillon::simulated {
namespace {

constexpr double kMaxCallsPerSecond = 1'000;
constexpr std::int64_t kMaxLiveCalls = 100'000;
constexpr std::int64_t kMaxDays = 3'650;
constexpr std::int64_t kLongestSimulation = 366;
constexpr double kMaxSeconds = 7'200;
constexpr double kMaxWeight = 1'000'000;
constexpr double kMaxDelayFactor = 100;

std::chrono::days days_in(TomlSection& section, std::string_view key, std::chrono::days otherwise) {
  std::int64_t days = otherwise.count();
  section.whole(key, days, 0, kMaxDays);
  return std::chrono::days(days);
}

void seconds_in(TomlSection& section, std::string_view key, Duration& target, std::int64_t min, std::int64_t max) {
  std::int64_t seconds = 0;
  if (section.whole(key, seconds, min, max)) target = std::chrono::seconds(seconds);
}

// ---------------------------------------------------------------- people

std::vector<ZoneShare> read_zones(TomlSection& region) {
  std::vector<ZoneShare> zones;
  const auto add = [&](const toml::node& where, const std::string& zone, double share) {
    if (!is_known_zone(zone))
      region.complain(where, "time_zones", "names a zone that is not known: write Asia/Jerusalem");
    zones.push_back({zone, share});
  };
  if (!region.need("time_zones")) return zones;
  if (const auto* node = region.find("time_zones"); node->is_string()) {
    add(*node, node->as_string()->get(), 1);
    return zones;
  }
  if (auto shares = region.section("time_zones")) {
    for (const auto& zone : shares->keys()) {
      double share = 0;
      shares->number(zone, share, 0, kMaxWeight);
      add(*shares->find(zone), zone, share);
    }
    shares->close();
  }
  if (std::ranges::none_of(zones, [](const ZoneShare& zone) { return zone.share > 0; }))
    region.complain("time_zones", "must be a zone, or zones with their shares");
  return zones;
}

void read_regions(TomlSection& population, PopulationPlan& plan) {
  population.need("regions");
  const auto known = fictional_regions();
  for (auto& section : population.sections("regions")) {
    RegionShare region;
    section.need("region");
    section.text("region", region.region);
    if (std::ranges::find(known, region.region) == known.end())
      section.complain("region", fmt::format("must be one of {}", fmt::join(known, ", ")));
    if (std::ranges::find(plan.regions, region.region, &RegionShare::region) != plan.regions.end())
      section.complain("region", "is there twice");
    section.need("share");
    section.number("share", region.share, 0, kMaxWeight);
    region.zones = read_zones(section);
    section.truth("time_zone_in_list", region.is_zone_listed);
    section.close();
    plan.regions.push_back(std::move(region));
  }
  if (std::ranges::none_of(plan.regions, [](const RegionShare& region) { return region.share > 0; }))
    population.complain("regions", "need a share above 0");
}

// One share for all hours, or 24, from midnight on.
void read_answered(TomlSection& population, std::array<double, 24>& answered) {
  if (!population.need("answered")) return;
  const auto* list = population.find("answered")->as_array();
  if (list == nullptr) {
    double always = 0;
    population.share("answered", always);
    answered.fill(always);
    return;
  }
  const auto is_share = [](const toml::node& item) {
    const auto given = item.is_number() ? item.value<double>() : std::nullopt;
    return given && *given >= 0 && *given <= 1;
  };
  if (list->size() != answered.size() || !std::all_of(list->begin(), list->end(), is_share)) {
    population.complain("answered",
                        "must be a share from 0 to 1, or a list of 24 of them, one for each hour of the day");
    return;
  }
  for (std::size_t hour = 0; hour < answered.size(); ++hour) answered[hour] = *list->get(hour)->value<double>();
}

void read_keys(TomlSection& population, std::map<KeyAction, double>& keys) {
  auto section = population.section("keys");
  if (!section) return;
  double sum = 0;
  for (const auto& name : section->keys()) {
    const auto action = parse_key_action(name);
    if (!action || *action == KeyAction::kInvalid) continue;  // close() complains
    section->share(name, keys[*action]);
    sum += keys[*action];
  }
  if (sum > 1) population.complain("keys", "have shares of more than 1 together: one key is pressed at most");
  section->close();
}

void read_spread(TomlSection& population, std::string_view key, Spread& spread) {
  auto section = population.section(key);
  if (!section) return;
  for (const auto& [name, target] :
       {std::pair{"least", &spread.least}, {"median", &spread.median}, {"p90", &spread.p90}, {"most", &spread.most}}) {
    section->need(name);
    section->number(name, *target, 0, kMaxSeconds);
  }
  section->close();
  if (!(spread.least <= spread.median && spread.median <= spread.p90 && spread.p90 <= spread.most))
    population.complain(key, "must rise: least, median, p90 (nine of ten are below it), most");
}

void read_population(TomlSection& root, PopulationPlan& plan) {
  root.need("population");
  auto section = root.section("population");
  if (!section) return;
  read_regions(*section, plan);
  section->share("invalid_numbers", plan.invalid_numbers);
  section->share("mailboxes", plan.mailboxes);
  section->share("habit", plan.habit);
  read_answered(*section, plan.answered);
  section->share("busy", plan.busy);
  section->share("rejected", plan.rejected);
  section->share("unreachable", plan.unreachable);
  if (plan.busy + plan.rejected + plan.unreachable > 1)
    section->complain("busy", "with rejected and unreachable is more than 1");
  read_keys(*section, plan.keys);
  read_spread(*section, "post_dial_delay_seconds", plan.post_dial_delay);
  read_spread(*section, "ring_seconds", plan.ring);
  read_spread(*section, "talk_seconds", plan.talk);
  section->number("mailbox_ring_seconds", plan.mailbox_ring_seconds, 0, kMaxSeconds);
  section->number("mailbox_talk_seconds", plan.mailbox_talk_seconds, 1, kMaxSeconds);
  section->close();
}

// ---------------------------------------------------------------- trunks

std::vector<Outage> read_outages(TomlSection& carrier) {
  std::vector<Outage> outages;
  for (auto& section : carrier.sections("outages")) {
    Outage outage;
    std::string answer = "503";
    section.need("from");
    section.need("to");
    const bool has_both = section.time("from", outage.from) && section.time("to", outage.to);
    if (has_both && outage.to <= outage.from) section.complain("to", "is not after from");
    section.text("answer", answer);
    if (answer != "503" && answer != "none") section.complain("answer", "must be \"503\" or \"none\"");
    outage.is_silent = answer == "none";
    section.close();
    outages.push_back(outage);
  }
  return outages;
}

CarrierPlan read_carrier(TomlSection& trunk) {
  CarrierPlan plan;
  auto section = trunk.section("carrier");
  if (!section) return plan;
  section->number("calls_per_second", plan.calls_per_second, 0, kMaxCallsPerSecond);
  section->whole("channels", plan.channels, 0, kMaxLiveCalls);
  section->share("refused", plan.refused);
  section->number("delay_when_full", plan.delay_when_full, 1, kMaxDelayFactor);
  plan.outages = read_outages(*section);
  section->close();
  return plan;
}

TrunkPlan read_trunk(TomlSection& section) {
  TrunkPlan trunk;
  auto& limits = trunk.config.limits;
  limits.max_short_ratio = 0;  // as in the configuration: a guard that is not asked for is off
  section.need("name");
  section.text("name", trunk.config.name);
  if (!is_safe_id(trunk.config.name)) section.complain("name", "must be letters, digits and . _ -");
  section.number("calls_per_second", limits.calls_per_second, 0, kMaxCallsPerSecond);
  section.whole("max_live_calls", limits.max_live_calls, 1, kMaxLiveCalls);
  section.number("start_calls_per_second", limits.start_calls_per_second, 0.01, kMaxCallsPerSecond);
  seconds_in(section, "short_call_seconds", limits.short_call, 0, 600);
  section.share("max_short_ratio", limits.max_short_ratio);
  section.share("min_answer_ratio", limits.min_answer_ratio);
  trunk.config.caller_ids = section.texts("caller_ids");
  trunk.carrier = read_carrier(section);
  section.close();
  return trunk;
}

void read_trunks(TomlSection& root, std::vector<TrunkPlan>& trunks) {
  root.need("trunks");
  for (auto& section : root.sections("trunks")) {
    auto trunk = read_trunk(section);
    const auto is_same = [&](const TrunkPlan& other) { return other.config.name == trunk.config.name; };
    if (std::ranges::any_of(trunks, is_same)) section.complain("name", "is there twice");
    trunks.push_back(std::move(trunk));
  }
}

// ---------------------------------------------------------------- facts of the list

void read_suppressed(TomlSection& root, std::vector<SuppressedShare>& suppressed) {
  for (auto& section : root.sections("suppressed")) {
    SuppressedShare entry;
    std::string level = "global";
    section.text("level", level);
    const auto known = parse_suppression_level(level);
    if (!known) section.complain("level", "must be global, registry, advertiser or campaign");
    entry.level = known.value_or(entry.level);
    section.text("scope", entry.scope);
    section.text("reason", entry.reason);
    section.need("share");
    section.share("share", entry.share);
    section.close();
    suppressed.push_back(std::move(entry));
  }
}

void read_registries(TomlSection& root, std::vector<RegistryShare>& registries) {
  for (auto& section : root.sections("registries")) {
    RegistryShare entry;
    section.need("registry");
    section.text("registry", entry.registry);
    section.share("asked", entry.asked);
    section.share("listed", entry.listed);
    entry.asked_before = days_in(section, "asked_days_before", entry.asked_before);
    section.close();
    registries.push_back(std::move(entry));
  }
}

void read_consents(TomlSection& root, std::vector<ConsentShare>& consents) {
  double sum = 0;
  for (auto& section : root.sections("consents")) {
    ConsentShare entry;
    section.need("basis");
    section.text("basis", entry.basis);
    section.need("share");
    section.share("share", entry.share);
    entry.given_before = days_in(section, "given_days_before", entry.given_before);
    section.close();
    sum += entry.share;
    consents.push_back(std::move(entry));
  }
  if (sum > 1) root.complain("consents", "have shares of more than 1 together: nobody has two");
}

void read_campaign(TomlSection& root, Scenario& scenario) {
  root.need("campaign");
  auto section = root.section("campaign");
  if (!section) return;
  auto settings = read_campaign_table(section->table(), root.mistakes().file_name());
  if (!settings) {
    root.mistakes().add(settings.error());
    return;
  }
  scenario.campaign = *std::move(settings);
  for (const auto& share : scenario.campaign.trunks) {
    const auto is_it = [&](const TrunkPlan& trunk) { return trunk.config.name == share.trunk; };
    if (std::ranges::none_of(scenario.trunks, is_it))
      section->complain("trunks", fmt::format("name {}, which is none of [[trunks]]", printable(share.trunk, 40)));
  }
}

void read_server(TomlSection& root, Scenario& scenario) {
  if (auto node = root.section("node")) {
    node->number("calls_per_second", scenario.node.calls_per_second, 0.01, kMaxCallsPerSecond);
    node->whole("max_live_calls", scenario.node.max_live, 1, kMaxLiveCalls);
    node->close();
  }
  if (auto calls = root.section("calls")) {
    seconds_in(*calls, "max_call_seconds", scenario.max_call, 10, 7'200);
    seconds_in(*calls, "post_dial_delay_seconds", scenario.post_dial_delay, 1, 60);
    calls->close();
  }
}

// As people of the campaign write times; else where most of those are who are called.
std::string zone_for_people(TomlSection& root, const Scenario& scenario) {
  std::string zone = scenario.campaign.time_zone;
  if (root.text("time_zone", zone) && !is_known_zone(zone))
    root.complain("time_zone", "is not known: write Asia/Jerusalem");
  if (!zone.empty() || scenario.population.regions.empty()) return zone;
  const auto& region = *std::ranges::max_element(scenario.population.regions, {}, &RegionShare::share);
  return region.zones.empty() ? "" : std::ranges::max_element(region.zones, {}, &ZoneShare::share)->zone;
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view toml, std::string_view file_name) {
  const auto table = parse_toml(toml, file_name);
  if (!table) return std::unexpected(table.error());
  TomlMistakes mistakes(file_name);
  TomlSection root(*table, "", mistakes);
  Scenario scenario;
  root.need("start");
  root.time("start", scenario.start);
  root.whole("seed", scenario.seed, 0, std::numeric_limits<std::int64_t>::max());
  root.whole("contacts", scenario.contacts, 1, kMaxSimulatedContacts);
  std::int64_t days = scenario.longest.count();
  root.whole("longest_days", days, 1, kLongestSimulation);
  scenario.longest = std::chrono::days(days);
  read_trunks(root, scenario.trunks);
  read_campaign(root, scenario);
  read_population(root, scenario.population);
  read_suppressed(root, scenario.suppressed);
  read_registries(root, scenario.registries);
  read_consents(root, scenario.consents);
  read_server(root, scenario);
  scenario.time_zone = zone_for_people(root, scenario);
  root.close();
  if (mistakes.first()) return std::unexpected(*mistakes.first());
  return scenario;
}

}  // namespace carillon::simulated
