#include "simulated/toml_section.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/campaign/campaign_file.h"

namespace carillon::simulated {

void TomlMistakes::add(const toml::source_region& where, std::string_view text) {
  if (!first_) first_ = error_at(file_name_, where, text);
}

void TomlMistakes::add(Error error) {
  if (!first_) first_ = std::move(error);
}

std::string TomlSection::path_of(std::string_view key) const {
  return path_.empty() ? printable(key, 60) : fmt::format("{}.{}", path_, printable(key, 60));
}

void TomlSection::complain(std::string_view key, std::string_view text) {
  const auto* node = table_.get(key);
  complain(node == nullptr ? static_cast<const toml::node&>(table_) : *node, key, text);
}

void TomlSection::complain(const toml::node& node, std::string_view key, std::string_view text) {
  mistakes_.add(node.source(), fmt::format("{} {}", path_of(key), text));
}

const toml::node* TomlSection::find(std::string_view key) {
  asked_.emplace(key);
  return table_.get(key);
}

bool TomlSection::need(std::string_view key) {
  const bool is_there = find(key) != nullptr;
  if (!is_there) complain(key, "is missing");
  return is_there;
}

bool TomlSection::number(std::string_view key, double& target, double min, double max) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto given = node->is_number() ? node->value<double>() : std::nullopt;
  if (!given || !(*given >= min && *given <= max)) {
    complain(key, fmt::format("must be a number from {} to {}", min, max));
    return false;
  }
  target = *given;
  return true;
}

bool TomlSection::whole(std::string_view key, std::int64_t& target, std::int64_t min, std::int64_t max) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto given = node->value_exact<std::int64_t>();
  if (!given || *given < min || *given > max) {
    complain(key, fmt::format("must be a whole number from {} to {}", min, max));
    return false;
  }
  target = *given;
  return true;
}

bool TomlSection::truth(std::string_view key, bool& target) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto given = node->value_exact<bool>();
  if (!given) complain(key, "must be true or false");
  target = given.value_or(target);
  return given.has_value();
}

bool TomlSection::text(std::string_view key, std::string& target) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  auto given = node->value_exact<std::string>();
  if (!given || given->empty()) {
    complain(key, "must be a text in quotes");
    return false;
  }
  target = *std::move(given);
  return true;
}

bool TomlSection::time(std::string_view key, Time& target) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto given = node->value_exact<toml::date_time>();
  if (!given || !given->offset) {
    complain(key, "must be a time with its offset, without quotes: 2026-12-03T09:00:00+02:00");
    return false;
  }
  const std::chrono::year_month_day date(std::chrono::year(given->date.year), std::chrono::month(given->date.month),
                                         std::chrono::day(given->date.day));
  target = Time(std::chrono::sys_days(date)) + std::chrono::hours(given->time.hour) +
           std::chrono::minutes(given->time.minute) + std::chrono::seconds(given->time.second) -
           std::chrono::minutes(given->offset->minutes);
  return true;
}

std::vector<std::string> TomlSection::texts(std::string_view key) {
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
      complain(item, key, "must be a list of texts");
    }
  }
  return values;
}

std::optional<TomlSection> TomlSection::section(std::string_view key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_table()) {
    complain(key, "must be a section");
    return std::nullopt;
  }
  return TomlSection(*node->as_table(), path_of(key), mistakes_);
}

std::vector<TomlSection> TomlSection::sections(std::string_view key) {
  std::vector<TomlSection> found;
  const auto* node = find(key);
  if (node == nullptr) return found;
  if (!node->is_array_of_tables()) {
    complain(key, fmt::format("must be written as [[{}]] sections", path_of(key)));
    return found;
  }
  for (const auto& item : *node->as_array()) found.emplace_back(*item.as_table(), path_of(key), mistakes_);
  return found;
}

std::vector<std::string> TomlSection::keys() const {
  std::vector<std::string> names;
  for (const auto& [key, node] : table_) names.emplace_back(key.str());
  return names;
}

void TomlSection::close() {
  for (const auto& [key, node] : table_) {
    if (asked_.contains(key.str())) continue;
    mistakes_.add(key.source(), fmt::format("{}: there is no such key", path_of(key.str())));
  }
}

}  // namespace carillon::simulated
