// The text of a policy pack (docs/reference/policies.md), read strictly: a mistake in such a file is a call that should
// not have been made. Reading goes on after a mistake and tells the first one.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "base/text.h"
#include "core/campaign/policy.h"

namespace carillon {
namespace {

using std::chrono::hours;

constexpr std::int64_t kMaxCount = 1'000'000;
constexpr std::int64_t kMaxDays = 36'500;
constexpr std::int64_t kMaxMargin = 180;  // minutes

constexpr std::array kClasses{CampaignClass::kAdvertisement, CampaignClass::kDonation, CampaignClass::kInformational,
                              CampaignClass::kEmergency};
constexpr std::array kWeekdays{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 4> kConsentBases{"written", "recorded-call", "customer", "one-off"};

// The first mistake of the file.
class Mistakes {
 public:
  explicit Mistakes(std::string_view file_name) : file_name_(file_name) {}

  void add(const toml::source_region& where, std::string_view key, std::string_view text) {
    if (first_) return;
    first_ = Error(ErrorCode::Config, fmt::format("{}:{}:{}: {}: {}", file_name_, where.begin.line, where.begin.column,
                                                  printable(key, 100), text));
  }
  const std::optional<Error>& first() const { return first_; }

 private:
  std::string file_name_;
  std::optional<Error> first_;
};

// One table of the file. Each key is asked for once; close() complains of those that nobody asked for.
class Section {
 public:
  Section(const toml::table& table, std::string path, Mistakes& mistakes)
      : table_(table), path_(std::move(path)), mistakes_(mistakes) {}

  std::string path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  void complain(std::string_view key, std::string_view text) {
    const auto* node = table_.get(key);
    mistakes_.add(node == nullptr ? table_.source() : node->source(), path_of(key), text);
  }

  const toml::node* find(std::string_view key) {
    asked_.emplace(key);
    return table_.get(key);
  }
  const toml::node* need(std::string_view key) {
    const auto* node = find(key);
    if (node == nullptr) complain(key, "is missing");
    return node;
  }

  bool truth(std::string_view key) {
    const auto* node = need(key);
    if (node != nullptr && !node->is_boolean()) complain(key, "must be true or false");
    return node != nullptr && node->value_exact<bool>().value_or(false);
  }

  std::int64_t number(std::string_view key, std::int64_t min, std::int64_t max) {
    const auto* node = need(key);
    if (node == nullptr) return min;
    const auto value = node->value_exact<std::int64_t>();
    if (value && *value >= min && *value <= max) return *value;
    complain(key, fmt::format("must be a whole number from {} to {}", min, max));
    return min;
  }
  std::int64_t number_or(std::string_view key, std::int64_t otherwise, std::int64_t min, std::int64_t max) {
    return find(key) == nullptr ? otherwise : number(key, min, max);
  }

  std::string text(std::string_view key) {
    const auto* node = need(key);
    if (node == nullptr) return "";
    auto value = node->value_exact<std::string>();
    if (!value || value->empty()) complain(key, "must be a text in quotes");
    return std::move(value).value_or("");
  }

  // A list that may be missing.
  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> values;
    const auto* node = find(key);
    if (node == nullptr) return values;
    if (!node->is_array()) {
      complain(key, "must be a list of texts: [\"…\", \"…\"]");
      return values;
    }
    for (const auto& item : *node->as_array()) {
      if (auto value = item.value_exact<std::string>()) {
        values.push_back(*std::move(value));
      } else {
        mistakes_.add(item.source(), path_of(key), "must be a list of texts");
      }
    }
    return values;
  }

  std::optional<Section> section(std::string_view key) {
    const auto* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_table()) {
      complain(key, "must be a section");
      return std::nullopt;
    }
    return Section(*node->as_table(), path_of(key), mistakes_);
  }

  // [[key]] sections, any number of them.
  std::vector<Section> sections(std::string_view key) {
    std::vector<Section> found;
    const auto* node = find(key);
    if (node == nullptr) return found;
    if (!node->is_array_of_tables()) {
      complain(key, fmt::format("must be written as [[{}]] sections", path_of(key)));
      return found;
    }
    for (const auto& item : *node->as_array()) found.emplace_back(*item.as_table(), path_of(key), mistakes_);
    return found;
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> names;
    for (const auto& [key, node] : table_) names.emplace_back(key.str());
    return names;
  }

