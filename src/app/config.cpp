#include "app/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <set>

#include "app/live_config.h"
#include "app/webhook_config.h"
#include "aws/cloudwatch.h"
#include "aws/sns.h"
#include "aws/sqs.h"
#include "base/text.h"
#include "core/call/note.h"
#include "prompt/speech_engine.h"

namespace carillon {
namespace {

// Where a value comes from, for messages.
struct Source {
  std::string name;  // "carillon.toml:12" or "environment AMI_PORT"
};

std::unexpected<Error> bad(const Source& source, std::string_view key, std::string_view what) {
  return fail(ErrorCode::Config, fmt::format("{}: {}: {}", source.name, key, what));
}

// One key: how its text becomes a value. The file's typed values are turned into text first, so that there is one way.
using Setter = std::function<Result<void>(Config&, const std::string& text, const Source&, std::string_view key)>;

template <class Get>
Setter text_key(Get get) {
  return [get](Config& config, const std::string& text, const Source& source, std::string_view key) -> Result<void> {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x20) return bad(source, key, "control characters are not allowed");
    }
    get(config) = text;
    return {};
  };
}

// A text that is checked unless it is empty.
template <class Get>
Setter checked_key(Get get, Result<void> (*check)(std::string_view)) {
  return [=](Config& config, const std::string& text, const Source& source, std::string_view key) -> Result<void> {
    if (const auto fine = text.empty() ? Result<void>() : check(text); !fine)
      return bad(source, key, fine.error().detail);
    get(config) = text;
    return {};
  };
}

template <class Get>
Setter number_key(Get get, double low, double high) {
  return [=](Config& config, const std::string& text, const Source& source, std::string_view key) -> Result<void> {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high)) {
      return bad(source, key, fmt::format("\"{}\" is not a number from {} to {}", printable(text, 40), low, high));
    }
    auto& target = get(config);
    using Target = std::remove_reference_t<decltype(target)>;
    target = static_cast<Target>(value);
    if (static_cast<double>(target) != value) return bad(source, key, "must be a whole number");
    return {};
  };
}

template <class Get>
Setter flag_key(Get get) {
  return [get](Config& config, const std::string& text, const Source& source, std::string_view key) -> Result<void> {
    if (text != "true" && text != "false") return bad(source, key, "must be true or false");
    get(config) = text == "true";
    return {};
  };
}

template <class Get>
Setter clock_key(Get get) {
  return [get](Config& config, const std::string& text, const Source& source, std::string_view key) -> Result<void> {
    const auto minute = parse_clock(text);
    if (!minute) return bad(source, key, minute.error().detail);
    get(config) = *minute;
    return {};
  };
}

// Lists are comma separated in the environment, arrays in the file.
template <class Get>
Setter list_key(Get get) {
  return [get](Config& config, const std::string& text, const Source&, std::string_view) -> Result<void> {
    auto& target = get(config);
    target.clear();
    for (const auto& part : split(text, ',')) {
      if (!trim(part).empty()) target.emplace_back(std::string(trim(part)));
    }
    return {};
  };
}

#define FIELD(path) ([](Config& c) -> auto& { return c.path; })

