// /v1/campaigns: create, change, start, pause, stop, report.
#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "api/api.h"
#include "api/campaign_json.h"
#include "api/json.h"
#include "engine/campaign_prompts.h"

namespace carillon::api {
namespace {

constexpr int kMaxAuditEntries = 500;

void answer_campaign(const net::Respond& respond, int status, const Result<Campaign>& campaign) {
  respond(campaign ? answer(status, to_json(*campaign)) : net::problem(campaign.error()));
}

void answer_stop(const net::Respond& respond, const Result<StopReport>& stopped) {
  if (!stopped) {
    respond(net::problem(stopped.error()));
    return;
  }
  auto json = to_json(stopped->campaign);
  const auto& phases = stopped->under_way;
  json["underWay"] =
      boost::json::object{{"ordered", phases.ordered}, {"ringing", phases.ringing}, {"answered", phases.answered}};
  respond(answer(200, json));
}

}  // namespace

std::optional<CampaignView> Api::campaign_of(const Request& request) const {
  auto view = campaigns_.view(request.name);
  if (!view) request.respond(net::problem(Error(ErrorCode::NotFound, "there is no such campaign")));
  return view;
}

void Api::list_campaigns(Request request) {
  boost::json::array list;
  for (const auto& view : campaigns_.views()) list.push_back(to_json(view));
  request.respond(answer(200, boost::json::object{{"campaigns", std::move(list)}}));
}

void Api::resolve_prompts(CampaignSettings settings, Reply<CampaignSettings> reply) {
  const auto on_resolved = [reply = std::move(reply)](Result<PreparedSettings> resolved) {
    if (resolved) {
      reply(std::move(resolved->settings));
    } else {
      reply(std::unexpected(resolved.error()));
    }
  };
  carillon::resolve_prompts(prompts_, std::move(settings), on_resolved);
}

// What is not said: the name is the id, the policy the installation's.
Result<CampaignSettings> Api::parse_settings(boost::json::object body, const std::string& id) const {
  if (!body.contains("policy")) body["policy"] = options_.default_policy;
  if (!body.contains("name")) body["name"] = id;
  return parse_campaign_settings(boost::json::serialize(body));
}

// The body is the settings with "id" beside them.
void Api::create_campaign(Request request) {
  auto body = parse_object(request.http.body);
  auto id = body ? text_member(*body, "id", 64) : std::unexpected(body.error());
  if (!id) {
    request.respond(net::problem(id.error()));
    return;
  }
  body->erase("id");
  auto settings = parse_settings(std::move(*body), *id);
  if (!settings) {
    request.respond(net::problem(settings.error()));
    return;
  }
  const auto on_created = [respond = request.respond](const Result<Campaign>& created) {
    answer_campaign(respond, 201, created);
  };
  const auto on_resolved = [this, id = *id, actor = request.actor, on_created](Result<CampaignSettings> resolved) {
    if (resolved) {
      campaigns_.create(id, std::move(*resolved), actor, on_created);
    } else {
      on_created(std::unexpected(resolved.error()));
    }
  };
  resolve_prompts(std::move(*settings), on_resolved);
}

void Api::get_campaign(Request request) {
  const auto view = campaign_of(request);
  if (!view) return;
  const auto on_report = [view = *view, respond = request.respond](const Result<CampaignReport>& report) {
    if (!report) {
      respond(net::problem(report.error()));
      return;
    }
    auto json = to_json(view);
    json["report"] = to_json(*report);
    respond(answer(200, json));
  };
  ledger_.report(view->campaign.id, on_report);
}

void Api::change_campaign(Request request) {
  if (!campaign_of(request)) return;
  auto body = parse_object(request.http.body);
  auto settings = body ? parse_settings(std::move(*body), request.name) : std::unexpected(body.error());
  if (!settings) {
    request.respond(net::problem(settings.error()));
    return;
  }
  const auto on_changed = [respond = request.respond](const Result<Campaign>& changed) {
    answer_campaign(respond, 200, changed);
  };
  const auto on_resolved = [this, id = request.name, actor = request.actor,
                            on_changed](Result<CampaignSettings> resolved) {
    if (resolved) {
      campaigns_.change(id, std::move(*resolved), actor, on_changed);
    } else {
      on_changed(std::unexpected(resolved.error()));
    }
  };
  resolve_prompts(std::move(*settings), on_resolved);
}

void Api::start_campaign(Request request) {
  const auto on_started = [respond = request.respond](const Result<Campaign>& started) {
    answer_campaign(respond, 200, started);
  };
  campaigns_.start_campaign(request.name, request.actor, on_started);
}

void Api::resume_campaign(Request request) {
  const auto on_resumed = [respond = request.respond](const Result<Campaign>& resumed) {
    answer_campaign(respond, 200, resumed);
  };
  campaigns_.resume(request.name, request.actor, on_resumed);
}

void Api::pause_campaign(Request request) {
  const auto on_paused = [respond = request.respond](const Result<StopReport>& paused) {
    answer_stop(respond, paused);
  };
  campaigns_.pause(request.name, request.actor, on_paused);
}

void Api::stop_campaign(Request request) {
  const auto* word = request.http.query_value("mode");
  const auto mode = word == nullptr ? std::optional(StopMode::kDrain) : parse_stop_mode(*word);
  if (!mode) {
    request.respond(net::problem(Error(ErrorCode::Invalid, "mode must be drain, finish or now")));
    return;
  }
  const auto on_stopped = [respond = request.respond](const Result<StopReport>& stopped) {
    answer_stop(respond, stopped);
  };
  campaigns_.stop(request.name, *mode, request.actor, on_stopped);
}

// Also of a name that calls of /dial count for, though no campaign has it.
void Api::report_campaign(Request request) {
  const auto* format = request.http.query_value("format");
  const bool is_csv = format != nullptr && *format == "csv";
  const auto on_report = [is_csv, id = request.name, respond = request.respond](const Result<CampaignReport>& report) {
    if (!report) {
      respond(net::problem(report.error()));
      return;
    }
    if (is_csv) {
      net::HttpResponse response;
      response.content_type = "text/csv; charset=utf-8";
      response.body = to_csv(*report);
      respond(std::move(response));
      return;
    }
    auto json = to_json(*report);
    json["campaignId"] = id;
    respond(answer(200, json));
  };
  ledger_.report(request.name, on_report);
}

void Api::audit_campaign(Request request) {
  if (!campaign_of(request)) return;
  const auto on_audit = [respond = request.respond](const Result<std::vector<AuditEntry>>& entries) {
    if (!entries) {
      respond(net::problem(entries.error()));
      return;
    }
    boost::json::array list;
    for (const auto& entry : *entries) list.push_back(to_json(entry));
    respond(answer(200, boost::json::object{{"entries", std::move(list)}}));
  };
  ledger_.audit(request.name, kMaxAuditEntries, on_audit);
}

void Api::trunks(Request request) {
  boost::json::array list;
  for (const auto& [name, view] : campaigns_.trunks()) list.push_back(to_json(name, view));
  request.respond(answer(200, boost::json::object{{"trunks", std::move(list)}}));
}

}  // namespace carillon::api
