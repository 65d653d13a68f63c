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
#include "app/aws_access.h"
#include "app/cloudwatch_metrics.h"
#include "app/dial_queue.h"
#include "app/live_config.h"
#include "app/policies.h"
#include "app/prompt_aws.h"
#include "app/prompt_makers.h"
#include "app/sinks.h"
#include "app/version.h"
#include "asterisk/ari_connection.h"
#include "asterisk/live_calls.h"
#include "asterisk/node.h"
#include "base/log.h"
#include "base/worker.h"
#include "engine/campaigns.h"
#include "ledger/sqlite_store.h"
#include "net/http_server.h"
#include "prompt/library.h"
#include "publish/relay.h"

namespace carillon {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kPublishAtStop{3};
constexpr std::size_t kWebConnections = 4;  // beside those of the webhooks
constexpr std::chrono::seconds kPromptsToldEvery{10};
// Sinks and the queue's reader have pauses of their own, which a stop ends. Here only what mends itself at once is
// tried again.
constexpr aws::RetryPolicy kAwsRetry{
    .max_attempts = 2, .base = std::chrono::milliseconds(50), .cap = std::chrono::seconds(1)};
// More commits than this wait only behind a disk that does not answer.
constexpr std::size_t kMaxLedgerBacklog = 2'000;

// The timer's clock does not see when the wall clock is set, or the machine sleeps: it is looked again this often.
constexpr Duration kLongestSleep = std::chrono::seconds(15);

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
    wait();
  }

 private:
  void wait() {
    timer_.expires_after(std::clamp(when_ - now(), Duration(0), kLongestSleep));
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;  // set anew, or the end
      if (now() < when_) return wait();
      is_set_ = false;
      on_ring();
    });
  }

  asio::steady_timer timer_;
  bool is_set_ = false;
  Time when_{};
};

Places load_places() {
  std::ifstream file("/usr/share/zoneinfo/zone.tab");
  std::stringstream text;
  text << file.rdbuf();
  return Places::parse(text.str());
}

DialerOptions dialer_options(const Config& config, std::map<std::string, PolicyPack> policies) {
  DialerOptions options;
  for (const auto& trunk : config.all_trunks()) {
    TrunkLimits limits;
    limits.calls_per_second = trunk.calls_per_second;
    limits.max_live_calls = trunk.max_live_calls;
    limits.start_calls_per_second = trunk.start_calls_per_second;
    limits.short_call = std::chrono::seconds(trunk.short_call_seconds);
    limits.max_short_ratio = trunk.max_short_ratio;
    limits.min_answer_ratio = trunk.min_answer_ratio;
    options.trunks.push_back({trunk.name, limits, trunk.caller_ids});
  }
  options.overall = {config.campaigns.calls_per_second, config.campaigns.max_live_calls};
  options.node = {config.node.calls_per_second, config.node.max_live_calls};
  options.max_set_ups = config.node.max_set_ups;
  options.policies = std::move(policies);
  options.places = std::make_shared<const Places>(load_places());
  options.max_call = std::chrono::seconds(config.calls.max_call_seconds);
  options.is_window_enforced = !config.is_test_trunk();
  return options;
}

// Calls of /dial that belong to no campaign: the pack of a fresh install, at the hours of [window] on every day.
std::shared_ptr<const GateRules> direct_rules(const Config& config, const DialerOptions& dialer) {
  auto rules = std::make_shared<GateRules>();
  rules->policy = default_policy_pack();
  for (auto& [kind, asked] : rules->policy.classes) {
    for (auto& day : asked.hours.days) day = {config.window};
    // Whoever tries things out on the test trunk rings the same few numbers all day.
    if (config.is_test_trunk()) asked.caps = {};
  }
  rules->campaign.state = CampaignState::kRunning;
  rules->campaign.settings.policy = rules->policy.id;
  rules->places = dialer.places;
  rules->max_call = dialer.max_call;
  rules->is_window_enforced = dialer.is_window_enforced;
  return rules;
}

EngineOptions engine_options(const Config& config, const DialerOptions& dialer) {
  EngineOptions options;
  options.trunk = config.trunk.name;
  options.direct_rules = direct_rules(config, dialer);
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
  for (const auto& trunk : config.all_trunks()) {
    options.caller_ids.insert(options.caller_ids.end(), trunk.caller_ids.begin(), trunk.caller_ids.end());
  }
  options.default_policy = config.campaigns.policy;
  options.ring_timeout = std::chrono::seconds(config.calls.ring_timeout_seconds);
  options.version = kVersion;
  options.live = live_rules(config);
  return options;
}

asterisk::AriOptions ari_options(const Config& config) {
  asterisk::AriOptions options;
  options.host = config.ari.host;
  options.port = config.ari.port;
  options.username = config.ari.username;
  options.password = config.ari.password;
  return options;
}

