// The little of campaigns that `carillon run` needs: GET /v1/campaigns/{id}/report, POST /v1/campaigns/{id}/contacts
// (NDJSON), and POST /v1/prompts.
#include <fmt/format.h>

#include <memory>

#include "api/api.h"
#include "api/dial_request.h"
#include "api/json.h"
#include "base/text.h"

namespace carillon::api {
namespace {

constexpr std::string_view kPrefix = "/v1/campaigns/";
constexpr std::size_t kMaxContactsPerRequest = 1000;

// "<id>" of "/v1/campaigns/<id>/<what>"; empty if the path is another.
std::string campaign_of(const std::string& path, std::string_view what) {
  const auto rest = std::string_view(path).substr(kPrefix.size());
  if (!rest.ends_with(what)) return {};
  const auto id = rest.substr(0, rest.size() - what.size());
  return is_safe_id(id) ? std::string(id) : std::string();
}

// The answers to one batch, in the order of its lines, sent when the last is there.
struct Batch {
  explicit Batch(net::Respond respond_when_done) : respond(std::move(respond_when_done)) {}
  net::Respond respond;
  boost::json::array results;
  std::size_t open = 0;

  void done() {
    if (--open == 0) respond(answer(200, boost::json::object{{"results", results}}));
  }
};

boost::json::object result_of(const Result<Accepted>& accepted) {
  if (!accepted) {
    return {{"error", slug_of(accepted.error().code)}, {"detail", accepted.error().detail}};
  }
  return {{"attemptId", accepted->attempt.request.id},
          {"status", to_string(accepted->attempt.progress.status)},
          {"isRepeat", accepted->is_repeat}};
}

}  // namespace

void Api::campaign(const net::HttpRequest& request, net::Respond respond) {
  const auto id = campaign_of(request.path, "/report");
  if (id.empty()) {
    respond(net::problem(Error(ErrorCode::NotFound, "no such path")));
    return;
  }
  store_.report(id, [respond, id](const Result<Report>& report) {
    if (!report) {
      respond(net::problem(report.error()));
      return;
    }
    auto body = to_json(*report);
    body["campaignId"] = id;
    respond(answer(200, body));
  });
}

// Each line is a body of POST /dial; campaignId is the path's, and callId is made of campaign and number: a contact
// sent again is the same attempt. The audio is a stored prompt's id here, so that lines need no waiting.
void Api::campaign_contacts(const net::HttpRequest& request, net::Respond respond) {
  const auto id = campaign_of(request.path, "/contacts");
  if (id.empty()) {
    respond(net::problem(Error(ErrorCode::NotFound, "no such path (a campaign's id has letters, digits, . _ -)")));
    return;
  }
  auto lines = split(request.body, '\n');
  while (!lines.empty() && trim(lines.back()).empty()) lines.pop_back();
  if (lines.empty() || lines.size() > kMaxContactsPerRequest) {
    respond(net::problem(Error(ErrorCode::Invalid, fmt::format("send 1 to {} lines of JSON", kMaxContactsPerRequest))));
    return;
  }
  const auto batch = std::make_shared<Batch>(std::move(respond));
  batch->results.resize(lines.size());
  batch->open = lines.size();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto parsed = parse_dial_request(lines[i], options_);
    if (!parsed) {
      batch->results[i] = result_of(std::unexpected(parsed.error()));
      batch->done();
      continue;
    }
    if (!parsed->audio.empty() && !prompts_.is_stored(parsed->audio)) {
      const Error unknown(ErrorCode::AudioInvalid,
                          "audioFileUrl must be the id of a stored prompt here (POST /v1/prompts)");
      batch->results[i] = result_of(std::unexpected(unknown));
      batch->done();
      continue;
    }
    auto& asked = parsed->attempt;
    asked.campaign_id = id;
    asked.call_id = id + "/" + asked.number;
    asked.audio = parsed->audio;
    asked.fingerprint = sha256_hex(asked.call_id).substr(0, 32);
    engine_.accept(std::move(asked), Engine::Mode::kCampaign, [batch, i](const Result<Accepted>& accepted) {
      batch->results[i] = result_of(accepted);
      batch->done();
    });
  }
}

void Api::prompt(const net::HttpRequest& request, net::Respond respond) {
  const auto* name = request.query_value("name");
  const auto on_stored = [respond](const Result<PromptInfo>& prompt) {
    if (!prompt) {
      respond(net::problem(prompt.error()));
      return;
    }
    respond(answer(201, boost::json::object{{"id", prompt->id},
                                            {"durationMs", prompt->duration.count()},
                                            {"loudnessLufs", prompt->loudness_lufs},
                                            {"gainDb", prompt->gain_db},
                                            {"source", prompt->source}}));
  };
  prompts_.store(request.body, name == nullptr ? "upload" : *name, on_stored);
}

}  // namespace carillon::api
