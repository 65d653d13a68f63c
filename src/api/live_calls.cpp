// Calls under way: GET /v1/calls, and what operators do to them, POST /v1/calls/{id}:verb. Each order is in the audit
// before it is given; GET /v1/audit shows it.
#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "api/api.h"
#include "api/campaign_json.h"
#include "api/json.h"
#include "api/pages.h"
#include "base/text.h"
#include "base/time.h"

namespace carillon::api {
namespace {

boost::json::object to_json(const LiveSession& session) {
  boost::json::object json{{"id", session.id}, {"verb", to_string(session.verb)}, {"attemptId", session.call_id},
                           {"by", session.by}, {"state", session.state},          {"since", to_rfc3339(session.since)}};
  if (!session.recording.empty()) json["recording"] = session.recording;
  return json;
}

bool needs_phone(LiveVerb verb) {
  return verb == LiveVerb::kListen || verb == LiveVerb::kWhisper || verb == LiveVerb::kTransfer ||
         verb == LiveVerb::kTakeOver;
}

AuditEntry entry_of(const LiveOrder& order, std::string_view end, std::string detail) {
  AuditEntry entry{wall_clock_now(), order.by, fmt::format("call.{}{}", to_string(order.verb), end), "",
                   std::move(detail)};
  entry.call_id = order.call_id;
  return entry;
}

}  // namespace

void Api::live_calls(Request request) {
  const auto* live = request.http.query_value("live");
  if (live != nullptr && *live != "true" && *live != "false") {
    request.respond(net::problem(Error(ErrorCode::Invalid, "live: true or false")));
    return;
  }
  const bool only_live = live != nullptr && *live == "true";
  const auto* campaign = request.http.query_value("campaign");
  std::map<std::string, boost::json::array> sessions;
  for (const auto& session : surroundings_.live->sessions()) sessions[session.call_id].push_back(to_json(session));
  boost::json::array list;
  for (const auto& call : engine_.calls()) {
    const bool is_live =
        call.progress.status == CallStatus::kRinging || call.progress.status == CallStatus::kInProgress;
    if (only_live && !is_live) continue;
    if (campaign != nullptr && call.request.campaign_id != *campaign) continue;
    auto json = to_json(call.request, call.progress);
    const auto marks = surroundings_.live->marks(call.request.id);
    json["isHeld"] = marks.is_held;
    json["isMuted"] = marks.is_muted;
    const auto found = sessions.find(call.request.id);
    json["sessions"] = found == sessions.end() ? boost::json::array() : std::move(found->second);
    list.push_back(std::move(json));
  }
  request.respond(answer(200, boost::json::object{{"count", list.size()}, {"calls", std::move(list)}}));
}

// told: what the audit says of it beside the verb; numbers are masked.
Result<LiveOrder> Api::parse_order(const Request& request, LiveVerb verb, std::string& told) const {
  boost::json::object body;
  if (!request.http.body.empty()) {
    auto parsed = parse_object(request.http.body);
    if (!parsed) return std::unexpected(parsed.error());
    body = std::move(*parsed);
  }
  for (const auto& member : body) {
    const bool is_known = (needs_phone(verb) && (member.key() == "to" || member.key() == "trunk")) ||
                          (verb == LiveVerb::kPlay && member.key() == "prompt");
    if (!is_known)
      return fail(ErrorCode::Invalid, fmt::format("unknown member: {}", printable(std::string_view(member.key()), 40)));
  }
  LiveOrder order;
  order.verb = verb;
  order.call_id = request.name;
  order.by = request.actor.name;
  if (needs_phone(verb)) {
    const auto to = text_member(body, "to", 64);
    const auto trunk = text_member(body, "trunk", 64);
    if (!to || !trunk) return std::unexpected(!to ? to.error() : trunk.error());
    auto phone = find_phone(options_.live, *to, *trunk, request.actor.is_admin);
    if (!phone) return std::unexpected(phone.error());
    told = options_.live.phones.contains(*to) ? "to " + *to
                                              : fmt::format("to {} over {}", mask_number(*to), phone->endpoint);
    order.phone = std::move(*phone);
  }
  if (verb == LiveVerb::kPlay) {
    auto prompt = text_member(body, "prompt", 1024);
    if (!prompt) return std::unexpected(prompt.error());
    if (prompt->empty()) return fail(ErrorCode::Invalid, "prompt: which one?");
    told = "prompt " + printable(*prompt, 100);
    order.prompt = std::move(*prompt);
  }
  if (verb == LiveVerb::kRecord) order.prompt = options_.live.record_notice;
  if (verb == LiveVerb::kHold) order.prompt = options_.live.hold_prompt;
  return order;
}

void Api::control_call(Request request) {
  const auto refuse = [&](const Error& error) { request.respond(net::problem(error)); };
  const auto& path = request.http.path;
  const auto verb = parse_live_verb(std::string_view(path).substr(path.rfind(':') + 1));
  if (!verb) return refuse(Error(ErrorCode::NotFound, "no such path"));
  if (auto allowed = check_verb(options_.live, *verb, request.actor.is_admin); !allowed) return refuse(allowed.error());
  std::string told;
  auto order = parse_order(request, *verb, told);
  if (!order) return refuse(order.error());
  const auto call = engine_.call(request.name);
  if (!call) return refuse(Error(ErrorCode::NotFound, "no call under way has this id"));
  const bool is_ringing = call->progress.status == CallStatus::kRinging;
  const bool is_answered = call->progress.status == CallStatus::kInProgress;
  if (!is_answered && !(is_ringing && *verb == LiveVerb::kHangUp))
    return refuse(Error(ErrorCode::Conflict, fmt::format("the call is {}", to_string(call->progress.status))));
  if (order->prompt.empty() || prompts_.is_stored(order->prompt)) {
    give_order(std::move(*order), request, told);
    return;
  }
  const auto name = order->prompt;
  prompts_.resolve({.audio = name}, [this, order = *order, request, told](const Result<PromptInfo>& prompt) {
    if (!prompt) {
      request.respond(net::problem(Error(prompt.error().code, "prompt: " + prompt.error().detail)));
      return;
    }
    LiveOrder ready = order;
    ready.prompt = prompt->id;
    give_order(std::move(ready), request, told);
  });
}

void Api::give_order(LiveOrder order, const Request& request, const std::string& told) {
  const auto respond = request.respond;
  const auto on_done = [this, order, respond](const Result<std::optional<LiveSession>>& done) {
    if (!done) {
      const auto ignore = [](const Result<void>&) {};
      ledger_.record_audit(entry_of(order, ".failed", done.error().detail), ignore);
      respond(net::problem(done.error()));
      return;
    }
    boost::json::object json{{"attemptId", order.call_id}, {"verb", to_string(order.verb)}};
    if (*done) json["session"] = to_json(**done);
    respond(answer(*done ? 202 : 200, json));
  };
  ledger_.record_audit(entry_of(order, "", told), [this, order, respond, on_done](const Result<void>& recorded) {
    if (!recorded) {
      respond(net::problem(recorded.error()));
      return;
    }
    surroundings_.live->order(order, on_done);
  });
}

void Api::list_audit(Request request) {
  const auto limit = limit_of(request.http);
  const auto after = key_after(request.http);
  if (!limit || !after) {
    request.respond(net::problem(!limit ? limit.error() : after.error()));
    return;
  }
  const auto* call = request.http.query_value("call");
  ledger_.list_audit(call == nullptr ? "" : *call, *after, *limit,
                     [respond = request.respond](const Result<AuditPage>& page) {
                       if (!page) {
                         respond(net::problem(page.error()));
                         return;
                       }
                       boost::json::array entries;
                       for (const auto& entry : page->entries) entries.push_back(to_json(entry));
                       boost::json::object json{{"entries", std::move(entries)}};
                       if (page->next != 0) json["next"] = std::to_string(page->next);
                       respond(answer(200, json));
                     });
}

}  // namespace carillon::api
