#include "app/simulate_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "app/policies.h"
#include "app/simulation.h"
#include "base/log.h"
#include "cli/run.h"

namespace carillon {
namespace {

constexpr std::chrono::milliseconds kDrawEvery{100};

struct SimulateOptions {
  std::filesystem::path file;
  std::size_t contacts = 0;  // 0 = as the file says
  std::int64_t seed = -1;    // < 0 = as the file says
  bool is_json = false;
  std::filesystem::path svg;
};

// On a terminal only: who reads a file of it has no use for how it came about.
class Bar {
 public:
  void draw(const SimulationProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (!is_terminal_ || now - last_ < kDrawEvery) return;
    last_ = now;
    is_drawn_ = true;
    const auto contacts = std::max<std::int64_t>(progress.contacts, 1);
    fmt::print(stderr, "\r\x1b[2K  {}  {} of {} contacts finished ({} %), {} calls",
               to_rfc3339(progress.now).substr(0, 16), progress.finished, progress.contacts,
               100 * progress.finished / contacts, progress.attempts);
  }
  void end() {
    if (is_drawn_) fmt::print(stderr, "\r\x1b[2K");
  }

 private:
  bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return fail(ErrorCode::NotFound, fmt::format("{} cannot be read", path.string()));
  return text.str();
}

Result<simulated::Forecast> forecast_of(const Common& common, const SimulateOptions& options) {
  const auto config = configure(common);
  if (!config) return std::unexpected(config.error());
  auto policies = load_policies(config->campaigns.policies);
  if (!policies) return std::unexpected(policies.error());
  const auto text = read_text(options.file);
  if (!text) return std::unexpected(text.error());
  auto scenario = simulated::parse_scenario(*text, options.file.string());
  if (!scenario) return std::unexpected(scenario.error());
  if (options.contacts > 0) scenario->contacts = options.contacts;
  if (options.seed >= 0) scenario->seed = static_cast<std::uint64_t>(options.seed);
  if (scenario->campaign.policy.empty()) scenario->campaign.policy = config->campaigns.policy;
  const auto zones = read_text("/usr/share/zoneinfo/zone.tab");
  if (!zones) return std::unexpected(zones.error());
  // What the engine has to say about virtual carriers is in the forecast.
  log::set_up(log::Format::kText, "off");
  Bar bar;
  auto forecast = simulate(*scenario, *policies, std::make_shared<const Places>(Places::parse(*zones)),
                           [&](const SimulationProgress& progress) { bar.draw(progress); });
  bar.end();
  return forecast;
}

int simulate_campaign(const Common& common, const SimulateOptions& options) {
  const auto forecast = forecast_of(common, options);
  if (!forecast) return fail_with(forecast.error());
  if (!options.svg.empty()) {
    std::ofstream file(options.svg, std::ios::binary);
    file << to_svg(*forecast);
    file.close();
    if (!file) return fail_with(Error(ErrorCode::Invalid, fmt::format("{} cannot be written", options.svg.string())));
  }
  if (options.is_json) {
    fmt::print("{}\n", boost::json::serialize(to_json(*forecast)));
  } else {
    fmt::print("{}", to_table(*forecast));
  }
  return cli::kDone;
}

}  // namespace

void add_simulate_command(CLI::App& campaign, const Common& common, std::function<int()>& chosen) {
  auto options = std::make_shared<SimulateOptions>();
  auto* command = campaign.add_subcommand("simulate", "forecast: the same engine in virtual time, with made-up people");
  command->add_option("file", options->file, "TOML: campaign, people and carriers (examples/simulation.toml)")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--contacts", options->contacts, "how many people (default: as the file says)")
      ->check(CLI::Range(std::size_t{1}, simulated::kMaxSimulatedContacts));
  command->add_option("--seed", options->seed, "other people, other luck (default: as the file says)")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--json", options->is_json, "one JSON object on stdout");
  command->add_option("--svg", options->svg, "where a picture of the forecast goes");
  command->callback(
      [options, &common, &chosen] { chosen = [options, &common] { return simulate_campaign(common, *options); }; });
}

}  // namespace carillon
