#include "app/campaign_commands.h"

#include <memory>

#include "app/simulate_command.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/campaign_commands.h"
#include "cli/events_commands.h"
#include "cli/prompt_commands.h"
#include "cli/run.h"

namespace carillon {
namespace {

// What the options of these commands are read into; lives as long as the command line.
struct Values {
  std::string id;
  std::filesystem::path file;
  cli::Output output;
  std::vector<std::string> ids;
  cli::UploadOptions upload;
  std::string mode = "drain";
  bool is_watched = false;
  std::string format = "table";
  std::string number;
  std::string campaign;
  bool calls_again = false;
  bool leaves = false;
  cli::SuppressOptions suppress;
  std::string registry;
  std::string checked_at;
  std::string sink;
  std::string from;
  std::int64_t after = 0;
  int limit = 100;
};

class Commands {
 public:
  Commands(CLI::App& app, const Common& common, std::function<int()>& chosen)
      : app_(app), common_(common), chosen_(chosen), values_(std::make_shared<Values>()) {}

  void add() {
    auto* campaign =
        app_.add_subcommand("campaign", "campaigns: a list, a message, and the rules by which it is called");
    campaign->require_subcommand(1);
    add_making(*campaign);
    add_running(*campaign);
    add_looking(*campaign);
    add_simulate_command(*campaign, common_, chosen_);
    auto* suppress = app_.add_subcommand("suppress", "numbers that must not be called");
    suppress->require_subcommand(1);
    add_suppressing(*suppress);
    auto* events = app_.add_subcommand("events", "what is told to others: events, sinks, dead letters");
    events->require_subcommand(1);
    add_events(*events);
    auto* prompt = app_.add_subcommand("prompt", "prompts: audio for the telephone");
    prompt->require_subcommand(1);
    add_prompts(*prompt);
    auto* trunks = app_.add_subcommand("trunks", "trunks: what was asked, what is allowed now, what the carrier said");
    json(trunks);
    runs(trunks, [](cli::Client& client, Values& v) { return cli::list_trunks(client, v.output); });
  }

 private:
  using Action = std::function<int(cli::Client&, Values&)>;

  using UseOf = std::function<EngineUse(const Values&)>;

  // This object is gone when the command line is read: what is needed then is shared.
  void runs(CLI::App* command, Action action, UseOf use_of = [](const Values&) { return EngineUse{}; }) {
    command->callback([values = values_, &common = common_, &chosen = chosen_, action, use_of] {
      chosen = [values, &common, action, use_of]() -> int {
        auto config = configure(common);
        if (!config) return fail_with(config.error());
        const EngineUse use = use_of(*values);
        // What an engine of one's own has to say about Asterisk is not the matter of a command that only looks.
        log::set_up(log::Format::kText, use.needs_placing ? "warn" : "error");
        return with_engine(*config, common, use, [&](cli::Client& client) { return action(client, *values); });
      };
    });
  }
  CLI::Option* id(CLI::App* command) {
    return command->add_option("campaign", values_->id, "the campaign's id")->required();
  }
  void json(CLI::App* command) { command->add_flag("--json", values_->output.is_json, "JSON on stdout"); }

  void add_making(CLI::App& campaign);
  void add_running(CLI::App& campaign);
  void add_looking(CLI::App& campaign);
  void add_suppressing(CLI::App& suppress);
  void add_events(CLI::App& events);
  void add_prompts(CLI::App& prompt);

