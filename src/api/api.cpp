#include "api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "api/campaign_json.h"
#include "api/imports.h"
#include "api/json.h"
#include "base/text.h"

namespace carillon::api {

namespace {

// "{id}" of the pattern's path is one name without a slash or colon, "{any}" whatever the caller chose as an id.
// Nothing if the path is another.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  const bool takes_any = pattern.ends_with("{any}");
  const std::string_view hole = takes_any ? "{any}" : "{id}";
  const auto at = pattern.find(hole);
  if (at == std::string_view::npos) {
    return pattern == path ? std::optional(std::string()) : std::nullopt;
  }
  const auto before = pattern.substr(0, at);
  const auto after = pattern.substr(at + hole.size());
  if (!path.starts_with(before) || !path.ends_with(after) || path.size() <= before.size() + after.size()) {
    return std::nullopt;
  }
  const auto name = path.substr(before.size(), path.size() - before.size() - after.size());
  if (!takes_any && name.find_first_of("/:") != std::string_view::npos) return std::nullopt;
  return std::string(name);
}

}  // namespace

Api::Api(Engine& engine, Campaigns& campaigns, Store& store, CampaignStore& ledger, Prompts& prompts,
         ApiOptions options, Surroundings surroundings)
    : engine_(engine),
      campaigns_(campaigns),
      store_(store),
      ledger_(ledger),
      prompts_(prompts),
      options_(std::move(options)),
      surroundings_(std::move(surroundings)),
      imports_(std::make_unique<Imports>(ledger_, campaigns_, surroundings_)),
      started_(wall_clock_now()) {}

Api::~Api() = default;

// A resource is one handler and one line here. Callbacks have a token of their own; a minimal /health is for everybody.
const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> table{
      {"POST", "/dial", Role::kOperator, &Api::dial},
      {"GET", "/calls", Role::kViewer, &Api::calls},
      {"GET", "/v1/calls", Role::kViewer, &Api::live_calls},
      {"GET", "/v1/calls/{any}", Role::kViewer, &Api::call},
      {"POST", "/v1/calls/{id}:listen", Role::kAdmin, &Api::control_call},
      {"POST", "/v1/calls/{id}:whisper", Role::kAdmin, &Api::control_call},
      {"POST", "/v1/calls/{id}:record", Role::kAdmin, &Api::control_call},
      {"POST", "/v1/calls/{id}:release", Role::kOperator, &Api::control_call},
      {"POST", "/v1/calls/{id}:play", Role::kOperator, &Api::control_call},
      {"POST", "/v1/calls/{id}:hold", Role::kOperator, &Api::control_call},
      {"POST", "/v1/calls/{id}:unhold", Role::kOperator, &Api::control_call},
      {"POST", "/v1/calls/{id}:mute", Role::kOperator, &Api::control_call},
      {"POST", "/v1/calls/{id}:unmute", Role::kOperator, &Api::control_call},
      {"POST", "/v1/calls/{id}:transfer", Role::kOperator, &Api::control_call},
      {"POST", "/v1/calls/{id}:take-over", Role::kOperator, &Api::control_call},
      {"POST", "/v1/calls/{id}:hangup", Role::kOperator, &Api::control_call},
      {"GET", "/v1/audit", Role::kViewer, &Api::list_audit},
      {"GET", "/v1/campaigns", Role::kViewer, &Api::list_campaigns},
      {"POST", "/v1/campaigns", Role::kOperator, &Api::create_campaign},
      {"GET", "/v1/campaigns/{id}", Role::kViewer, &Api::get_campaign},
      {"PUT", "/v1/campaigns/{id}", Role::kOperator, &Api::change_campaign},
      {"POST", "/v1/campaigns/{id}:start", Role::kOperator, &Api::start_campaign},
      {"POST", "/v1/campaigns/{id}:resume", Role::kOperator, &Api::resume_campaign},
      {"POST", "/v1/campaigns/{id}:pause", Role::kOperator, &Api::pause_campaign},
      {"POST", "/v1/campaigns/{id}:stop", Role::kOperator, &Api::stop_campaign},
      {"POST", "/v1/campaigns/{id}:preview", Role::kViewer, &Api::preview_campaign},
      {"GET", "/v1/campaigns/{id}/report", Role::kViewer, &Api::report_campaign},
      {"GET", "/v1/campaigns/{id}/audit", Role::kViewer, &Api::audit_campaign},
      {"GET", "/v1/campaigns/{id}/contacts", Role::kViewer, &Api::list_contacts},
      {"POST", "/v1/campaigns/{id}/contacts", Role::kOperator, &Api::import_contacts},
      {"GET", "/v1/campaigns/{id}/attempts", Role::kViewer, &Api::list_attempts},
      {"POST", "/v1/campaigns/{id}/imports", Role::kOperator, &Api::begin_import},
      {"POST", "/v1/imports/{id}", Role::kOperator, &Api::continue_import},
      {"POST", "/v1/imports/{id}:finish", Role::kOperator, &Api::finish_import},
      {"GET", "/v1/numbers/{id}/why", Role::kViewer, &Api::why},
      {"POST", "/v1/attempts/{id}:resolve", Role::kOperator, &Api::resolve},
      {"GET", "/v1/suppressions", Role::kViewer, &Api::list_suppressions},
      {"POST", "/v1/suppressions", Role::kOperator, &Api::add_suppressions},
      {"DELETE", "/v1/suppressions", Role::kAdmin, &Api::remove_suppression},
      {"POST", "/v1/registry-checks", Role::kOperator, &Api::add_registry_checks},
      {"POST", "/v1/consents", Role::kOperator, &Api::add_consents},
      {"GET", "/v1/events", Role::kViewer, &Api::list_events},
      {"GET", "/v1/events/sinks", Role::kViewer, &Api::list_sinks},
      {"GET", "/v1/events/dead-letters", Role::kViewer, &Api::list_dead_letters},
      {"POST", "/v1/events:replay", Role::kOperator, &Api::replay_events},
      {"POST", "/v1/events:retry", Role::kOperator, &Api::retry_dead_letters},
      {"GET", "/v1/trunks", Role::kViewer, &Api::trunks},
      {"GET", "/v1/prompts", Role::kViewer, &Api::list_prompts},
      {"POST", "/v1/prompts", Role::kOperator, &Api::prompt},
      {"GET", "/v1/prompts/{id}.ulaw", Role::kViewer, &Api::prompt_audio},
      {"GET", "/v1/prompts/{id}.alaw", Role::kViewer, &Api::prompt_audio},
      {"GET", "/v1/prompts/{id}.sln", Role::kViewer, &Api::prompt_audio},
      {"GET", "/v1/prompts/{id}.gsm", Role::kViewer, &Api::prompt_audio},
      {"GET", "/v1/prompts/{id}.g722", Role::kViewer, &Api::prompt_audio},
      {"GET", "/v1/prompts/{id}", Role::kViewer, &Api::show_prompt},
      {"DELETE", "/v1/prompts/{id}", Role::kOperator, &Api::remove_prompt},
  };
  return table;
}

