#include "core/campaign/campaign_file.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cstdlib>
#include <string>

namespace carillon {
namespace {

namespace json = boost::json;

// "calls_per_second" as "callsPerSecond". Keys of tables such as retry ("no-answer") have no underscores.
std::string camel_case(std::string_view snake) {
  std::string camel;
  bool is_upper = false;
  for (const char c : snake) {
    if (c == '_') {
      is_upper = true;
    } else {
      camel += is_upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      is_upper = false;
    }
  }
  return camel;
}

std::string offset_of(const toml::date_time& time) {
  if (!time.offset) return "";  // a local time: nobody can tell which; refused by name later
  if (time.offset->minutes == 0) return "Z";
  const int minutes = std::abs(time.offset->minutes);
  return fmt::format("{}{:02}:{:02}", time.offset->minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

json::value value_of(const toml::node& node) {
  if (const auto* table = node.as_table()) return to_json(*table);
  if (const auto* array = node.as_array()) {
    json::array list;
    for (const auto& item : *array) list.push_back(value_of(item));
    return list;
  }
  if (const auto* text = node.as_string()) return json::value(text->get());
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* day = node.as_date()) {
    return json::value(fmt::format("{:04}-{:02}-{:02}", day->get().year, day->get().month, day->get().day));
  }
  if (const auto* time = node.as_time()) {
    return json::value(fmt::format("{:02}:{:02}", time->get().hour, time->get().minute));
  }
  if (const auto* when = node.as_date_time()) {
    const auto& at = when->get();
    return json::value(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", at.date.year, at.date.month, at.date.day,
                                   at.time.hour, at.time.minute, at.time.second, offset_of(at)));
  }
  return nullptr;
}

// One step of a path such as "trunks[0].weight": the name, or the index in brackets.
const toml::node* step_into(const toml::node& from, std::string_view step) {
  if (const auto* array = from.as_array()) {
    std::size_t index = 0;
    const auto end = std::from_chars(step.data(), step.data() + step.size(), index);
    return end.ec == std::errc() ? array->get(index) : nullptr;
  }
  if (const auto* table = from.as_table()) {
    for (const auto& [key, node] : *table) {
      if (camel_case(key.str()) == step) return &node;
    }
  }
  return nullptr;
}

// Where the member stands that an error of parse_campaign_settings() begins with; as near as it is there.
const toml::source_region& place_of(std::string_view path, const toml::table& table) {
  const toml::node* place = &table;
  path = path.substr(0, path.find(' '));
  while (!path.empty()) {
    const auto end = path.find_first_of(".[]");
    const auto step = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (step.empty()) continue;
    const auto* next = step_into(*place, step);
    if (next == nullptr) break;
    place = next;
  }
  return place->source();
}

}  // namespace

json::object to_json(const toml::table& table) {
  json::object object;
  for (const auto& [key, value] : table) object[camel_case(key.str())] = value_of(value);
  return object;
}

Error error_at(std::string_view file_name, const toml::source_region& where, std::string_view text) {
  return {ErrorCode::Invalid, fmt::format("{}:{}:{}: {}", file_name, where.begin.line, where.begin.column, text)};
}

Result<toml::table> parse_toml(std::string_view text, std::string_view file_name) {
  try {
    return toml::parse(text, file_name);
  } catch (const toml::parse_error& error) {
    return std::unexpected(error_at(file_name, error.source(), error.description()));
  }
}

Result<CampaignSettings> read_campaign_table(const toml::table& table, std::string_view file_name) {
  auto settings = parse_campaign_settings(json::serialize(to_json(table)));
  if (settings) return settings;
  return std::unexpected(error_at(file_name, place_of(settings.error().detail, table), settings.error().detail));
}

}  // namespace carillon