  void close() {
    for (const auto& [key, node] : table_) {
      if (!asked_.contains(key.str())) mistakes_.add(key.source(), path_of(key.str()), "there is no such key");
    }
  }

 private:
  const toml::table& table_;
  std::string path_;
  Mistakes& mistakes_;
  std::set<std::string, std::less<>> asked_;
};

bool is_region(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

using NamedHours = std::map<std::string, WeeklyHours, std::less<>>;

NamedHours read_hours(Section& root) {
  NamedHours named;
  auto all = root.section("hours");
  if (!all) return named;
  for (const auto& name : all->keys()) {
    auto week = all->section(name);
    if (!week) continue;
    auto& hours_of = named[name];
    for (std::size_t day = 0; day < kWeekdays.size(); ++day) {
      week->need(kWeekdays[day]);
      for (const auto& text : week->texts(kWeekdays[day])) {
        const auto span = parse_hour_span(text);
        if (!span) {
          week->complain(kWeekdays[day], span.error().detail);
        } else {
          hours_of.days[day].push_back(*span);
        }
      }
    }
    week->close();
  }
  return named;
}

AttemptCaps read_caps(Section& rules) {
  AttemptCaps caps;
  rules.need("caps");
  auto section = rules.section("caps");
  if (!section) return caps;
  caps.per_day = static_cast<int>(section->number_or("per_day", 0, 0, kMaxCount));
  caps.per_week = static_cast<int>(section->number_or("per_week", 0, 0, kMaxCount));
  caps.per_month = static_cast<int>(section->number_or("per_month", 0, 0, kMaxCount));
  caps.lifetime = static_cast<int>(section->number_or("lifetime", 0, 0, kMaxCount));
  section->close();
  return caps;
}

std::vector<RegistryRule> read_registries(Section& rules) {
  std::vector<RegistryRule> registries;
  for (auto& section : rules.sections("registries")) {
    RegistryRule rule;
    rule.registry = section.text("registry");
    rule.max_age = hours(24 * section.number("max_age_days", 1, kMaxDays));
    rule.consent_overrides = hours(24 * section.number_or("consent_overrides_days", 0, 0, kMaxDays));
    section.close();
    registries.push_back(std::move(rule));
  }
  return registries;
}

ClassRules read_class(Section section, const NamedHours& named) {
  ClassRules rules;
  rules.needs_preamble = section.truth("needs_preamble");
  rules.needs_removal_key = section.truth("needs_removal_key");
  rules.needs_advertiser = section.truth("needs_advertiser");
  rules.needs_admin = section.truth("needs_admin");
  rules.needs_consent = section.truth("needs_consent");
  rules.consent_bases = section.texts("consent_bases");
  rules.consent_max_age = hours(24 * section.number_or("consent_max_age_days", 0, 0, kMaxDays));
  rules.registries = read_registries(section);
  rules.caps = read_caps(section);
  rules.observes_holidays = section.truth("observes_holidays");
  rules.observes_jewish_days = section.truth("observes_jewish_days");

  const auto name = section.text("hours");
  if (const auto found = named.find(name); found != named.end()) {
    rules.hours = found->second;
  } else {
    section.complain("hours", fmt::format("there is no [hours.{}]", printable(name, 40)));
  }
  for (const auto& basis : rules.consent_bases) {
    if (std::ranges::find(kConsentBases, basis) == kConsentBases.end())
      section.complain("consent_bases", "a basis is one of written, recorded-call, customer, one-off");
  }
  const bool asks_for_consent = rules.needs_consent || std::ranges::any_of(rules.registries, [](const auto& rule) {
                                  return rule.consent_overrides > hours(0);
                                });
  if (asks_for_consent && !rules.needs_advertiser)
    section.complain("needs_advertiser", "must be true: consent is given to somebody");
  section.close();
  return rules;
}

Holiday read_holiday(Section& section, const std::vector<std::string>& regions) {
  Holiday holiday;
  holiday.name = section.text("name");
  if (section.find("region") != nullptr) {
    holiday.region = section.text("region");
    if (std::ranges::find(regions, holiday.region) == regions.end())
      section.complain("region", "must be one of the pack's regions");
  }
  const auto* date = section.find("date");
  const auto* every_year = section.find("every_year");
  if ((date == nullptr) == (every_year == nullptr)) {
    section.complain("date", "a holiday has either a date or an every_year");
  } else if (date != nullptr) {
    const auto value = date->value_exact<toml::date>();
    if (!value) section.complain("date", "must be a date without quotes: 2026-12-25");
    holiday.year = value ? value->year : 0;
    holiday.month = value ? value->month : 1;
    holiday.day = value ? value->day : 1;
  } else {
    // 2000 was a leap year, so that 29 February is a day, too.
    const auto text = section.text("every_year");
    const bool is_shape = text.size() == 5 && text[2] == '-' && text.find_first_not_of("0123456789-") == text.npos;
    const unsigned month = is_shape ? static_cast<unsigned>((text[0] - '0') * 10 + (text[1] - '0')) : 0;
    const unsigned day = is_shape ? static_cast<unsigned>((text[3] - '0') * 10 + (text[4] - '0')) : 0;
    const std::chrono::year_month_day when{std::chrono::year(2000), std::chrono::month(month), std::chrono::day(day)};
    if (!when.ok()) section.complain("every_year", "must be month and day in quotes: \"12-25\"");
    holiday.month = month;
    holiday.day = day;
  }
  section.close();
  return holiday;
}

JewishDays read_jewish_days(Section& root) {
  JewishDays days;
  auto section = root.section("jewish_days");
  if (!section) return days;
  days.minutes_before_sunset = static_cast<int>(section->number("minutes_before_sunset", 0, kMaxMargin));
  days.minutes_after_sunset = static_cast<int>(section->number("minutes_after_sunset", 0, kMaxMargin));
  days.is_diaspora = section->truth("is_diaspora");
  days.includes_minor_fasts = section->truth("includes_minor_fasts");
  days.includes_national_days = section->truth("includes_national_days");
  section->close();
  return days;
}

void read_classes(Section& root, PolicyPack& pack) {
  const auto named = read_hours(root);
  root.need("class");
  auto classes = root.section("class");
  if (!classes) return;
  for (const auto kind : kClasses) {
    classes->need(to_string(kind));
    if (auto section = classes->section(to_string(kind)))
      pack.classes.emplace(kind, read_class(*std::move(section), named));
  }
  classes->close();
}

PolicyPack read_pack(Section& root) {
  PolicyPack pack;
  pack.id = root.text("id");
  if (!is_safe_id(pack.id)) root.complain("id", "must be letters, digits and . _ -");
  pack.version = static_cast<int>(root.number("version", 1, std::numeric_limits<int>::max()));
  pack.title = root.text("title");
  pack.sources = root.texts("sources");
  pack.regions = root.texts("regions");
  if (!std::ranges::all_of(pack.regions, is_region))
    root.complain("regions", "a region is two capital letters (ISO 3166): \"IL\"");
  read_classes(root, pack);
  pack.jewish_days = read_jewish_days(root);
  for (auto& section : root.sections("holidays")) pack.holidays.push_back(read_holiday(section, pack.regions));
  root.close();
  return pack;
}

}  // namespace

Result<PolicyPack> parse_policy_pack(std::string_view toml, std::string_view file_name) {
  toml::table table;
  try {
    table = toml::parse(toml, file_name);
  } catch (const toml::parse_error& error) {
    const auto& where = error.source().begin;
    return fail(ErrorCode::Config,
                fmt::format("{}:{}:{}: {}", file_name, where.line, where.column, std::string(error.description())));
  }
  Mistakes mistakes(file_name);
  Section root(table, "", mistakes);
  auto pack = read_pack(root);
  if (mistakes.first()) return std::unexpected(*mistakes.first());
  return pack;
}

}  // namespace carillon
