#include "cli/campaign_commands.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <fstream>

#include "cli/campaign_file.h"
#include "cli/run.h"
#include "cli/show.h"
#include "cli/tables.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

void print_json(const boost::json::object& json) { fmt::print("{}\n", boost::json::serialize(json)); }

std::string path_of(const std::string& id, std::string_view what = "") {
  return fmt::format("/v1/campaigns/{}{}", net::percent_encode(id), what);
}

std::string state_line(const boost::json::object& campaign) {
  std::string line = fmt::format("{} is {}\n", std::string(campaign.at("id").as_string()),
                                 std::string(campaign.at("state").as_string()));
  if (const auto* phases = campaign.if_contains("underWay")) {
    const auto& n = phases->as_object();
    line += fmt::format("under way: {} ordered, {} ringing, {} answered; no call begins any more\n",
                        n.at("ordered").as_int64(), n.at("ringing").as_int64(), n.at("answered").as_int64());
  }
  return line;
}

}  // namespace

int create_campaign(Client& client, const std::string& id, const std::filesystem::path& file, bool update,
                    const Output& output) {
  auto settings = read_campaign_file(client, file);
  if (!settings) return fail_with(settings.error());
  const std::string name = id.empty() ? file.stem().string() : id;
  if (update) return show(client.put(path_of(name), boost::json::serialize(*settings)), output, state_line);
  (*settings)["id"] = name;
  return show(client.post("/v1/campaigns", boost::json::serialize(*settings)), output, state_line);
}

int import_contacts(Client& client, const std::string& id, const UploadOptions& options, const Output& output) {
  UploadProgress progress(output.is_quiet);
  const auto sums =
      upload_contacts(client, net::percent_encode(id), options, [&](const UploadSums& now) { progress.draw(now); });
  progress.end();
  if (!sums) return fail_with(sums.error());
  if (output.is_json) {
    print_json({{"campaignId", id},
                {"rows", sums->rows},
                {"added", sums->added},
                {"duplicates", sums->duplicates},
                {"inOtherCampaigns", sums->in_other_campaigns},
                {"rejected", sums->rejected},
                {"rejects", sums->rejects.string()}});
  } else {
    fmt::print("{} contacts added to {}\n{}", sums->added, id, upload_lines(*sums));
  }
  return kDone;
}

int list_campaigns(Client& client, const Output& output) {
  return show(client.get("/v1/campaigns"), output,
              [](const boost::json::object& json) { return campaign_list(json.at("campaigns").as_array()); });
}

int show_campaign(Client& client, const std::string& id, const Output& output) {
  const auto table = [](const boost::json::object& json) {
    const boost::json::array one{json};
    return campaign_list(one) + report_table(std::string(json.at("id").as_string()), json.at("report").as_object());
  };
  return show(client.get(path_of(id)), output, table);
}

int act_on_campaign(Client& client, const std::string& id, const std::string& verb, const std::string& mode, bool watch,
                    const Output& output) {
  const auto query = verb == "stop" ? "?mode=" + mode : std::string();
  const auto answer = client.post(path_of(id, ":" + verb) + query);
  if (!answer || !watch) return show(answer, output, state_line);
  const auto watched = watch_campaign(client, net::percent_encode(id), output.is_quiet);
  if (watched.campaign.empty()) return watched.code;
  const auto& report = watched.campaign.at("report").as_object();
  if (output.is_json) {
    print_json(watched.campaign);
  } else {
    fmt::print("{}", report_table(id, report));
  }
  return watched.code;
}

int report_campaign(Client& client, const std::string& id, const std::string& format) {
  if (format == "csv") {
    const auto csv = client.get_text(path_of(id, "/report?format=csv"));
    if (!csv) return fail_with(csv.error());
    fmt::print("{}", *csv);
    return kDone;
  }
  const auto table = [&](const boost::json::object& json) { return report_table(id, json); };
  return show(client.get(path_of(id, "/report")), Output{format == "json", false}, table);
}

int preview_campaign(Client& client, const std::string& id, const Output& output) {
  return show(client.post(path_of(id, ":preview")), output, preview_table);
}

int explain_number(Client& client, const std::string& number, const std::string& campaign, const Output& output) {
  auto target = fmt::format("/v1/numbers/{}/why", net::percent_encode(number));
  if (!campaign.empty()) target += "?campaign=" + net::percent_encode(campaign);
  return show(client.get(target), output, why_table);
}

int resolve_attempt(Client& client, const std::string& attempt, const std::string& decision) {
  const boost::json::object body{{"decision", decision}};
  const auto answer =
      client.post(fmt::format("/v1/attempts/{}:resolve", net::percent_encode(attempt)), boost::json::serialize(body));
  return show(answer, Output{}, [](const boost::json::object&) { return std::string("resolved\n"); });
}

int list_unknown(Client& client, const std::string& id, const Output& output) {
  const auto table = [](const boost::json::object& json) {
    const auto& contacts = json.at("contacts").as_array();
    if (contacts.empty()) return std::string("no attempt is unknown\n");
    std::string text = "attempt                     number\n";
    for (const auto& value : contacts) {
      const auto& contact = value.as_object();
      text += fmt::format("{}  {}\n", std::string(contact.at("lastAttempt").as_string()),
                          std::string(contact.at("phoneNumber").as_string()));
    }
    return text + "carillon campaign resolve ATTEMPT --call-again | --leave\n";
  };
  auto all = client.get(path_of(id, "/contacts?state=unknown&limit=1000"));
  while (all && all->contains("next")) {
    const auto after = std::string(all->at("next").as_string());
    all->erase("next");
    auto page = client.get(path_of(id, "/contacts?state=unknown&limit=1000&after=" + after));
    if (!page) return show(page, output, table);
    auto& contacts = all->at("contacts").as_array();
    for (auto& contact : page->at("contacts").as_array()) contacts.push_back(std::move(contact));
    if (page->contains("next")) (*all)["next"] = page->at("next");
  }
  return show(all, output, table);
}

int audit_campaign(Client& client, const std::string& id, const Output& output) {
  return show(client.get(path_of(id, "/audit")), output,
              [](const boost::json::object& json) { return audit_table(json.at("entries").as_array()); });
}

int list_trunks(Client& client, const Output& output) {
  return show(client.get("/v1/trunks"), output,
              [](const boost::json::object& json) { return trunk_table(json.at("trunks").as_array()); });
}

}  // namespace carillon::cli
