#include "api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/json.h"
#include "base/text.h"

namespace carillon::api {

Api::Api(Engine& engine, Store& store, Prompts& prompts, ApiOptions options, Surroundings surroundings)
    : engine_(engine),
      store_(store),
      prompts_(prompts),
      options_(std::move(options)),
      surroundings_(std::move(surroundings)),
      started_(wall_clock_now()) {}

// A resource is one handler and one line here. Callbacks have a token of their own; a minimal /health is for everybody.
const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> table{
      {"POST", "/dial", Role::kOperator, &Api::dial},
      {"GET", "/calls", Role::kViewer, &Api::calls},
      {"GET", "/v1/calls/*", Role::kViewer, &Api::call},
      {"GET", "/v1/campaigns/*", Role::kViewer, &Api::campaign},
      {"POST", "/v1/campaigns/*", Role::kOperator, &Api::campaign_contacts},
      {"POST", "/v1/prompts", Role::kOperator, &Api::prompt},
  };
  return table;
}

std::size_t Api::body_limit(std::string_view method, std::string_view path) {
  if (method == "POST" && path == "/v1/prompts") return kMaxPromptBytes;
  if (method == "POST" && path.starts_with("/v1/campaigns/")) return kMaxContactBytes;
  return 64 * 1024;
}

Result<void> Api::authorize(const net::HttpRequest& request, Role needed) const {
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
    return {};
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
    return {};
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
    const bool is_prefix = route.path.ends_with('*');
    const auto fixed = route.path.substr(0, route.path.size() - (is_prefix ? 1 : 0));
    if (is_prefix ? !request.path.starts_with(fixed) || request.path.size() == fixed.size() : request.path != fixed)
      continue;
    if (request.method != route.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    if (auto granted = authorize(request, route.role); !granted) {
      auto refusal = net::problem(granted.error());
      if (refusal.status == 401) refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
      respond(std::move(refusal));
      return;
    }
    (this->*route.handler)(request, std::move(respond));
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

void Api::health(const net::HttpRequest& request, net::Respond respond) {
  const auto state = engine_.state();
  const bool is_ledger_ok = surroundings_.is_ledger_writable();
  const bool can_place =
      state.node.is_up && state.is_settled && !state.is_stopping && !state.is_trunk_suspect && is_ledger_ok;
  boost::json::object body;
  body["status"] = can_place ? "ok" : "unavailable";
  // Details are for those with a key, and for this machine.
  if (authorize(request, Role::kViewer)) {
    body["version"] = options_.version;
    body["uptimeSeconds"] = (wall_clock_now() - started_).count() / 1000;
    boost::json::object ami{{"state", state.node.is_up ? "up" : "down"}, {"isSettled", state.is_settled}};
    if (!state.node.detail.empty()) ami["detail"] = state.node.detail;
    body["ami"] = std::move(ami);
    body["ari"] = boost::json::object{{"state", surroundings_.ari_state()}};
    body["trunk"] = boost::json::object{{"name", state.trunk}, {"state", state.is_trunk_suspect ? "down" : "up"}};
    body["ledger"] = boost::json::object{{"state", is_ledger_ok ? "up" : "down"}, {"backlog", store_.backlog()}};
    body["calls"] = boost::json::object{
        {"live", state.live}, {"waiting", state.waiting}, {"held", state.held}, {"unsettled", state.unsettled}};
    body["events"] = boost::json::object{{"lag", surroundings_.event_lag()}};
  }
  respond(answer(can_place ? 200 : 503, body));
}

}  // namespace carillon::api
