// POST /dial, GET /calls, GET /v1/calls/{id}.
#include <fmt/format.h>

#include "api/api.h"
#include "api/dial_request.h"
#include "api/json.h"

namespace carillon::api {
namespace {

bool is_json(const net::HttpRequest& request) { return request.header("content-type").starts_with("application/json"); }

net::HttpResponse refusal(const Error& error) {
  auto response = net::problem(error);
  if (error.code == ErrorCode::QueueFull || error.code == ErrorCode::Unavailable)
    response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace

void Api::dial(Request asked) {
  const auto& request = asked.http;
  const auto& respond = asked.respond;
  if (!is_json(request)) {
    respond(net::problem(Error(ErrorCode::UnsupportedMedia, "send Content-Type: application/json")));
    return;
  }
  place_call(request.body, "", [respond](const Result<Accepted>& accepted) {
    respond(accepted ? answer(202, to_json(accepted->attempt.request, accepted->attempt.progress))
                     : refusal(accepted.error()));
  });
}

void Api::place_call(std::string_view body, const std::string& fallback_call_id, Reply<Accepted> reply) {
  auto parsed = parse_dial_request(body, options_);
  if (!parsed) {
    reply(std::unexpected(parsed.error()));
    return;
  }
  auto& attempt = parsed->attempt;
  if (attempt.call_id.empty()) attempt.call_id = fallback_call_id;
  const auto state = engine_.state();
  if (!state.node.is_up || !surroundings_.is_ledger_writable()) {
    reply(fail(ErrorCode::Unavailable, "the telephony server is not connected: " + state.node.detail));
    return;
  }
  if (parsed->audio.empty()) {
    engine_.accept(std::move(attempt), std::move(reply));
    return;
  }
  const std::string variables = attempt.variables;
  const auto on_audio = [this, attempt = std::move(attempt),
                         reply = std::move(reply)](const Result<PromptInfo>& prompt) {
    if (!prompt) {
      reply(fail(prompt.error().code, "audioFileUrl: " + prompt.error().detail));
      return;
    }
    AttemptRequest ready = attempt;
    ready.audio = prompt->id;
    engine_.accept(std::move(ready), reply);
  };
  prompts_.resolve({.audio = parsed->audio, .variables = variables}, on_audio);
}

void Api::calls(Request asked) {
  const auto& request = asked.http;
  const auto& respond = asked.respond;
  const auto* campaign = request.query_value("campaign");
  if (campaign == nullptr) campaign = request.query_value("campaignId");
  const auto* status = request.query_value("status");
  if (status != nullptr && !parse_call_status(*status)) {
    respond(net::problem(Error(ErrorCode::Invalid, "status: no such call status")));
    return;
  }
  boost::json::array list;
  for (const auto& call : engine_.calls()) {
    if (campaign != nullptr && call.request.campaign_id != *campaign) continue;
    if (status != nullptr && to_string(call.progress.status) != *status) continue;
    auto json = to_json(call.request, call.progress);
    // How long it has been under way: since the answer, or since it was placed.
    const Time since = call.progress.answered_at != Time{} ? call.progress.answered_at : call.progress.intended_at;
    if (since != Time{}) json["activeMs"] = (wall_clock_now() - since).count();
    list.push_back(std::move(json));
  }
  boost::json::object body;
  body["count"] = list.size();
  body["calls"] = std::move(list);
  respond(answer(200, body));
}

void Api::call(Request asked) {
  const auto& request = asked.http;
  const auto& respond = asked.respond;
  const auto id = request.path.substr(std::string_view("/v1/calls/").size());
  store_.find_call(id, [respond](const Result<std::optional<StoredAttempt>>& found) {
    if (!found) {
      respond(net::problem(found.error()));
    } else if (!*found) {
      respond(net::problem(Error(ErrorCode::NotFound, "no call with this id")));
    } else {
      respond(answer(200, to_json((*found)->attempt.request, (*found)->attempt.progress)));
    }
  });
}

}  // namespace carillon::api