std::size_t Api::body_limit(std::string_view method, std::string_view path) {
  if (method == "POST" && path == "/v1/prompts") return kMaxPromptBytes;
  const bool takes_lists = path.starts_with("/v1/campaigns/") || path.starts_with("/v1/imports/") ||
                           path == "/v1/suppressions" || path == "/v1/registry-checks" || path == "/v1/consents";
  if (method == "POST" && takes_lists) return kMaxContactBytes;
  return 64 * 1024;
}

Result<Actor> Api::authorize(const net::HttpRequest& request, Role needed) const {
  if (options_.keys.empty()) {
    // The server listens on loopback only then. A web page in a browser on this machine must not get in either.
    if (!request.peer_is_loopback)
      return fail(ErrorCode::Unauthorized, "configure API keys to use it from other machines");
    if (!request.header("origin").empty()) return fail(ErrorCode::Forbidden, "web pages need an API key");
    // A page whose name was made to point here sends its own name.
    auto host = request.header("host");
    if (!host.ends_with(']')) host = host.substr(0, host.rfind(':'));
    if (host != "127.0.0.1" && host != "localhost" && host != "[::1]") {
      return fail(ErrorCode::Forbidden, "without API keys only 127.0.0.1, [::1] and localhost are served");
    }
    if (!request.header("x-forwarded-for").empty() || !request.header("forwarded").empty()) {
      return fail(ErrorCode::Forbidden, "behind a proxy API keys are needed");
    }
    return Actor{"local", true};
  }
  std::string_view key = request.header("x-api-key");
  constexpr std::string_view bearer = "Bearer ";
  if (const auto value = request.header("authorization"); value.starts_with(bearer)) key = value.substr(bearer.size());
  if (key.empty()) return fail(ErrorCode::Unauthorized, "send the API key as \"Authorization: Bearer …\"");
  const auto hash = sha256_hex(key);
  for (const auto& known : options_.keys) {
    if (!equal_in_constant_time(known.sha256, hash)) continue;
    if (known.role < needed)
      return fail(ErrorCode::Forbidden, fmt::format("key {} is not allowed to do this", known.name));
    return Actor{known.name, known.role == Role::kAdmin};
  }
  return fail(ErrorCode::Unauthorized, "the API key is not known");
}

