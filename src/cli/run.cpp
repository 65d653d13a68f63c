#include "cli/run.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "cli/show.h"
#include "cli/tables.h"
#include "cli/upload.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  if (!file) return fail(ErrorCode::NotFound, fmt::format("{} cannot be read", path.string()));
  return bytes.str();
}

// Only the name: a list with one more row, or a new recording, must not call everybody again.
Result<std::string> campaign_name(const RunOptions& options) {
  std::string name = options.campaign;
  if (name.empty()) {
    name = options.contacts.stem().string().substr(0, 40);
    for (char& c : name) {
      if (!is_safe_id(std::string_view(&c, 1))) c = '-';
    }
    if (name.empty()) name = "campaign";
  }
  if (is_safe_id(name)) return name;
  return fail(ErrorCode::Invalid, "a campaign's name has letters, digits, . _ - and at most 64 of them");
}

Result<std::string> store_prompt(Client& client, const std::filesystem::path& audio) {
  if (audio.empty()) return std::string();
  const auto bytes = read_file(audio);
  if (!bytes) return std::unexpected(bytes.error());
  const auto name = audio.filename().string();
  const auto stored = client.post("/v1/prompts?name=" + net::percent_encode(name), *bytes, "application/octet-stream");
  if (!stored) return std::unexpected(stored.error());
  return std::string(stored->at("id").as_string());
}

// New, or the one of an earlier run with today's audio and pace.
Result<void> prepare_campaign(Client& client, const std::string& name, const RunOptions& options,
                              const std::string& prompt) {
  boost::json::object settings{{"name", name},
                               {"class", "informational"},
                               {"audio", prompt},
                               {"callsPerSecond", options.calls_per_second},
                               {"maxLiveCalls", options.max_live},
                               {"retry", boost::json::object()}};
  if (!options.region.empty()) settings["region"] = options.region;
  const auto known = client.get("/v1/campaigns/" + name);
  if (!known && known.error().code != ErrorCode::NotFound) return std::unexpected(known.error());
  if (!known) {
    settings["id"] = name;
    const auto created = client.post("/v1/campaigns", boost::json::serialize(settings));
    return created ? Result<void>() : std::unexpected(created.error());
  }
  const auto state = std::string(known->at("state").as_string());
  if (state == "running" || state == "stopping") return {};
  settings["policy"] = known->at("settings").as_object().at("policy");
  const auto changed = client.put("/v1/campaigns/" + name, boost::json::serialize(settings));
  return changed ? Result<void>() : std::unexpected(changed.error());
}

boost::json::object result_of(const std::string& name, const boost::json::object& campaign, const UploadSums& sums) {
  const auto& report = campaign.at("report").as_object();
  return {{"campaign", name},
          {"contacts", report.at("contacts")},
          {"attempts", report.at("attempts")},
          {"outcomes", report.at("outcomes")},
          {"keys", report.at("keys")},
          {"skipped", report.at("skipped")},
          {"opt_outs", report.at("opt_outs")},
          {"events", report.at("events")},
          {"rejected", sums.rejected},
          {"duplicates", sums.duplicates}};
}

}  // namespace

int run_campaign(Client& client, const RunOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(options.contacts, error)) {
    return fail_with(Error(ErrorCode::NotFound, fmt::format("{} is no file", options.contacts.string())));
  }
  const auto name = campaign_name(options);
  if (!name) return fail_with(name.error());
  const auto prompt = store_prompt(client, options.audio);
  if (!prompt) return fail_with(prompt.error());
  if (auto prepared = prepare_campaign(client, *name, options, *prompt); !prepared) return fail_with(prepared.error());

  UploadOptions upload;
  upload.file = options.contacts;
  upload.rejects = options.rejected;
  upload.region = options.region;
  UploadProgress progress(options.is_quiet);
  const auto sums = upload_contacts(client, *name, upload, [&](const UploadSums& so_far) { progress.draw(so_far); });
  progress.end();
  if (!sums) return fail_with(sums.error());

  const auto started = client.post("/v1/campaigns/" + *name + ":start");
  if (!started) return fail_with(started.error());
  const auto result = watch_campaign(client, *name, options.is_quiet);
  if (!options.is_quiet && !result.campaign.empty()) {
    fmt::print(stderr, "{}", report_table(*name, result.campaign.at("report").as_object()));
    fmt::print(stderr, "{}", upload_lines(*sums));
    if (result.code == kInterrupted) fmt::print(stderr, "  interrupted: the same command goes on where it stopped\n");
  }
  if (options.is_json && !result.campaign.empty()) {
    fmt::print("{}\n", boost::json::serialize(result_of(*name, result.campaign, *sums)));
  }
  return result.code;
}

}  // namespace carillon::cli