const std::map<std::string, Setter>& keys() {
  static const std::map<std::string, Setter> table{
      {"server.listen", text_key(FIELD(server.listen))},
      {"server.port", number_key(FIELD(server.port), 0, 65535)},
      {"server.callback_token", text_key(FIELD(server.callback_token))},
      {"ami.host", text_key(FIELD(ami.host))},
      {"ami.port", number_key(FIELD(ami.port), 1, 65535)},
      {"ami.username", text_key(FIELD(ami.username))},
      {"ami.password", text_key(FIELD(ami.password))},
      {"ami.events_username", text_key(FIELD(ami.events_username))},
      {"ami.events_password", text_key(FIELD(ami.events_password))},
      {"ami.journal_username", text_key(FIELD(ami.journal_username))},
      {"ami.journal_password", text_key(FIELD(ami.journal_password))},
      {"ari.host", text_key(FIELD(ari.host))},
      {"ari.port", number_key(FIELD(ari.port), 1, 65535)},
      {"ari.username", text_key(FIELD(ari.username))},
      {"ari.password", text_key(FIELD(ari.password))},
      {"trunk.name", text_key(FIELD(trunk.name))},
      {"trunk.caller_ids", list_key(FIELD(trunk.caller_ids))},
      {"trunk.calls_per_second", number_key(FIELD(trunk.calls_per_second), 0.01, 1000)},
      {"trunk.max_live_calls", number_key(FIELD(trunk.max_live_calls), 1, 100'000)},
      {"trunk.start_calls_per_second", number_key(FIELD(trunk.start_calls_per_second), 0.2, 1000)},
      {"trunk.short_call_seconds", number_key(FIELD(trunk.short_call_seconds), 0, 600)},
      {"trunk.max_short_ratio", number_key(FIELD(trunk.max_short_ratio), 0, 1)},
      {"trunk.min_answer_ratio", number_key(FIELD(trunk.min_answer_ratio), 0, 1)},
      {"node.calls_per_second", number_key(FIELD(node.calls_per_second), 0.01, 1000)},
      {"node.max_live_calls", number_key(FIELD(node.max_live_calls), 1, 100'000)},
      {"node.max_set_ups", number_key(FIELD(node.max_set_ups), 1, 10'000)},
      {"campaigns.policy", text_key(FIELD(campaigns.policy))},
      {"campaigns.policies", text_key(FIELD(campaigns.policies))},
      {"campaigns.calls_per_second", number_key(FIELD(campaigns.calls_per_second), 0.01, 10'000)},
      {"campaigns.max_live_calls", number_key(FIELD(campaigns.max_live_calls), 1, 1'000'000)},
      {"calls.ring_timeout_seconds", number_key(FIELD(calls.ring_timeout_seconds), 15, 120)},
      {"calls.post_dial_delay_seconds", number_key(FIELD(calls.post_dial_delay_seconds), 1, 60)},
      {"calls.max_call_seconds", number_key(FIELD(calls.max_call_seconds), 10, 7200)},
      {"calls.max_waiting", number_key(FIELD(calls.max_waiting), 1, 1'000'000)},
      {"calls.default_region", text_key(FIELD(calls.default_region))},
      {"window.from", clock_key(FIELD(window.from_minute))},
      {"window.to", clock_key(FIELD(window.to_minute))},
      {"ivr.digit_timeout_seconds", number_key(FIELD(ivr.digit_timeout_seconds), 1, 60)},
      {"ivr.response_timeout_seconds", number_key(FIELD(ivr.response_timeout_seconds), 1, 60)},
      {"ivr.max_tries", number_key(FIELD(ivr.max_tries), 1, 10)},
      {"ivr.callbacks", flag_key(FIELD(ivr.callbacks))},
      {"ivr.callback_url", text_key(FIELD(ivr.callback_url))},
      {"ivr.agent", text_key(FIELD(ivr.agent))},
      {"ivr.agent_trunk", text_key(FIELD(ivr.agent_trunk))},
      {"ivr.agent_ring_seconds", number_key(FIELD(ivr.agent_ring_seconds), 5, 120)},
      {"live.listen", flag_key(FIELD(live.listen))},
      {"live.whisper", flag_key(FIELD(live.whisper))},
      {"live.record", flag_key(FIELD(live.record))},
      {"live.record_notice", text_key(FIELD(live.record_notice))},
      {"live.record_keep_days", number_key(FIELD(live.record_keep_days), 0, 3650)},
      {"live.hold_prompt", text_key(FIELD(live.hold_prompt))},
      {"live.phones", list_key(FIELD(live.phones))},
      {"live.phone_ring_seconds", number_key(FIELD(live.phone_ring_seconds), 5, 120)},
      {"prompts.folder", text_key(FIELD(prompts.folder))},
      {"prompts.store", text_key(FIELD(prompts.store))},
      {"prompts.sources", list_key(FIELD(prompts.sources))},
      {"prompts.bucket", text_key(FIELD(prompts.bucket))},
      {"prompts.allow_private", flag_key(FIELD(prompts.allow_private))},
      {"prompts.ca_file", text_key(FIELD(prompts.ca_file))},
      {"prompts.fetch_timeout_seconds", number_key(FIELD(prompts.fetch_timeout_seconds), 1, 120)},
      {"prompts.max_stale_hours", number_key(FIELD(prompts.max_stale_hours), 0, 8760)},
      {"prompts.sources_cache_mb", number_key(FIELD(prompts.sources_cache_mb), 16, 1e6)},
      {"speech.engine", text_key(FIELD(speech.engine))},
      {"speech.command", text_key(FIELD(speech.command))},
      {"speech.command_takes_ssml", flag_key(FIELD(speech.command_takes_ssml))},
      {"speech.polly_engine", text_key(FIELD(speech.polly_engine))},
      {"speech.language", text_key(FIELD(speech.language))},
      {"speech.voice", text_key(FIELD(speech.voice))},
      {"speech.rate", number_key(FIELD(speech.rate), 0.5, 2)},
      {"speech.contact_prompts_per_second", number_key(FIELD(speech.contact_prompts_per_second), 0.1, 1000)},
      {"speech.cache_mb", number_key(FIELD(speech.cache_mb), 16, 1e6)},
      {"ledger.file", text_key(FIELD(ledger.file))},
      {"events.file", text_key(FIELD(events.file))},
      {"events.source", text_key(FIELD(events.source))},
      {"events.numbers", text_key(FIELD(events.numbers))},
      {"events.hash_key", text_key(FIELD(events.hash_key))},
      {"events.keep_days", number_key(FIELD(events.keep_days), 1, 3650)},
      {"events.keep_rows", number_key(FIELD(events.keep_rows), 1'000, 1e9)},
      {"events.give_up_hours", number_key(FIELD(events.give_up_hours), 1, 720)},
      {"nats.host", text_key(FIELD(nats.host))},
      {"nats.port", number_key(FIELD(nats.port), 1, 65535)},
      {"nats.username", text_key(FIELD(nats.username))},
      {"nats.password", text_key(FIELD(nats.password))},
      {"nats.token", text_key(FIELD(nats.token))},
      {"nats.subject_prefix", text_key(FIELD(nats.subject_prefix))},
      {"nats.stream", text_key(FIELD(nats.stream))},
      {"aws.region", text_key(FIELD(aws.region))},
      {"aws.endpoint_url", text_key(FIELD(aws.endpoint_url))},
      {"aws.sns_call_events_topic", checked_key(FIELD(aws.sns_call_events_topic), aws::check_topic_arn)},
      {"aws.sns_donation_events_topic", checked_key(FIELD(aws.sns_donation_events_topic), aws::check_topic_arn)},
      {"aws.sns_optout_events_topic", checked_key(FIELD(aws.sns_optout_events_topic), aws::check_topic_arn)},
      {"aws.sqs_events_queue_url", checked_key(FIELD(aws.sqs_events_queue_url), aws::check_queue_url)},
      {"aws.dial_queue_url", checked_key(FIELD(aws.dial_queue_url), aws::check_queue_url)},
      {"aws.dial_dead_letter_queue_url", checked_key(FIELD(aws.dial_dead_letter_queue_url), aws::check_queue_url)},
      {"aws.metrics_namespace", checked_key(FIELD(aws.metrics_namespace), aws::check_namespace)},
      {"aws.metrics_every_seconds", number_key(FIELD(aws.metrics_every_seconds), 1, 3600)},
      {"log.format", text_key(FIELD(log.format))},
      {"log.level", text_key(FIELD(log.level))},
  };
  return table;
}

#undef FIELD

// The specification's names.
const std::map<std::string, std::string>& specified_names() {
  static const std::map<std::string, std::string> names{
      {"PORT", "server.port"},
      {"AMI_HOST", "ami.host"},
      {"AMI_PORT", "ami.port"},
      {"AMI_USERNAME", "ami.username"},
      {"AMI_PASSWORD", "ami.password"},
      {"ARI_HOST", "ari.host"},
      {"ARI_PORT", "ari.port"},
      {"ARI_USERNAME", "ari.username"},
      {"ARI_PASSWORD", "ari.password"},
      {"AWS_REGION", "aws.region"},
      {"AWS_ENDPOINT_URL", "aws.endpoint_url"},
      {"SNS_CALL_EVENTS_TOPIC", "aws.sns_call_events_topic"},
      {"SNS_DONATION_EVENTS_TOPIC", "aws.sns_donation_events_topic"},
      {"SNS_OPTOUT_EVENTS_TOPIC", "aws.sns_optout_events_topic"},
      {"S3_AUDIO_BUCKET", "prompts.bucket"},
  };
  return names;
}

Result<void> set_key(Config& config, const std::string& key, const std::string& text, const Source& source) {
  const auto found = keys().find(key);
  if (found == keys().end()) return bad(source, key, "there is no such key (config/carillon.toml lists all)");
  return found->second(config, text, source, key);
}

Result<std::string> text_of(const toml::node& node, const Source& source, std::string_view key) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  if (const auto* array = node.as_array()) {
    std::string joined;
    for (const auto& item : *array) {
      const auto* text = item.as_string();
      if (text == nullptr || text->get().find(',') != std::string::npos)
        return bad(source, key, "must be a list of texts without commas");
      joined += (joined.empty() ? "" : ",") + text->get();
    }
    return joined;
  }
  return bad(source, key, "has a type that this key cannot have");
}

Result<void> add_api_keys(Config& config, const toml::array& array, const Source& source) {
  for (const auto& item : array) {
    const auto* table = item.as_table();
    if (table == nullptr) return bad(source, "server.keys", "each key is a table: name, role, sha256");
    api::ApiKey key;
    key.name = (*table)["name"].value_or(std::string());
    key.sha256 = to_lower((*table)["sha256"].value_or(std::string()));
    const auto role = (*table)["role"].value_or(std::string("viewer"));
    if (role == "viewer") {
      key.role = api::Role::kViewer;
    } else if (role == "operator") {
      key.role = api::Role::kOperator;
    } else if (role == "admin") {
      key.role = api::Role::kAdmin;
    } else {
      return bad(source, "server.keys", "role must be viewer, operator or admin");
    }
    if (key.sha256.size() != 64)
      return bad(source, "server.keys", "sha256 must be 64 hexadecimal digits (carillon apikey makes one)");
    config.server.keys.push_back(std::move(key));
  }
  return {};
}

// A trunk of [[trunks]] has the keys of [trunk].
Result<void> add_trunks(Config& config, const toml::array& array, const std::string& file) {
  for (const auto& item : array) {
    const Source source{fmt::format("{}:{}", file, item.source().begin.line)};
    const auto* table = item.as_table();
    if (table == nullptr) return bad(source, "trunks", "each trunk is a table, written below [[trunks]]");
    Config one;
    one.trunk.name.clear();
    for (const auto& [name, value] : *table) {
      const std::string key = "trunk." + std::string(name.str());
      const Source where{fmt::format("{}:{}", file, value.source().begin.line)};
      const auto text = text_of(value, where, key);
      if (!text) return std::unexpected(text.error());
      if (auto set = set_key(one, key, *text, where); !set) return set;
    }
    if (one.trunk.name.empty()) return bad(source, "trunks", "name is missing");
    config.more_trunks.push_back(one.trunk);
  }
  return {};
}

Result<void> check_trunks(const Config& config, const Source& source) {
  std::set<std::string> names;
  for (const auto& trunk : config.all_trunks()) {
    if (!is_safe_id(trunk.name))
      return bad(source, "trunk.name", "only letters, digits, . _ - (the PJSIP endpoint's name)");
    if (!names.insert(trunk.name).second) return bad(source, "trunks", "two trunks are named " + trunk.name);
    for (const auto& number : trunk.caller_ids) {
      if (clean_number(number).empty())
        return bad(source, "trunk.caller_ids", "a caller ID is digits with an optional +");
    }
  }
  return {};
}

Result<void> read_file(Config& config, const std::filesystem::path& file) {
  toml::table root;
  try {
    root = toml::parse_file(file.string());
  } catch (const toml::parse_error& error) {
    const auto& where = error.source().begin;
    return fail(ErrorCode::Config,
                fmt::format("{}:{}:{}: {}", file.string(), where.line, where.column, std::string(error.description())));
  }
  bool has_trunk = false;
  for (const auto& [section, node] : root) {
    has_trunk = has_trunk || section.str() == "trunk";
    const Source section_source{fmt::format("{}:{}", file.string(), node.source().begin.line)};
    if (section.str() == "trunks" && node.is_array()) {
      if (auto added = add_trunks(config, *node.as_array(), file.string()); !added) return added;
      continue;
    }
    const auto* table = node.as_table();
    if (table == nullptr)
      return bad(section_source, std::string(section.str()), "keys stand in sections, such as [ami]");
    for (const auto& [name, value] : *table) {
      const std::string key = std::string(section.str()) + "." + std::string(name.str());
      const Source source{fmt::format("{}:{}", file.string(), value.source().begin.line)};
      if (key == "events.webhooks") {
        const auto* array = value.as_array();
        if (array == nullptr) return bad(source, key, "written below [[events.webhooks]]");
        auto webhooks = read_webhooks(*array, file.string());
        if (!webhooks) return std::unexpected(webhooks.error());
        config.events.webhooks = std::move(*webhooks);
        continue;
      }
      if (key == "server.keys") {
        const auto* array = value.as_array();
        if (array == nullptr) return bad(source, key, "must be a list of tables");
        if (auto added = add_api_keys(config, *array, source); !added) return added;
        continue;
      }
      const auto text = text_of(value, source, key);
      if (!text) return std::unexpected(text.error());
      if (auto set = set_key(config, key, *text, source); !set) return set;
    }
  }
  // Who lists trunks and has no [trunk] means those alone: not the loopback test trunk beside them.
  if (!has_trunk && !config.more_trunks.empty()) {
    config.trunk = config.more_trunks.front();
    config.more_trunks.erase(config.more_trunks.begin());
  }
  return {};
}

Result<void> read_environment(Config& config, const Environment& environment) {
  for (const auto& [name, key] : specified_names()) {
    if (const auto value = environment(name)) {
      if (auto set = set_key(config, key, *value, Source{"environment " + name}); !set) return set;
    }
  }
  for (const auto& [key, setter] : keys()) {
    std::string name = "CARILLON_";
    for (const char c : key) name += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    if (const auto value = environment(name)) {
      if (auto set = setter(config, *value, Source{"environment " + name}, key); !set) return set;
    }
  }
  return {};
}

bool is_subject_part(const std::string& text) { return text.empty() || is_safe_id(text); }

Result<void> check(Config& config) {
  const Source source{"configuration"};
  auto& ami = config.ami;
  if (ami.events_username.empty()) ami.events_username = ami.username;
  if (ami.events_password.empty()) ami.events_password = ami.password;
  if (ami.journal_username.empty()) ami.journal_username = ami.username;
  if (ami.journal_password.empty()) ami.journal_password = ami.password;
  if (auto checked = check_trunks(config, source); !checked) return checked;
  if (auto checked = check_live(config); !checked) return bad(source, "live", checked.error().detail);
  if (config.window.from_minute >= config.window.to_minute) return bad(source, "window", "from must lie before to");
  if (config.ivr.agent_trunk.empty()) config.ivr.agent_trunk = config.trunk.name;
  if (config.ivr.callback_url.empty()) config.ivr.callback_url = fmt::format("http://127.0.0.1:{}", config.server.port);
  if (config.log.format != "text" && config.log.format != "json")
    return bad(source, "log.format", "must be text or json");
  static const std::set<std::string> levels{"debug", "info", "warn", "error"};
  if (!levels.contains(config.log.level)) return bad(source, "log.level", "must be debug, info, warn or error");
  const bool is_loopback = config.server.listen == "127.0.0.1" || config.server.listen == "::1";
  if (!is_loopback && config.server.keys.empty()) {
    return bad(source, "server.listen",
               "beyond loopback API keys are needed: make one with carillon apikey, add it to server.keys");
  }
  if (!publish::parse_number_form(config.events.numbers))
    return bad(source, "events.numbers", "must be full, masked or hashed");
  static const std::set<std::string> engines{"espeak-ng", "command", "polly"};
  if (!engines.contains(config.speech.engine))
    return bad(source, "speech.engine", "must be espeak-ng, command or polly");
  if (config.speech.engine == "command" && config.speech.command.empty())
    return bad(source, "speech.command", "the engine \"command\" needs one");
  if (!is_voice_name(config.speech.language)) return bad(source, "speech.language", "must be a language such as en");
  if (config.events.numbers == "hashed" && config.events.hash_key.size() < 16)
    return bad(source, "events.hash_key", "hashed numbers need a key of at least 16 characters");
  if (!is_subject_part(config.nats.subject_prefix) || !is_subject_part(config.nats.stream))
    return bad(source, "nats", "stream and subject_prefix are letters, digits, . _ -");
  if (!config.aws.dial_dead_letter_queue_url.empty() &&
      config.aws.dial_dead_letter_queue_url == config.aws.dial_queue_url)
    return bad(source, "aws.dial_dead_letter_queue_url", "must be another queue than aws.dial_queue_url");
  if (config.ivr.callbacks && config.server.callback_token.empty())
    return bad(source, "server.callback_token", "callbacks need one");
  return {};
}

}  // namespace

std::vector<Config::Trunk> Config::all_trunks() const {
  std::vector<Trunk> all{trunk};
  all.insert(all.end(), more_trunks.begin(), more_trunks.end());
  return all;
}

bool Config::Aws::has_topic() const {
  return !sns_call_events_topic.empty() || !sns_donation_events_topic.empty() || !sns_optout_events_topic.empty();
}

bool Config::Aws::is_used() const {
  return has_topic() || !sqs_events_queue_url.empty() || !dial_queue_url.empty() || !metrics_namespace.empty();
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<int> parse_clock(std::string_view text) {
  const auto parts = split(text, ':');
  int hour = -1;
  int minute = -1;
  const auto read = [](const std::string& part, int& value) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return part.size() == 2 && error == std::errc() && end == part.data() + part.size();
  };
  const bool is_read = parts.size() == 2 && read(parts[0], hour) && read(parts[1], minute);
  if (!is_read || hour < 0 || minute < 0 || minute > 59 || hour * 60 + minute > 24 * 60) {
    return fail(ErrorCode::Config, fmt::format("\"{}\" is no time of day (write 09:00)", printable(text, 20)));
  }
  return hour * 60 + minute;
}

Result<Config> load_config(const std::filesystem::path& file, const Environment& environment) {
  Config config;
  if (!file.empty()) {
    std::error_code error;
    if (!std::filesystem::exists(file, error))
      return fail(ErrorCode::Config, fmt::format("{}: no such file", file.string()));
    if (auto read = read_file(config, file); !read) return std::unexpected(read.error());
  }
  if (auto read = read_environment(config, environment); !read) return std::unexpected(read.error());
  if (auto checked = check(config); !checked) return std::unexpected(checked.error());
  return config;
}

}  // namespace carillon
