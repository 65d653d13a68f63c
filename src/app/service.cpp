#include "app/service.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "api/api.h"
#include "app/ari_probe.h"
#include "app/version.h"
#include "asterisk/node.h"
#include "base/log.h"
#include "engine/engine.h"
#include "ledger/sqlite_store.h"
#include "net/http_server.h"
#include "prompt/library.h"
#include "publish/file_sink.h"
#include "publish/relay.h"

namespace carillon {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kPublishAtStop{3};
// More commits than this wait only behind a disk that does not answer.
constexpr std::size_t kMaxLedgerBacklog = 2'000;

// The engine's alarm on the control thread's timer.
class AsioAlarm final : public Alarm {
 public:
  explicit AsioAlarm(asio::io_context& io) : timer_(io) {}
  std::function<void()> on_ring;

  Time now() const override { return wall_clock_now(); }
  void set(Time when) override {
    if (is_set_ && when >= when_) return;
    is_set_ = true;
    when_ = when;
    timer_.expires_after(std::max(Duration(0), when - now()));
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;  // set anew, or the end
      is_set_ = false;
      on_ring();
    });
  }

 private:
  asio::steady_timer timer_;
  bool is_set_ = false;
  Time when_{};
};

ZoneTable load_zones() {
  std::ifstream file("/usr/share/zoneinfo/zone.tab");
  std::stringstream text;
  text << file.rdbuf();
  return parse_zone_table(text.str());
}

EngineOptions engine_options(const Config& config) {
  EngineOptions options;
  options.trunk = config.trunk.name;
  if (!config.trunk.caller_ids.empty()) options.caller_id = config.trunk.caller_ids.front();
  options.is_window_enforced = !config.is_test_trunk();
  options.window = config.window;
  options.zones = load_zones();
  options.pace = Pace{config.trunk.calls_per_second, config.trunk.max_live_calls};
  options.limits.default_region = config.calls.default_region;
  options.limits.max_call = std::chrono::seconds(config.calls.max_call_seconds);
  options.limits.post_dial_delay = std::chrono::seconds(config.calls.post_dial_delay_seconds);
  options.max_waiting = static_cast<std::size_t>(config.calls.max_waiting);
  return options;
}

asterisk::NodeOptions node_options(const Config& config) {
  const auto login = [&](const std::string& username, const std::string& password) {
    return asterisk::AmiLogin{config.ami.host, config.ami.port, username, password, {}};
  };
  return {login(config.ami.username, config.ami.password),
          login(config.ami.events_username, config.ami.events_password),
          login(config.ami.journal_username, config.ami.journal_password)};
}

api::ApiOptions api_options(const Config& config) {
  api::ApiOptions options;
  options.keys = config.server.keys;
  options.callback_token = config.server.callback_token;
  options.default_region = config.calls.default_region;
  options.caller_ids = config.trunk.caller_ids;
  options.ring_timeout = std::chrono::seconds(config.calls.ring_timeout_seconds);
  options.version = kVersion;
  return options;
}

}  // namespace

// In the order in which they are made; they go in the opposite order.
struct Service::Parts {
  explicit Parts(const Config& configuration) : config(configuration), alarm(io), signals(io) {}

  Config config;
  asio::io_context io{1};
  AsioAlarm alarm;
  asio::signal_set signals;
  std::unique_ptr<ledger::SqliteStore> store;
  std::atomic<publish::Relay*> relay_to_wake{nullptr};
  std::unique_ptr<publish::Relay> relay;
  std::unique_ptr<PromptLibrary> prompts;
  std::unique_ptr<AriProbe> ari;
  std::unique_ptr<asterisk::Node> node;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<net::HttpServer> server;
  int exit_code = 0;
  bool is_stopping = false;

  // Also after a start that failed half way.
  ~Parts() {
    if (server) server->close();
    node.reset();
    // The store finishes what was submitted before it goes; its replies have nowhere to go any more.
    relay_to_wake = nullptr;
    if (relay) relay->finish(kPublishAtStop);
  }

