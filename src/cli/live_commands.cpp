#include "cli/live_commands.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cli/show.h"
#include "cli/tables.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

std::string text(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

// "held, muted, listen by ada (active)"
std::string doings(const boost::json::object& call) {
  std::string all;
  const auto add = [&](const std::string& one) { all += (all.empty() ? "" : ", ") + one; };
  if (call.at("isHeld").as_bool()) add("held");
  if (call.at("isMuted").as_bool()) add("muted");
  for (const auto& value : call.at("sessions").as_array()) {
    const auto& session = value.as_object();
    add(fmt::format("{} by {} ({})", text(session, "verb"), text(session, "by"), text(session, "state")));
  }
  return all;
}

std::string calls_table(const boost::json::object& json) {
  const auto& calls = json.at("calls").as_array();
  if (calls.empty()) return "no calls\n";
  std::string table = fmt::format("{:<28} {:<17} {:<12} {:<20}\n", "call", "number", "status", "campaign");
  for (const auto& value : calls) {
    const auto& call = value.as_object();
    table += fmt::format("{:<28} {:<17} {:<12} {:<20} {}\n", text(call, "attemptId"), text(call, "phoneNumber"),
                         text(call, "status"), text(call, "campaignId"), doings(call));
  }
  return table;
}

std::string done_line(const boost::json::object& json) {
  const auto* value = json.if_contains("session");
  if (value == nullptr) return fmt::format("{}: {}\n", text(json, "attemptId"), text(json, "verb"));
  const auto& session = value->as_object();
  const auto recording = text(session, "recording");
  return fmt::format("{}: {} ({}){}\n", text(json, "attemptId"), text(json, "verb"), text(session, "state"),
                     recording.empty() ? "" : ", recording " + recording);
}

}  // namespace

int list_live_calls(Client& client, const LiveOptions& options, const Output& output) {
  std::string target = "/v1/calls?live=true";
  if (!options.campaign.empty()) target += "&campaign=" + net::percent_encode(options.campaign);
  return show(client.get(target), output, calls_table);
}

int control_call(Client& client, const std::string& verb, const LiveOptions& options, const Output& output) {
  boost::json::object body;
  if (!options.to.empty()) body["to"] = options.to;
  if (!options.trunk.empty()) body["trunk"] = options.trunk;
  if (!options.prompt.empty()) body["prompt"] = options.prompt;
  const auto target = fmt::format("/v1/calls/{}:{}", net::percent_encode(options.call), verb);
  return show(client.post(target, boost::json::serialize(body)), output, done_line);
}

int list_audit(Client& client, const std::string& call, int limit, const Output& output) {
  std::string target = fmt::format("/v1/audit?limit={}", limit);
  if (!call.empty()) target += "&call=" + net::percent_encode(call);
  const auto lines = [](const boost::json::object& json) {
    const auto& entries = json.at("entries").as_array();
    return entries.empty() ? std::string("nothing\n") : audit_table(entries);
  };
  return show(client.get(target), output, lines);
}

}  // namespace carillon::cli
