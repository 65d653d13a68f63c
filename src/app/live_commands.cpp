#include "app/live_commands.h"

#include <memory>
#include <string>

#include "base/log.h"
#include "cli/live_commands.h"

namespace carillon {
namespace {

// What the options are read into; lives as long as the command line.
struct Values {
  cli::LiveOptions live;
  cli::Output output;
  std::string call;
  int limit = 100;
};

struct Verb {
  const char* name;
  const char* help;
  bool takes_phone = false;
};

constexpr Verb kVerbs[] = {
    {"listen", "let a phone hear the call; its key * leaves (admin; live.listen)", true},
    {"whisper", "the same, and the agent hears the phone, the person does not (admin; live.whisper)", true},
    {"record", "record the call after the notice (admin; live.record)"},
    {"release", "end what listen, whisper, record and play began; the call goes on"},
    {"play", "let the person hear a prompt"},
    {"hold", "let the menu, or the agent, wait"},
    {"unhold", "let the menu, or the talk, go on"},
    {"mute", "what the person says is not heard"},
    {"unmute", "it is heard again"},
    {"transfer", "to a phone, as key 3 does", true},
    {"take-over", "to a phone, without an announcement", true},
    {"hangup", "end the call"},
};

}  // namespace

void add_live_commands(CLI::App& app, const Common& common, std::function<int()>& chosen) {
  const auto values = std::make_shared<Values>();
  using Action = std::function<int(cli::Client&, Values&)>;
  const auto runs = [&](CLI::App* command, bool needs_daemon, const Action& action) {
    command->add_flag("--json", values->output.is_json, "JSON on stdout");
    command->callback([values, &common, &chosen, needs_daemon, action] {
      chosen = [values, &common, needs_daemon, action]() -> int {
        auto config = configure(common);
        if (!config) return fail_with(config.error());
        log::set_up(log::Format::kText, "error");
        const auto act = [&](cli::Client& client) { return action(client, *values); };
        return with_engine(*config, common, {needs_daemon, false}, act);
      };
    });
  };

  auto* call = app.add_subcommand("call", "calls under way: listen, play, hold, transfer, hang up …");
  call->require_subcommand(1);
  auto* list = call->add_subcommand("list", "calls that ring or talk, and what is done to them");
  list->add_option("--campaign", values->live.campaign, "only those of this campaign");
  runs(list, true, [](cli::Client& client, Values& v) { return cli::list_live_calls(client, v.live, v.output); });
  for (const auto& verb : kVerbs) {
    const std::string name = verb.name;
    auto* command = call->add_subcommand(name, verb.help);
    command->add_option("call", values->live.call, "the call's id (carillon call list)")->required();
    if (verb.takes_phone) {
      command->add_option("--to", values->live.to, "a phone of live.phones, or a number (admin)")->required();
      command->add_option("--trunk", values->live.trunk, "over which a number is called; default: the first");
    }
    if (name == "play") command->add_option("prompt", values->live.prompt, "a prompt's name or id")->required();
    runs(command, true,
         [name](cli::Client& client, Values& v) { return cli::control_call(client, name, v.live, v.output); });
  }

  auto* audit = app.add_subcommand("audit", "who did what, newest first");
  audit->add_option("--call", values->call, "only what was done to this call");
  audit->add_option("--limit", values->limit, "at most so many")->check(CLI::Range(1, 1000))->capture_default_str();
  runs(audit, false, [](cli::Client& client, Values& v) { return cli::list_audit(client, v.call, v.limit, v.output); });
}

}  // namespace carillon