asterisk::LiveCallsOptions live_options(const Config& config) {
  asterisk::LiveCallsOptions options;
  options.store_folder = std::filesystem::absolute(config.prompts.store).string();
  for (const auto& trunk : config.all_trunks()) {
    if (!trunk.caller_ids.empty()) options.caller_ids[trunk.name] = trunk.caller_ids.front();
  }
  options.phone_ring = std::chrono::seconds(config.live.phone_ring_seconds);
  options.max_call = std::chrono::seconds(config.calls.max_call_seconds);
  options.record_keep_days = config.live.record_keep_days;
  return options;
}

}  // namespace

// In the order in which they are made; they go in the opposite order.
struct Service::Parts {
  explicit Parts(const Config& configuration)
      : config(configuration), alarm(io), dial_alarm(io), signals(io), prompts_timer(io) {}

  Config config;
  asio::io_context io{1};
  AsioAlarm alarm;
  AsioAlarm dial_alarm;
  asio::signal_set signals;
  std::unique_ptr<ledger::SqliteStore> store;
  std::atomic<publish::Relay*> relay_to_wake{nullptr};
  std::unique_ptr<net::WebClient> web;
  std::unique_ptr<AwsAccess> aws;
  std::unique_ptr<publish::Relay> relay;
  PromptsInUse prompts_in_use;
  asio::steady_timer prompts_timer;
  std::atomic<bool> is_over{false};  // for threads that wait for servers elsewhere
  std::unique_ptr<net::WebClient> prompt_web;
  std::unique_ptr<PromptAws> prompt_aws;
  std::unique_ptr<PromptLibrary> prompts;
  std::unique_ptr<asterisk::AriConnection> ari;
  std::unique_ptr<asterisk::Node> node;
  std::unique_ptr<asterisk::LiveCalls> live;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Campaigns> campaigns;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<Worker> import_worker;
  std::unique_ptr<net::HttpServer> server;
  std::unique_ptr<DialQueue> dial_queue;
  std::unique_ptr<CloudWatchMetrics> metrics;
  int exit_code = 0;
  bool is_stopping = false;

  // Also after a start that failed half way.
  ~Parts() {
    dial_queue.reset();
    is_over = true;
    if (server) server->close();
    node.reset();
    // The store finishes what was submitted before it goes; its replies have nowhere to go any more.
    relay_to_wake = nullptr;
    if (relay) relay->finish(kPublishAtStop);
  }

  void open_metrics(std::shared_ptr<publish::EventCounter> counter) {
    const auto sample = [this, counter = std::move(counter)] {
      return MetricsSample{.now = wall_clock_now(),
                           .engine = engine->state(),
                           .trunks = campaigns->trunks(),
                           .outbox_lag = relay->lag(),
                           .ledger_backlog = store->backlog(),
                           .counts = counter->take()};
    };
    const std::chrono::seconds every(config.aws.metrics_every_seconds);
    metrics = std::make_unique<CloudWatchMetrics>(io, aws->client(), config.aws.metrics_namespace, every, sample);
  }

  void open_dial_queue() {
    using Settled = std::function<void(Result<void>)>;
    const auto dial = [this](std::string body, std::string fallback_call_id, Settled reply) {
      asio::post(io, [this, body = std::move(body), id = std::move(fallback_call_id), reply = std::move(reply)] {
        api->place_call(body, id, [reply](const Result<Accepted>& accepted) {
          reply(accepted ? Result<void>() : std::unexpected(accepted.error()));
        });
      });
    };
    const DialQueueOptions options{config.aws.dial_queue_url, config.aws.dial_dead_letter_queue_url};
    dial_queue = std::make_unique<DialQueue>(aws->client(), options, dial);
  }

  // Tells the caches what is not to be evicted, now and again. What a call was given in between is the newest that they
  // have, and goes last.
  void keep_prompts() {
    prompts_in_use.set(campaigns->prompts_in_use());
    prompts_timer.expires_after(kPromptsToldEvery);
    prompts_timer.async_wait([this](boost::system::error_code error) {
      if (!error) keep_prompts();
    });
  }

