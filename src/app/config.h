// The configuration: config/carillon.toml describes every key. Defaults, then the file, then the environment: each key
// is also a variable (CARILLON_<SECTION>_<KEY>), and the specification's names are accepted as they are (AMI_HOST …).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/api.h"
#include "base/result.h"
#include "core/campaign/hours.h"
#include "publish/webhook_sink.h"

namespace carillon {

struct Config {
  struct Server {
    std::string listen = "127.0.0.1";
    std::uint16_t port = 3000;
    std::vector<api::ApiKey> keys;
    std::string callback_token;
  } server;
  struct Ami {
    std::string host = "127.0.0.1";
    std::uint16_t port = 5038;
    std::string username = "carillon";
    std::string password;
    std::string events_username;  // default: username; its password likewise
    std::string events_password;
    std::string journal_username;
    std::string journal_password;
  } ami;
  struct Ari {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8088;
    std::string username;  // empty: ARI is not used
    std::string password;
  } ari;
  struct Trunk {
    std::string name = "loopback";
    std::vector<std::string> caller_ids;  // verified numbers; the first is the default
    double calls_per_second = 5;
    int max_live_calls = 50;
    double start_calls_per_second = 2;  // slow start begins here
    // Guards of the account's quality (TrunkLimits); 0 switches one off.
    int short_call_seconds = 12;
    double max_short_ratio = 0;
    double min_answer_ratio = 0;
  } trunk;                         // the first
  std::vector<Trunk> more_trunks;  // [[trunks]]
  struct Node {
    double calls_per_second = 100;
    int max_live_calls = 400;
    int max_set_ups = 200;  // calls ordered and without any sign yet
  } node;
  struct Campaigns {
    std::string policy = "none";     // of campaigns that name none
    std::filesystem::path policies;  // folder with further packs, or newer ones; empty: the built-in ones
    double calls_per_second = 1000;  // all campaigns and /dial together
    int max_live_calls = 100'000;
  } campaigns;
  struct Calls {
    int ring_timeout_seconds = 30;
    int post_dial_delay_seconds = 15;
    int max_call_seconds = 600;
    int max_waiting = 10'000;
    std::string default_region;
  } calls;
  HourSpan window{9 * 60, 20 * 60};  // of calls that belong to no campaign, on every day
  struct Ivr {
    int digit_timeout_seconds = 5;
    int response_timeout_seconds = 10;
    int max_tries = 3;
    bool callbacks = false;    // notes also by HTTP callback
    std::string callback_url;  // where Asterisk reaches the API; default: http://127.0.0.1:<server.port>
    std::string agent;
    std::string agent_trunk;
    int agent_ring_seconds = 20;
  } ivr;
  struct Live {
    bool listen = false;
    bool whisper = false;
    bool record = false;
    std::string record_notice;  // a prompt's name
    int record_keep_days = 0;
    std::string hold_prompt;          // a prompt's name; empty: silence
    std::vector<std::string> phones;  // "name=endpoint", "name=+12025550150@trunk"
    int phone_ring_seconds = 30;
  } live;
  struct Prompts {
    std::filesystem::path folder = "/usr/share/carillon/prompts";
    std::filesystem::path store = "/var/lib/carillon/prompts";
    std::vector<std::filesystem::path> sources;
    std::string bucket;              // of names that are no files here
    bool allow_private = false;      // https: sources on private addresses
    std::filesystem::path ca_file;   // PEM authorities that are trusted beside the system's
    int fetch_timeout_seconds = 30;  // of an https: source
    int max_stale_hours = 24;        // so old may a copy be whose source is away
    double sources_cache_mb = 2048;  // of https: and s3: sources
  } prompts;
  struct Speech {
    std::string engine = "espeak-ng";
    std::string command;  // of engine "command"
    bool command_takes_ssml = false;
    std::string polly_engine = "neural";
    std::string language = "en";  // of texts without Hebrew letters
    std::string voice;            // of that language
    double rate = 1;
    double contact_prompts_per_second = 20;
    double cache_mb = 2048;
  } speech;
  struct Ledger {
    std::filesystem::path file = "/var/lib/carillon/ledger.db";
  } ledger;
  struct Events {
    std::filesystem::path file = "/var/lib/carillon/events.jsonl";  // empty: no file sink
    std::string source = "/carillon";
    std::string numbers = "full";  // publish::NumberForm
    std::string hash_key;          // of hashed numbers
    int keep_days = 7;
    double keep_rows = 5'000'000;
    int give_up_hours = 72;  // with one event that a sink does not take
    std::vector<publish::WebhookOptions> webhooks;
  } events;
  struct Nats {
    std::string host;  // empty: not used
    std::uint16_t port = 4222;
    std::string username;
    std::string password;
    std::string token;
    std::string subject_prefix;
    std::string stream = "carillon";
  } nats;
  // Credentials are AWS's own matter: they are never here.
  struct Aws {
    std::string region;                 // empty: as AWS's own tools find it
    std::string endpoint_url;           // of every service; empty: AWS's own
    std::string sns_call_events_topic;  // ARNs; empty: such events go to no topic
    std::string sns_donation_events_topic;
    std::string sns_optout_events_topic;
    std::string sqs_events_queue_url;        // of every event; empty: none
    std::string dial_queue_url;              // dial requests come from there; empty: by HTTP alone
    std::string dial_dead_letter_queue_url;  // what POST /dial would refuse goes there; empty: it stays
    std::string metrics_namespace;           // in CloudWatch; empty: no metrics
    int metrics_every_seconds = 60;

    bool has_topic() const;
    bool is_used() const;
  } aws;
  struct Log {
    std::string format = "text";
    std::string level = "info";
  } log;

  std::vector<Trunk> all_trunks() const;
  // Only the loopback test trunk is free of the window, and only if there is no other.
  bool is_test_trunk() const { return trunk.name == "loopback" && more_trunks.empty(); }
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// file empty: defaults and environment only. Errors name the file, line and key.
Result<Config> load_config(const std::filesystem::path& file, const Environment& environment);

// "09:00" as minutes of the day; 24:00 is allowed as an end.
Result<int> parse_clock(std::string_view text);

}  // namespace carillon