  CLI::App& app_;
  const Common& common_;
  std::function<int()>& chosen_;
  std::shared_ptr<Values> values_;
};

void Commands::add_making(CLI::App& campaign) {
  for (const bool is_update : {false, true}) {
    auto* create = campaign.add_subcommand(
        is_update ? "update" : "create",
        is_update ? "change the settings of a campaign that does not run" : "make a campaign from a file of settings");
    create->add_option("file", values_->file, "TOML: class, policy, audio, hours, retry … (examples/campaign.toml)")
        ->required()
        ->check(CLI::ExistingFile);
    create->add_option("--id", values_->id, "its id (default: the file's name)");
    json(create);
    runs(create, [is_update](cli::Client& client, Values& v) {
      return cli::create_campaign(client, v.id, v.file, is_update, v.output);
    });
  }
  auto* import = campaign.add_subcommand("import", "add the contacts of a list; what is there already stays as it is");
  id(import);
  import->add_option("file", values_->upload.file, "CSV, TSV or JSON lines, also gzipped")->required();
  import->add_option("--rejects", values_->upload.rejects,
                     "where rows that cannot be used go, with reasons (default: <file>.rejected.csv in this folder)");
  import->add_option("--region", values_->upload.region, "ISO 3166 country of numbers without a country code");
  import->add_option("--map", values_->upload.map, "column=role, role: number id time_zone consent_… variable ignore");
  import->add_option("--encoding", values_->upload.encoding, "auto, utf-8, utf-16 or windows-1255");
  import->add_option("--format", values_->upload.format, "auto, csv, tsv or ndjson");
  import->add_flag("--quiet", values_->output.is_quiet, "no progress");
  json(import);
  runs(import, [](cli::Client& client, Values& v) { return cli::import_contacts(client, v.id, v.upload, v.output); });
}

void Commands::add_running(CLI::App& campaign) {
  for (const auto& [verb, help] : {std::pair{"start", "start it, or go on after a pause or an end"},
                                   {"resume", "go on after a pause"},
                                   {"pause", "no new call; calls under way end by themselves"},
                                   {"stop", "end it; --mode says what becomes of calls under way"}}) {
    auto* command = campaign.add_subcommand(verb, help);
    id(command);
    json(command);
    const std::string name = verb;
    if (name == "stop") {
      command->add_option("--mode", values_->mode, "drain, finish (after the present prompt) or now")
          ->check(CLI::IsMember({"drain", "finish", "now"}))
          ->capture_default_str();
    }
    const bool is_begin = name == "start" || name == "resume";
    if (is_begin) {
      command->add_flag("--watch", values_->is_watched, "show it until it ends; Ctrl-C pauses it");
      command->add_flag("--quiet", values_->output.is_quiet, "no progress");
    }
    const auto act = [name](cli::Client& client, Values& v) {
      return cli::act_on_campaign(client, v.id, name, v.mode, v.is_watched, v.output);
    };
    // Without --watch somebody must be there to go on with it.
    const auto use_of = [is_begin](const Values& v) {
      return EngineUse{is_begin && !v.is_watched, is_begin && v.is_watched};
    };
    runs(command, act, use_of);
  }
}

void Commands::add_looking(CLI::App& campaign) {
  auto* list = campaign.add_subcommand("list", "all campaigns and what they wait for");
  json(list);
  runs(list, [](cli::Client& client, Values& v) { return cli::list_campaigns(client, v.output); });

  auto* status = campaign.add_subcommand("status", "one campaign: state, sums, what it waits for");
  id(status);
  json(status);
  runs(status, [](cli::Client& client, Values& v) { return cli::show_campaign(client, v.id, v.output); });

  auto* report = campaign.add_subcommand("report", "the sums of a campaign");
  id(report);
  report->add_option("--format", values_->format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  runs(report, [](cli::Client& client, Values& v) { return cli::report_campaign(client, v.id, v.format); });

  auto* preview = campaign.add_subcommand("preview", "who would be called now, who is held or skipped, and why");
  id(preview);
  json(preview);
  runs(preview, [](cli::Client& client, Values& v) { return cli::preview_campaign(client, v.id, v.output); });

  auto* why = campaign.add_subcommand("why", "every gate's verdict for one number");
  why->add_option("number", values_->number, "the number")->required();
  why->add_option("--campaign", values_->campaign, "only in this campaign");
  json(why);
  runs(why, [](cli::Client& client, Values& v) { return cli::explain_number(client, v.number, v.campaign, v.output); });

  auto* unknown = campaign.add_subcommand("unknown", "contacts whose last attempt's fate is unknown");
  id(unknown);
  json(unknown);
  runs(unknown, [](cli::Client& client, Values& v) { return cli::list_unknown(client, v.id, v.output); });

  auto* resolve = campaign.add_subcommand("resolve", "decide about an attempt whose fate is unknown");
  resolve->add_option("attempt", values_->id, "the attempt's id (carillon campaign unknown)")->required();
  auto* again =
      resolve->add_flag("--call-again", values_->calls_again, "nobody was reached: the contact is ready again");
  auto* leave = resolve->add_flag("--leave", values_->leaves, "somebody may have been: the contact is done");
  again->excludes(leave);
  runs(resolve, [](cli::Client& client, Values& v) {
    if (v.calls_again || v.leaves) return cli::resolve_attempt(client, v.id, v.calls_again ? "call-again" : "leave");
    fail_with(Error(ErrorCode::Invalid, "say --call-again or --leave"));
    return static_cast<int>(cli::kUsage);
  });

  auto* audit = campaign.add_subcommand("audit", "who did what to a campaign");
  id(audit);
  json(audit);
  runs(audit, [](cli::Client& client, Values& v) { return cli::audit_campaign(client, v.id, v.output); });
}

void Commands::add_suppressing(CLI::App& suppress) {
  auto& s = values_->suppress;
  const auto level = [&](CLI::App* command) {
    command->add_option("--level", s.level, "global, registry, advertiser or campaign")
        ->check(CLI::IsMember({"global", "registry", "advertiser", "campaign"}))
        ->capture_default_str();
    command->add_option("--scope", s.scope, "which registry, advertiser or campaign");
  };
  auto* add = suppress.add_subcommand("add", "never call these numbers");
  add->add_option("numbers", s.numbers, "numbers");
  add->add_option("--file", s.file, "a file with one number a line")->check(CLI::ExistingFile);
  level(add);
  add->add_option("--reason", s.reason, "why, for the record");
  add->add_option("--expires", s.expires_at, "RFC 3339 time; default: never");
  json(add);
  runs(add, [](cli::Client& client, Values& v) {
    if (!v.suppress.numbers.empty() || !v.suppress.file.empty())
      return cli::add_suppressions(client, v.suppress, v.output);
    fail_with(Error(ErrorCode::Invalid, "give numbers, or --file"));
    return static_cast<int>(cli::kUsage);
  });

  auto* remove = suppress.add_subcommand("remove", "the numbers may be called again (audited; needs the admin role)");
  remove->add_option("numbers", s.numbers, "numbers")->required();
  level(remove);
  runs(remove, [](cli::Client& client, Values& v) { return cli::remove_suppression(client, v.suppress); });

  auto* list = suppress.add_subcommand("list", "what is suppressed");
  list->add_option("number", values_->number, "only this number");
  json(list);
  runs(list, [](cli::Client& client, Values& v) { return cli::list_suppressions(client, v.number, v.output); });

  auto* checks = suppress.add_subcommand("registry", "take in what a do-not-call registry answered");
  checks->add_option("registry", values_->registry, "its name in the policy pack, such as il-dnc")->required();
  checks->add_option("file", values_->file, "lines of number,yes or number,no")->required()->check(CLI::ExistingFile);
  checks->add_option("--checked-at", values_->checked_at, "when it was asked, RFC 3339")->required();
  json(checks);
  runs(checks, [](cli::Client& client, Values& v) {
    return cli::add_registry_checks(client, v.registry, v.file, v.checked_at, v.output);
  });
}

void Commands::add_events(CLI::App& events) {
  const auto sink = [this](CLI::App* command) {
    command->add_option("sink", values_->sink, "its name, as `carillon events sinks` tells")->required();
    json(command);
  };
  auto* list = events.add_subcommand("list", "events as they were published, one JSON object a line");
  list->add_option("--after", values_->after, "only those behind this position")->capture_default_str();
  list->add_option("--limit", values_->limit, "at most so many")->check(CLI::Range(1, 1000))->capture_default_str();
  json(list);
  runs(list, [](cli::Client& client, Values& v) { return cli::list_events(client, v.after, v.limit, v.output); });

  auto* sinks = events.add_subcommand("sinks", "how far each sink is, and what troubles it");
  json(sinks);
  runs(sinks, [](cli::Client& client, Values& v) { return cli::list_sinks(client, v.output); });

  auto* dead = events.add_subcommand("dead", "events that a sink refused for good");
  sink(dead);
  runs(dead, [](cli::Client& client, Values& v) { return cli::list_dead_letters(client, v.sink, v.output); });

  auto* retry = events.add_subcommand("retry", "offer a sink its dead letters once more");
  sink(retry);
  runs(retry, [](cli::Client& client, Values& v) { return cli::retry_dead_letters(client, v.sink, v.output); });

  auto* replay = events.add_subcommand("replay", "send a sink everything from a point on once more");
  sink(replay);
  replay->add_option("--from", values_->from, "a position, or a time such as 2026-11-22T14:00:00Z")->required();
  runs(replay, [](cli::Client& client, Values& v) { return cli::replay_events(client, v.sink, v.from, v.output); });
}

void Commands::add_prompts(CLI::App& prompt) {
  auto* list = prompt.add_subcommand("list", "what is stored");
  json(list);
  runs(list, [](cli::Client& client, Values& v) { return cli::list_prompts(client, v.output); });
  auto* show = prompt.add_subcommand("show", "what is known of one prompt");
  show->add_option("prompt", values_->id, "its id")->required();
  json(show);
  runs(show, [](cli::Client& client, Values& v) { return cli::show_prompt(client, v.id, v.output); });
  auto* remove = prompt.add_subcommand("delete", "delete prompts that no campaign and no call uses");
  remove->add_option("prompts", values_->ids, "ids")->required();
  runs(remove, [](cli::Client& client, Values& v) { return cli::delete_prompts(client, v.ids); });
}

}  // namespace

void add_campaign_commands(CLI::App& app, const Common& common, std::function<int()>& chosen) {
  Commands(app, common, chosen).add();
}

}  // namespace carillon