  void begin_stop(int code) {
    if (is_stopping) return;
    is_stopping = true;
    exit_code = code;
    if (dial_queue) dial_queue->stop();
    is_over = true;
    engine->stop_starting();
    server->stop_accepting();
    node->stop();
    ari->stop();
    io.stop();
  }
};

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::create(const Config& config, bool starts_leftovers) {
  auto policies = load_policies(config.campaigns.policies);
  if (!policies) return std::unexpected(policies.error());
  if (!policies->contains(config.campaigns.policy)) {
    return fail(ErrorCode::Config, fmt::format("campaigns.policy: there is no pack \"{}\"", config.campaigns.policy));
  }
  auto parts = std::make_unique<Parts>(config);
  auto& p = *parts;
  const auto post = [&io = p.io](std::function<void()> work) { asio::post(io, std::move(work)); };
  const auto wake_relay = [&p] {
    if (auto* relay = p.relay_to_wake.load()) relay->wake();
  };
  auto store = ledger::SqliteStore::open(config.ledger.file, post, wake_relay);
  if (!store) return std::unexpected(store.error());
  p.store = std::move(*store);

  net::WebClientOptions web;
  // A receiver that hangs holds one connection: the others must not wait for it.
  web.connections = kWebConnections + config.events.webhooks.size();
  p.web = std::make_unique<net::WebClient>(web);
  if (config.aws.is_used()) {
    auto aws = AwsAccess::open(config.aws, kAwsRetry);
    if (!aws) return std::unexpected(aws.error());
    p.aws = std::move(*aws);
  }
  publish::RelayOptions relaying;
  relaying.back_off.give_up = std::chrono::hours(config.events.give_up_hours);
  relaying.keep = std::chrono::hours(24 * config.events.keep_days);
  relaying.keep_rows = static_cast<std::int64_t>(config.events.keep_rows);
  auto sinks = make_sinks(config, *p.web, p.aws ? &p.aws->client() : nullptr);
  const bool has_metrics = starts_leftovers && !config.aws.metrics_namespace.empty();
  const auto counter = std::make_shared<publish::EventCounter>();
  if (has_metrics) sinks.push_back(std::make_unique<publish::CountingSink>(*p.store, counter));
  p.relay = std::make_unique<publish::Relay>(*p.store, std::move(sinks), relaying);
  p.relay_to_wake = p.relay.get();
  p.prompt_web = std::make_unique<net::WebClient>(
      net::WebClientOptions{.ca_file = config.prompts.ca_file, .user_agent = fmt::format("carillon/{}", kVersion)});
  p.prompt_aws = std::make_unique<PromptAws>(config.aws);
  auto makers =
      make_prompt_makers(config, *p.prompt_web, *p.prompt_aws, p.prompts_in_use, [&p] { return p.is_over.load(); });
  if (!makers) return std::unexpected(makers.error());
  p.prompts = std::make_unique<PromptLibrary>(
      PromptFolders{config.prompts.folder, config.prompts.store, config.prompts.sources}, post, *std::move(makers));
  p.ari = std::make_unique<asterisk::AriConnection>(p.io, ari_options(config));
  p.node = std::make_unique<asterisk::Node>(p.io, node_options(config));
  const auto on_ended = [&p](const LiveSession& session, const std::string& why) {
    AuditEntry entry{wall_clock_now(), session.by, fmt::format("call.{}.ended", to_string(session.verb)), "", why};
    entry.call_id = session.call_id;
    p.store->record_audit(std::move(entry), [](const Result<void>&) {});
  };
  p.live = std::make_unique<asterisk::LiveCalls>(p.io, *p.node, *p.ari, live_options(config), on_ended);
  const auto on_fatal = [&p](const Error& error) {
    log::error("ledger_lost", {{"detail", to_string(error)}});
    p.begin_stop(1);
  };
  DialerOptions dialer = dialer_options(config, std::move(*policies));
  EngineOptions options = engine_options(config, dialer);
  options.starts_leftovers = starts_leftovers;
  p.engine = std::make_unique<Engine>(*p.store, *p.node, p.alarm, std::move(options), on_fatal);
  p.alarm.on_ring = [&p] { p.engine->on_alarm(); };
  p.campaigns =
      std::make_unique<Campaigns>(*p.engine, *p.store, p.dial_alarm, std::move(dialer), starts_leftovers, on_fatal);
  p.dial_alarm.on_ring = [&p] { p.campaigns->on_alarm(); };
  p.campaigns->use_prompts(*p.prompts);

  api::Surroundings surroundings;
  surroundings.live = p.live.get();
  surroundings.relay = p.relay.get();
  surroundings.outbox = p.store.get();
  surroundings.write_event = [form = event_form(config)](const OutboxRow& row) { return form.write(row); };
  surroundings.is_ledger_writable = [&p] { return !p.is_stopping && p.store->backlog() < kMaxLedgerBacklog; };
  p.import_worker = std::make_unique<Worker>();
  surroundings.dial_queue = [&p] { return p.dial_queue ? std::optional(p.dial_queue->state()) : std::nullopt; };
  surroundings.run_on_worker = [&p](std::function<void()> job) { return p.import_worker->submit(std::move(job)); };
  surroundings.post = post;
  p.api = std::make_unique<api::Api>(*p.engine, *p.campaigns, *p.store, *p.store, *p.prompts, api_options(config),
                                     std::move(surroundings));
  net::HttpServerOptions http;
  http.body_limit = &api::Api::body_limit;
  const auto handler = [&p](net::HttpRequest request, net::Respond respond) {
    p.api->handle(std::move(request), std::move(respond));
  };
  p.server = std::make_unique<net::HttpServer>(p.io, handler, http);
  if (auto listening = p.server->listen(config.server.listen, config.server.port); !listening) {
    return std::unexpected(listening.error());
  }
  if (has_metrics) p.open_metrics(counter);
  // An engine that is there for one command takes no requests that others wrote.
  if (starts_leftovers && !config.aws.dial_queue_url.empty()) p.open_dial_queue();
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
  p.campaigns->start([&p](const Result<void>& started) {
    if (!started) {
      log::error("engine_not_started", {{"detail", to_string(started.error())}});
      p.begin_stop(1);
      return;
    }
    p.keep_prompts();
    p.node->start();
    p.ari->start();
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