void Api::handle(net::HttpRequest request, net::Respond respond) {
  if (request.path == "/health" && request.method == "GET") {
    health(request, std::move(respond));
    return;
  }
  for (const std::string_view path :
       {"/call-started", "/dtmf-action", "/call-timeout", "/call-failed", "/call-ended"}) {
    if (request.path == path) {
      callback(request, std::move(respond));
      return;
    }
  }
  std::string allowed;
  for (const auto& route : routes()) {
    auto name = match(route.path, request.path);
    if (!name) continue;
    if (request.method != route.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    auto actor = authorize(request, route.role);
    if (!actor) {
      auto refusal = net::problem(actor.error());
      if (refusal.status == 401) refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
      respond(std::move(refusal));
      return;
    }
    (this->*route.handler)({std::move(request), std::move(*actor), std::move(*name), std::move(respond)});
    return;
  }
  if (!allowed.empty()) {
    auto refusal = net::problem(Error(ErrorCode::MethodNotAllowed, "use " + allowed));
    refusal.headers.emplace_back("Allow", allowed);
    respond(std::move(refusal));
    return;
  }
  respond(net::problem(Error(ErrorCode::NotFound, "no such path")));
}

namespace {

boost::json::object events_health(const EventRelay& relay) {
  boost::json::object sinks;
  for (const auto& state : relay.states()) {
    boost::json::object sink{
        {"state", state.trouble.empty() ? "up" : "retrying"}, {"lag", state.lag}, {"deadLetters", state.dead_letters}};
    if (!state.trouble.empty()) sink["trouble"] = state.trouble;
    sinks[state.name] = std::move(sink);
  }
  return {{"lag", relay.lag()}, {"sinks", std::move(sinks)}};
}

boost::json::object dial_queue_health(const DialQueueState& state) {
  boost::json::object queue{{"state", state.trouble.empty() ? "up" : "retrying"},
                            {"accepted", state.accepted},
                            {"refused", state.refused},
                            {"inHand", state.in_hand}};
  if (!state.trouble.empty()) queue["trouble"] = state.trouble;
  return queue;
}

boost::json::object ari_health(const AriState& ari) {
  boost::json::object json{{"state", ari.state}};
  if (!ari.transport.empty()) json["transport"] = ari.transport;
  if (!ari.detail.empty()) json["detail"] = ari.detail;
  return json;
}

}  // namespace

void Api::health(const net::HttpRequest& request, net::Respond respond) {
  const auto state = engine_.state();
  const bool is_ledger_ok = surroundings_.is_ledger_writable();
  const auto trunks = campaigns_.trunks();
  const bool is_any_trunk_up = std::ranges::any_of(trunks, [](const auto& trunk) { return is_usable(trunk.second); });
  const bool can_place = state.node.is_up && state.is_settled && !state.is_stopping && is_any_trunk_up && is_ledger_ok;
  boost::json::object body;
  body["status"] = can_place ? "ok" : "unavailable";
  // Details are for those with a key, and for this machine.
  if (authorize(request, Role::kViewer)) {
    body["version"] = options_.version;
    body["uptimeSeconds"] = (wall_clock_now() - started_).count() / 1000;
    boost::json::object ami{{"state", state.node.is_up ? "up" : "down"}, {"isSettled", state.is_settled}};
    if (!state.node.detail.empty()) ami["detail"] = state.node.detail;
    body["ami"] = std::move(ami);
    body["ari"] = ari_health(surroundings_.live->ari());
    body["trunk"] = boost::json::object{{"name", trunks.front().first},
                                        {"state", is_usable(trunks.front().second) ? "up" : "down"}};
    boost::json::array all;
    for (const auto& [name, view] : trunks) all.push_back(to_json(name, view));
    body["trunks"] = std::move(all);
    body["ledger"] = boost::json::object{{"state", is_ledger_ok ? "up" : "down"}, {"backlog", store_.backlog()}};
    body["calls"] = boost::json::object{
        {"live", state.live}, {"waiting", state.waiting}, {"held", state.held}, {"unsettled", state.unsettled}};
    // Equal when nothing is just beginning or ending: a difference that stays is a leak.
    body["slots"] = boost::json::object{{"atLastLook", state.slots_then}, {"channelsAtLastLook", state.channels}};
    body["events"] = events_health(*surroundings_.relay);
    if (const auto queue = surroundings_.dial_queue()) body["dialQueue"] = dial_queue_health(*queue);
  }
  respond(answer(can_place ? 200 : 503, body));
}

}  // namespace carillon::api
