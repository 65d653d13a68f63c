// The HTTP API: the specification's endpoints and /v1. Routes, authentication and problem+json; decisions are the
// engine's. On the control thread.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/call/live_rules.h"
#include "core/ports/campaign_store.h"
#include "core/ports/event_relay.h"
#include "core/ports/live_control.h"
#include "core/ports/outbox.h"
#include "core/ports/prompts.h"
#include "engine/campaigns.h"
#include "net/http.h"
#include "net/http_server.h"

namespace carillon::api {

enum class Role { kViewer, kOperator, kAdmin };

struct ApiKey {
  std::string name;
  Role role = Role::kViewer;
  std::string sha256;  // lower-case hexadecimal, of the whole key
};

struct ApiOptions {
  std::vector<ApiKey> keys;    // none: everybody who can reach the loopback address may do everything
  std::string callback_token;  // none: callbacks are refused
  std::string default_region;  // ISO 3166, for numbers without "+"; none: those are refused
  std::vector<std::string> caller_ids;
  Duration ring_timeout{30'000};
  std::string default_policy = "none";  // of campaigns that name none
  std::string version;
  LiveRules live;
};

// How dial requests come from a queue, since this process began.
struct DialQueueState {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // bad ones
  std::size_t in_hand = 0;    // taken from the queue and not settled
  std::string trouble;        // why no more are taken; empty = they are
};

// Facts for /health from outside the engine.
struct Surroundings {
  LiveControl* live = nullptr;  // never null
  EventRelay* relay = nullptr;  // never null
  Outbox* outbox = nullptr;     // never null; only on the worker: it blocks
  // An event as sinks get it, one line of JSON. From the worker.
  std::function<std::string(const OutboxRow&)> write_event;
  std::function<bool()> is_ledger_writable;
  std::function<std::optional<DialQueueState>()> dial_queue;  // nothing if there is none
  // Work that would hold up the control thread; false if its queue is full.
  std::function<bool(std::function<void()>)> run_on_worker;
  // Back to the control thread, from any other.
  std::function<void(std::function<void()>)> post;
};

// A request that was let in.
struct Request {
  net::HttpRequest http;
  Actor actor;
  std::string name;  // what "{id}" of the route stands for
  net::Respond respond;
};

class Imports;

class Api {
 public:
  static constexpr std::size_t kMaxPromptBytes = 64 * 1024 * 1024;
  static constexpr std::size_t kMaxContactBytes = 64 * 1024 * 1024;  // of one request; imports come in parts

  Api(Engine& engine, Campaigns& campaigns, Store& store, CampaignStore& ledger, Prompts& prompts, ApiOptions options,
      Surroundings surroundings);
  ~Api();

  void handle(net::HttpRequest request, net::Respond respond);
  // What POST /dial does with its body; the reply comes when the call is durable, or is the reason why there is none.
  // fallback_call_id: the idempotency key of a body without callId; may be empty.
  void place_call(std::string_view body, const std::string& fallback_call_id, Reply<Accepted> reply);
  // For HttpServerOptions.
  static std::size_t body_limit(std::string_view method, std::string_view path);

 private:
  using Handler = void (Api::*)(Request);
  struct Route {
    std::string_view method;
    std::string_view path;  // "{id}" stands for one name; a trailing '*' takes the rest
    Role role;
    Handler handler;
  };
  static const std::vector<Route>& routes();
  Result<Actor> authorize(const net::HttpRequest& request, Role needed) const;

  void health(const net::HttpRequest& request, net::Respond respond);
  void callback(const net::HttpRequest& request, net::Respond respond);
  void dial(Request request);
  void calls(Request request);
  void call(Request request);
  void live_calls(Request request);
  void control_call(Request request);
  void list_audit(Request request);
  void prompt(Request request);
  void list_prompts(Request request);
  void show_prompt(Request request);
  void remove_prompt(Request request);
  void prompt_audio(Request request);
  void trunks(Request request);

  void list_campaigns(Request request);
  void create_campaign(Request request);
  void get_campaign(Request request);
  void change_campaign(Request request);
  void start_campaign(Request request);
  void resume_campaign(Request request);
  void pause_campaign(Request request);
  void stop_campaign(Request request);
  void report_campaign(Request request);
  void preview_campaign(Request request);
  void audit_campaign(Request request);
  void list_contacts(Request request);
  void list_attempts(Request request);
  void import_contacts(Request request);
  void begin_import(Request request);
  void continue_import(Request request);
  void finish_import(Request request);

  void why(Request request);
  void resolve(Request request);
  void list_events(Request request);
  void list_sinks(Request request);
  void list_dead_letters(Request request);
  void replay_events(Request request);
  void retry_dead_letters(Request request);

  void list_suppressions(Request request);
  void add_suppressions(Request request);
  void remove_suppression(Request request);
  void add_registry_checks(Request request);
  void add_consents(Request request);

  // Asks on the worker and answers with what `show` makes of a T.
  template <class T, class Ask, class Show>
  void ask_outbox(const net::Respond& respond, Ask ask, Show show);
  void log_change(const Request& request, const std::string& what) const;

  // An order for the call of the path, from the body; its prompt is still a name.
  Result<LiveOrder> parse_order(const Request& request, LiveVerb verb, std::string& told) const;
  void give_order(LiveOrder order, const Request& request, const std::string& told);

  // A campaign that exists, by the path's name; else answers itself.
  std::optional<CampaignView> campaign_of(const Request& request) const;
  Result<CampaignSettings> parse_settings(boost::json::object body, const std::string& id) const;
  // Makes prompt ids of the names in `audio` and `preamble`, then goes on.
  void resolve_prompts(CampaignSettings settings, Reply<CampaignSettings> reply);
  std::shared_ptr<const GateRules> rules_for(const std::string& campaign_id) const;

  Engine& engine_;
  Campaigns& campaigns_;
  Store& store_;
  CampaignStore& ledger_;
  Prompts& prompts_;
  ApiOptions options_;
  Surroundings surroundings_;
  std::unique_ptr<Imports> imports_;
  Time started_;
};

}  // namespace carillon::api
