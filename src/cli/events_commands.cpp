#include "cli/events_commands.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "cli/show.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

std::string text(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string sinks_table(const boost::json::object& json) {
  std::string table =
      fmt::format("{:<40} {:<9} {:>9} {:>12} {:>5}  {}\n", "sink", "state", "lag", "position", "dead", "");
  for (const auto& value : json.at("sinks").as_array()) {
    const auto& sink = value.as_object();
    table += fmt::format("{:<40} {:<9} {:>9} {:>12} {:>5}  {}\n", text(sink, "name"), text(sink, "state"),
                         sink.at("lag").as_int64(), sink.at("position").as_int64(), sink.at("deadLetters").as_int64(),
                         text(sink, "trouble"));
  }
  return table;
}

Result<boost::json::object> all_dead_letters(Client& client, const std::string& sink) {
  boost::json::array all;
  std::string after = "0";
  for (;;) {
    auto page = client.get(
        fmt::format("/v1/events/dead-letters?limit=1000&after={}&sink={}", after, net::percent_encode(sink)));
    if (!page) return page;
    for (auto& letter : page->at("deadLetters").as_array()) all.push_back(std::move(letter));
    after = text(*page, "next");
    if (after.empty()) return boost::json::object{{"deadLetters", std::move(all)}};
  }
}

}  // namespace

int list_events(Client& client, std::int64_t after, int limit, const Output& output) {
  const auto lines = [](const boost::json::object& json) {
    std::string all;
    for (const auto& event : json.at("events").as_array()) all += boost::json::serialize(event) + "\n";
    return all;
  };
  return show(client.get(fmt::format("/v1/events?after={}&limit={}", after, limit)), output, lines);
}

int list_sinks(Client& client, const Output& output) {
  return show(client.get("/v1/events/sinks"), output, sinks_table);
}

int list_dead_letters(Client& client, const std::string& sink, const Output& output) {
  const auto lines = [](const boost::json::object& json) {
    const auto& letters = json.at("deadLetters").as_array();
    if (letters.empty()) return std::string("no dead letters\n");
    std::string all;
    for (const auto& value : letters) {
      const auto& letter = value.as_object();
      all +=
          fmt::format("{:>10}  {}  {}\n", letter.at("position").as_int64(), text(letter, "at"), text(letter, "reason"));
    }
    return all;
  };
  return show(all_dead_letters(client, sink), output, lines);
}

int replay_events(Client& client, const std::string& sink, const std::string& from, const Output& output) {
  boost::json::object body{{"sink", sink}};
  std::int64_t position = 0;
  const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), position);
  if (error == std::errc() && end == from.data() + from.size()) {
    body["from"] = position;
  } else {
    body["since"] = from;
  }
  const auto line = [](const boost::json::object& json) {
    return fmt::format("{} gets everything from position {} on once more\n", text(json, "sink"),
                       json.at("from").as_int64());
  };
  return show(client.post("/v1/events:replay", boost::json::serialize(body)), output, line);
}

int retry_dead_letters(Client& client, const std::string& sink, const Output& output) {
  const auto line = [](const boost::json::object& json) {
    return fmt::format("{} is offered its dead letters once more\n", text(json, "sink"));
  };
  const boost::json::object body{{"sink", sink}};
  return show(client.post("/v1/events:retry", boost::json::serialize(body)), output, line);
}

}  // namespace carillon::cli
