// The program's table of contents: one subcommand, one function.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <thread>

#include "app/campaign_commands.h"
#include "app/config.h"
#include "app/embedded.h"
#include "app/live_commands.h"
#include "app/prompt_command.h"
#include "app/service.h"
#include "app/version.h"
#include "asterisk/dialplan.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/run.h"

namespace carillon {
namespace {

struct DialCommand {
  std::string number;
  std::string audio;
  std::string call_id;
  std::string campaign;
  bool is_json = false;
  bool is_async = false;
};

int serve(const Common& common) {
  const auto config = configure(common);
  if (!config) return fail_with(config.error());
  auto service = Service::create(*config, true);
  if (!service) return fail_with(service.error());
  return (*service)->run(true);
}

int run(const Common& common, const cli::RunOptions& options) {
  auto config = configure(common);
  if (!config) return fail_with(config.error());
  if (options.is_quiet || ::isatty(STDERR_FILENO) == 1) log::set_up(log::Format::kText, "warn");
  const auto command = [&](cli::Client& client) { return cli::run_campaign(client, options); };
  return with_engine(*config, common, {false, true}, command);
}

int watch_call(cli::Client& client, boost::json::object call, const DialCommand& command) {
  const auto id = std::string(call.at("attemptId").as_string());
  std::string status;
  while (!command.is_async) {
    if (const auto now = std::string(call.at("status").as_string()); now != status) {
      status = now;
      fmt::print(stderr, "{} {}\n", id, status);
    }
    const auto parsed = parse_call_status(status);
    if (parsed && is_final(*parsed)) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    auto next = client.get("/v1/calls/" + id);
    if (!next) return fail_with(next.error());
    call = std::move(*next);
  }
  if (command.is_json) {
    fmt::print("{}\n", boost::json::serialize(call));
  } else if (const auto* outcome = call.if_contains("outcome")) {
    fmt::print("{}\n", std::string(outcome->as_string()));
  }
  return cli::kDone;
}

int dial(const Common& common, const DialCommand& command) {
  auto config = configure(common);
  if (!config) return fail_with(config.error());
  log::set_up(log::Format::kText, "warn");
  const auto place = [&](cli::Client& client) {
    boost::json::object body{{"phoneNumber", command.number}};
    if (!command.audio.empty()) body["audioFileUrl"] = command.audio;
    // With an id, a request that is sent again after a broken connection is the same call.
    body["callId"] = command.call_id.empty() ? "dial-" + random_hex(8) : command.call_id;
    if (!command.campaign.empty()) body["campaignId"] = command.campaign;
    auto call = client.post("/dial", boost::json::serialize(body), "application/json");
    if (!call) return fail_with(call.error());
    return watch_call(client, std::move(*call), command);
  };
  return with_engine(*config, common, {command.is_async, true}, place);
}

int print_dialplan(const Common& common, bool features) {
  if (features) {
    fmt::print("{}", asterisk::render_features());
    return cli::kDone;
  }
  const auto config = configure(common);
  if (!config) return fail_with(config.error());
  asterisk::DialplanOptions options;
  options.prompts_folder = std::filesystem::absolute(config->prompts.folder).string();
  options.store_folder = std::filesystem::absolute(config->prompts.store).string();
  options.agent = config->ivr.agent;
  options.agent_trunk = config->ivr.agent_trunk;
  options.digit_timeout = std::chrono::seconds(config->ivr.digit_timeout_seconds);
  options.response_timeout = std::chrono::seconds(config->ivr.response_timeout_seconds);
  options.max_call = std::chrono::seconds(config->calls.max_call_seconds);
  options.agent_ring = std::chrono::seconds(config->ivr.agent_ring_seconds);
  options.max_tries = config->ivr.max_tries;
  if (config->ivr.callbacks) {
    options.callback_url = config->ivr.callback_url;
    options.callback_token = config->server.callback_token;
  }
  const auto dialplan = asterisk::render_dialplan(options);
  if (!dialplan) return fail_with(dialplan.error());
  fmt::print("{}", *dialplan);
  return cli::kDone;
}

int make_api_key(const std::string& name, const std::string& role) {
  const auto key = "ck_" + random_hex(24);
  fmt::print(
      "key (shown once): {}\n\nadd to server.keys in carillon.toml:\n  {{ name = \"{}\", role = \"{}\", sha256 = "
      "\"{}\" }}\n",
      key, name, role, sha256_hex(key));
  return cli::kDone;
}

int main_of(int argc, char** argv) {
  CLI::App app{"Mass voice campaigns through Asterisk: every call accounted for, nobody called twice."};
  app.set_version_flag("--version", std::string("carillon ") + kVersion);
  app.require_subcommand(1);
  app.footer(
      "Configuration: --config, CARILLON_CONFIG or /etc/carillon/carillon.toml; every key but server.keys is also an "
      "environment "
      "variable.");
  Common common;
  app.add_option("-c,--config", common.config_file, "configuration file (TOML)");
  app.add_option("--api-key", common.api_key, "API key for a running daemon")->envname("CARILLON_API_KEY");

  int code = cli::kDone;
  auto* serve_command = app.add_subcommand("serve", "run the engine and its HTTP API until SIGTERM");
  serve_command->callback([&] { code = serve(common); });

  cli::RunOptions run_options;
  auto* run_command =
      app.add_subcommand("run", "call every contact of a file once; break off and run again as you like");
  run_command
      ->add_option("contacts", run_options.contacts,
                   "the list: CSV, TSV or JSON lines, also gzipped, with a phone column (and id, time_zone, variables)")
      ->required();
  run_command->add_option("--audio", run_options.audio,
                          "the message: WAV, MP3, FLAC, OGG, ulaw, alaw, sln (default: built-in welcome)");
  run_command->add_option("--campaign", run_options.campaign,
                          "name; a number is called once per campaign (default: the file's name)");
  run_command->add_option("--rate", run_options.calls_per_second, "calls started per second at most")
      ->check(CLI::Range(0.01, 1000.0))
      ->capture_default_str();
  run_command->add_option("--max-live", run_options.max_live, "calls under way at most")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  run_command->add_option("--rejected", run_options.rejected,
                          "where bad rows go, with reasons (default: <contacts>.rejected.csv in this folder)");
  run_command->add_option("--region", run_options.region,
                          "ISO 3166 country of numbers without a country code, such as IL");
  run_command->add_flag("--json", run_options.is_json, "end with one JSON object on stdout");
  run_command->add_flag("--quiet", run_options.is_quiet, "no progress");
  run_command->callback([&] { code = run(common, run_options); });

  DialCommand dial_command;
  auto* dial_sub = app.add_subcommand("dial", "place one call and wait for its end");
  dial_sub->add_option("number", dial_command.number, "E.164, such as +12025550100")->required();
  dial_sub->add_option("--audio", dial_command.audio, "a prompt's name, or a file below prompts.sources");
  dial_sub->add_option("--call-id", dial_command.call_id, "idempotency key: the same id never dials twice");
  dial_sub->add_option("--campaign", dial_command.campaign, "campaign that the call counts for");
  dial_sub->add_flag("--json", dial_command.is_json, "print the call as JSON");
  dial_sub->add_flag("--no-wait", dial_command.is_async, "return once the call is accepted (needs a running daemon)");
  dial_sub->callback([&] { code = dial(common, dial_command); });

  std::function<int()> chosen;
  add_campaign_commands(app, common, chosen);
  add_live_commands(app, common, chosen);

  bool features = false;
  auto* dialplan_sub = app.add_subcommand("dialplan", "print Asterisk's extensions.conf for this configuration");
  dialplan_sub->add_flag("--features", features, "print features.conf instead (key 9 while talking to an agent)");
  dialplan_sub->callback([&] { code = print_dialplan(common, features); });

  std::string key_name = "operator";
  std::string key_role = "operator";
  auto* key_sub = app.add_subcommand("apikey", "make an API key");
  key_sub->add_option("--name", key_name, "whose it is")->capture_default_str();
  key_sub->add_option("--role", key_role, "viewer, operator or admin")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->capture_default_str();
  key_sub->callback([&] { code = make_api_key(key_name, key_role); });

  std::filesystem::path input;
  std::filesystem::path output;
  auto* prompt_sub = app.get_subcommand("prompt");
  auto* convert_sub = prompt_sub->add_subcommand("convert", "convert audio to 8 kHz mono with its loudness in bounds");
  convert_sub->add_option("input", input, "WAV, MP3, FLAC, OGG, ulaw, alaw, sln")->required();
  convert_sub->add_option("output", output, "file ending in .ulaw, .alaw, .sln, .gsm, .g722 or .wav")->required();
  convert_sub->callback([&] {
    const auto converted = convert_prompt(input, output);
    code = converted ? static_cast<int>(cli::kDone) : fail_with(converted.error());
  });
  add_say_command(*prompt_sub, chosen);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(cli::kUsage);
  }
  return chosen ? chosen() : code;
}

}  // namespace
}  // namespace carillon

int main(int argc, char** argv) { return carillon::main_of(argc, argv); }
