#include "app/embedded.h"

#include <fmt/format.h>

#include <thread>

#include "app/service.h"
#include "base/log.h"
#include "cli/run.h"

namespace carillon {

int fail_with(const Error& error) {
  fmt::print(stderr, "carillon: {}\n", to_string(error));
  return cli::kFailed;
}

Result<Config> configure(const Common& common) {
  std::string file = common.config_file;
  const auto environment = process_environment();
  if (file.empty()) file = environment("CARILLON_CONFIG").value_or("");
  std::error_code ignored;
  if (file.empty() && std::filesystem::exists("/etc/carillon/carillon.toml", ignored))
    file = "/etc/carillon/carillon.toml";
  auto config = load_config(file, environment);
  if (config) log::set_up(config->log.format == "json" ? log::Format::kJson : log::Format::kText, config->log.level);
  return config;
}

namespace {

// What keeps calls from being placed, in words; empty if nothing does.
std::string obstacle_in(const boost::json::object& health) {
  if (health.at("status").as_string() == "ok") return {};
  const auto* ami = health.if_contains("ami");
  if (ami == nullptr) return "the daemon cannot place calls (an API key would show why)";
  if (!ami->at("isSettled").as_bool()) {
    const auto* detail = ami->as_object().if_contains("detail");
    return "Asterisk's manager port: " +
           (detail == nullptr ? std::string("not settled yet") : std::string(detail->as_string()));
  }
  // A trunk that is down is probed by the calls themselves.
  return {};
}

// Until the telephony server is connected and settled; says so if it takes long.
Result<void> wait_until_ready(cli::Client& client) {
  std::string obstacle;
  for (int i = 0; i < 150; ++i) {
    const auto health = client.health();
    if (!health) return std::unexpected(health.error());
    obstacle = obstacle_in(*health);
    if (obstacle.empty()) return {};
    if (i == 20) fmt::print(stderr, "waiting: {}\n", obstacle);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return fail(ErrorCode::Unavailable, obstacle);
}

}  // namespace

int with_engine(const Config& config, const Common& common, const EngineUse& use,
                const std::function<int(cli::Client&)>& command) {
  const auto run = [&](cli::Client& client) {
    if (use.needs_placing) {
      if (auto ready = wait_until_ready(client); !ready) return fail_with(ready.error());
    }
    try {
      return command(client);
    } catch (const std::exception& error) {
      // An answer that is not ours, of another program on that port.
      fmt::print(stderr, "carillon: an answer was not understood: {}\n", error.what());
      return static_cast<int>(cli::kFailed);
    }
  };
  Config embedded = config;
  embedded.server = Config::Server{};
  embedded.server.port = 0;
  auto service = Service::create(embedded, false);
  if (!service && service.error().code != ErrorCode::Locked) return fail_with(service.error());
  if (!service) {
    fmt::print(stderr, "using the running daemon at {}:{}\n", config.server.listen, config.server.port);
    cli::Client client(config.server.listen, config.server.port, common.api_key);
    return run(client);
  }
  if (use.needs_daemon)
    return fail_with(Error(ErrorCode::Unavailable, "no carillon serve is running that could do it"));
  std::thread engine([&] { (*service)->run(false); });
  cli::Client client("127.0.0.1", (*service)->port(), "");
  const int code = run(client);
  (*service)->stop();
  engine.join();
  return code;
}

}  // namespace carillon
