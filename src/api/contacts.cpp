// The contacts and attempts of a campaign, in pages; why a number is (not) called; the preview of a whole campaign.
#include <fmt/format.h>

#include <memory>

#include "api/api.h"
#include "api/campaign_json.h"
#include "api/json.h"
#include "api/pages.h"
#include "api/preview.h"
#include "core/campaign/phone_number.h"
#include "engine/calling_times.h"

namespace carillon::api {
namespace {

constexpr int kMaxHistory = 50;

}  // namespace

void Api::list_contacts(Request request) {
  const auto view = campaign_of(request);
  if (!view) return;
  const auto limit = limit_of(request.http);
  const auto after = key_after(request.http);
  std::optional<ContactState> state;
  if (const auto* word = request.http.query_value("state")) {
    state = parse_contact_state(*word);
    if (!state) {
      request.respond(
          net::problem(Error(ErrorCode::Invalid, "state must be ready, in-call, done, skipped or unknown")));
      return;
    }
  }
  if (!limit || !after) {
    request.respond(net::problem(!limit ? limit.error() : after.error()));
    return;
  }
  const auto on_page = [respond = request.respond](const Result<ContactPage>& page) {
    if (!page) {
      respond(net::problem(page.error()));
      return;
    }
    boost::json::array list;
    for (const auto& contact : page->contacts) list.push_back(to_json(contact));
    boost::json::object json{{"contacts", std::move(list)}};
    if (page->next != 0) json["next"] = std::to_string(page->next);
    respond(answer(200, json));
  };
  ledger_.list_contacts(view->campaign.key, state, *after, *limit, on_page);
}

void Api::list_attempts(Request request) {
  const auto limit = limit_of(request.http);
  if (!limit) {
    request.respond(net::problem(limit.error()));
    return;
  }
  const auto on_page = [respond = request.respond](const Result<AttemptPage>& page) {
    if (!page) {
      respond(net::problem(page.error()));
      return;
    }
    boost::json::array list;
    for (const auto& attempt : page->attempts) list.push_back(to_json(attempt.request, attempt.progress));
    boost::json::object json{{"attempts", std::move(list)}};
    if (!page->next.empty()) json["next"] = page->next;
    respond(answer(200, json));
  };
  ledger_.list_attempts(request.name, text_after(request.http), *limit, on_page);
}

std::shared_ptr<const GateRules> Api::rules_for(const std::string& campaign_id) const {
  if (auto rules = campaigns_.rules_of(campaign_id)) return rules;
  return engine_.direct_rules();
}

// Every gate's verdict for the number, in every campaign that has it, and what was tried.
void Api::why(Request request) {
  const auto number = parse_phone_number(request.name, options_.default_region);
  if (!number) {
    request.respond(net::problem(Error(ErrorCode::NumberInvalid, number.error().detail)));
    return;
  }
  const auto* only = request.http.query_value("campaign");
  const std::string campaign = only == nullptr ? "" : *only;
  const auto on_history = [this, campaign, number = *number, respond = request.respond](
                              const std::vector<ContactFacts>& found, const Result<std::vector<Attempt>>& attempts) {
    if (!attempts) {
      respond(net::problem(attempts.error()));
      return;
    }
    const Time now = wall_clock_now();
    CallingTimes times;
    boost::json::array contacts;
    for (const auto& one : found) {
      if (!campaign.empty() && one.contact.campaign_id != campaign) continue;
      contacts.push_back(explain(one, rules_for(one.contact.campaign_id), times, now));
    }
    boost::json::array history;
    for (const auto& attempt : *attempts) {
      if (!campaign.empty() && attempt.request.campaign_id != campaign) continue;
      history.push_back(to_json(attempt.request, attempt.progress));
    }
    boost::json::object json{{"phoneNumber", number.e164}};
    json["contacts"] = std::move(contacts);
    json["attempts"] = std::move(history);
    respond(answer(200, json));
  };
  const auto on_facts = [this, number = number->e164, on_history,
                         respond = request.respond](const Result<std::vector<ContactFacts>>& found) {
    if (!found) {
      respond(net::problem(found.error()));
      return;
    }
    ledger_.attempts_of(
        number, kMaxHistory,
        [found = *found, on_history](const Result<std::vector<Attempt>>& attempts) { on_history(found, attempts); });
  };
  ledger_.facts_of(number->e164, on_facts);
}

void Api::preview_campaign(Request request) {
  const auto view = campaign_of(request);
  if (!view) return;
  const auto rules = campaigns_.rules_of(request.name);
  if (!rules) {
    request.respond(net::problem(Error(ErrorCode::Invalid, "the campaign's policy pack is not installed")));
    return;
  }
  const auto on_done = [respond = request.respond](const Result<boost::json::object>& summary) {
    respond(summary ? answer(200, *summary) : net::problem(summary.error()));
  };
  preview(ledger_, rules, wall_clock_now(), on_done);
}

}  // namespace carillon::api