  void begin_stop(int code) {
    if (is_stopping) return;
    is_stopping = true;
    exit_code = code;
    engine->stop_starting();
    server->stop_accepting();
    node->stop();
    io.stop();
  }
};

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::create(const Config& config, bool starts_leftovers) {
  auto parts = std::make_unique<Parts>(config);
  auto& p = *parts;
  const auto post = [&io = p.io](std::function<void()> work) { asio::post(io, std::move(work)); };
  const auto wake_relay = [&p] {
    if (auto* relay = p.relay_to_wake.load()) relay->wake();
  };
  auto store = ledger::SqliteStore::open(config.ledger.file, post, wake_relay);
  if (!store) return std::unexpected(store.error());
  p.store = std::move(*store);

  std::vector<std::unique_ptr<publish::Sink>> sinks;
  if (!config.events.file.empty()) {
    sinks.push_back(std::make_unique<publish::FileSink>(config.events.file, config.events.source));
  }
  p.relay = std::make_unique<publish::Relay>(*p.store, std::move(sinks));
  p.relay_to_wake = p.relay.get();
  p.prompts = std::make_unique<PromptLibrary>(
      PromptFolders{config.prompts.folder, config.prompts.store, config.prompts.sources}, post);
  p.ari = std::make_unique<AriProbe>(config.ari.host, config.ari.port, config.ari.username, config.ari.password);
  p.node = std::make_unique<asterisk::Node>(p.io, node_options(config));
  const auto on_fatal = [&p](const Error& error) {
    log::error("ledger_lost", {{"detail", to_string(error)}});
    p.begin_stop(1);
  };
  EngineOptions options = engine_options(config);
  options.starts_leftovers = starts_leftovers;
  p.engine = std::make_unique<Engine>(*p.store, *p.node, p.alarm, std::move(options), on_fatal);
  p.alarm.on_ring = [&p] { p.engine->on_alarm(); };

  api::Surroundings surroundings;
  surroundings.ari_state = [&p] { return p.ari->state(); };
  surroundings.event_lag = [&p] { return p.relay->lag(); };
  surroundings.is_ledger_writable = [&p] { return !p.is_stopping && p.store->backlog() < kMaxLedgerBacklog; };
  p.api = std::make_unique<api::Api>(*p.engine, *p.store, *p.prompts, api_options(config), std::move(surroundings));
  net::HttpServerOptions http;
  http.body_limit = &api::Api::body_limit;
  const auto handler = [&p](net::HttpRequest request, net::Respond respond) {
    p.api->handle(std::move(request), std::move(respond));
  };
  p.server = std::make_unique<net::HttpServer>(p.io, handler, http);
  if (auto listening = p.server->listen(config.server.listen, config.server.port); !listening) {
    return std::unexpected(listening.error());
  }
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

int Service::run(bool handle_signals) {
  auto& p = *parts_;
  if (handle_signals) {
    p.signals.add(SIGINT);
    p.signals.add(SIGTERM);
    p.signals.async_wait([&p](boost::system::error_code error, int signal) {
      if (error) return;
      log::info("stopping", {{"signal", std::to_string(signal)}});
      p.begin_stop(0);
    });
  }
  p.engine->start([&p](const Result<void>& started) {
    if (!started) {
      log::error("engine_not_started", {{"detail", to_string(started.error())}});
      p.begin_stop(1);
      return;
    }
    p.node->start();
  });
  log::info("listening",
            {{"address", p.config.server.listen}, {"port", std::to_string(p.server->port())}, {"version", kVersion}});
  p.io.run();
  return p.exit_code;
}

void Service::stop_starting() {
  asio::post(parts_->io, [this] { parts_->engine->stop_starting(); });
}

void Service::stop() {
  asio::post(parts_->io, [this] { parts_->begin_stop(0); });
}

std::uint16_t Service::port() const { return parts_->server->port(); }

}  // namespace carillon
