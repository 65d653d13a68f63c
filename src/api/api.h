// The HTTP API: the specification's endpoints and /v1. Routes, authentication and problem+json; decisions are the
// engine's. On the control thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/ports/prompts.h"
#include "core/ports/store.h"
#include "engine/engine.h"
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
  std::string version;
};

// Facts for /health from outside the engine.
struct Surroundings {
  std::function<std::string()> ari_state;   // "up", "down", "off", "unknown"
  std::function<std::int64_t()> event_lag;  // events not yet published by the slowest sink
  std::function<bool()> is_ledger_writable;
};

class Api {
 public:
  static constexpr std::size_t kMaxPromptBytes = 64 * 1024 * 1024;
  static constexpr std::size_t kMaxContactBytes = 8 * 1024 * 1024;

  Api(Engine& engine, Store& store, Prompts& prompts, ApiOptions options, Surroundings surroundings);

  void handle(net::HttpRequest request, net::Respond respond);
  // For HttpServerOptions.
  static std::size_t body_limit(std::string_view method, std::string_view path);

 private:
  struct Route {
    std::string_view method;
    std::string_view path;  // a trailing '*' takes the rest
    Role role;
    void (Api::*handler)(const net::HttpRequest&, net::Respond);
  };
  static const std::vector<Route>& routes();
  Result<void> authorize(const net::HttpRequest& request, Role needed) const;

  void health(const net::HttpRequest& request, net::Respond respond);
  void dial(const net::HttpRequest& request, net::Respond respond);
  void calls(const net::HttpRequest& request, net::Respond respond);
  void call(const net::HttpRequest& request, net::Respond respond);
  void callback(const net::HttpRequest& request, net::Respond respond);
  void prompt(const net::HttpRequest& request, net::Respond respond);
  void campaign(const net::HttpRequest& request, net::Respond respond);
  void campaign_contacts(const net::HttpRequest& request, net::Respond respond);

  Engine& engine_;
  Store& store_;
  Prompts& prompts_;
  ApiOptions options_;
  Surroundings surroundings_;
  Time started_;
};

}  // namespace carillon::api
