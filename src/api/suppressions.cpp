// Numbers that must not be called, what registries said, consents, and attempts that an operator resolves.
#include <fmt/format.h>

#include <memory>

#include "api/api.h"
#include "api/campaign_json.h"
#include "api/json.h"
#include "api/numbers.h"
#include "api/pages.h"
#include "core/campaign/phone_number.h"

namespace carillon::api {
namespace {

constexpr std::size_t kMaxText = 200;

Result<std::optional<Time>> time_member(const boost::json::object& object, std::string_view name) {
  const auto text = text_member(object, name, 40);
  if (!text) return std::unexpected(text.error());
  if (text->empty()) return std::optional<Time>();
  const auto time = parse_rfc3339(*text);
  if (!time) return fail(ErrorCode::Invalid, fmt::format("{} is no time (write 2026-11-23T09:00:00Z)", name));
  return std::optional<Time>(*time);
}

Result<Suppression> suppression_of(const NumberLine& line, const std::string& who, Time now) {
  const auto level_word = text_member(line.members, "level", 20, "global");
  if (!level_word) return std::unexpected(level_word.error());
  const auto level = parse_suppression_level(*level_word);
  if (!level) return fail(ErrorCode::Invalid, "level must be global, registry, advertiser or campaign");
  auto scope = text_member(line.members, "scope", kMaxText);
  if (!scope) return std::unexpected(scope.error());
  if ((*level == SuppressionLevel::kGlobal) != scope->empty()) {
    return fail(ErrorCode::Invalid, "scope names the registry, advertiser or campaign; a global entry has none");
  }
  auto reason = text_member(line.members, "reason", kMaxText, "by hand");
  if (!reason) return std::unexpected(reason.error());
  const auto expires_at = time_member(line.members, "expiresAt");
  if (!expires_at) return std::unexpected(expires_at.error());
  return Suppression{line.number, *level, std::move(*scope), std::move(*reason), who, now, *expires_at};
}

Result<RegistryCheck> registry_check_of(const NumberLine& line, Time now) {
  auto registry = text_member(line.members, "registry", kMaxText);
  if (!registry) return std::unexpected(registry.error());
  if (registry->empty()) return fail(ErrorCode::Invalid, "registry is missing");
  const auto checked_at = time_member(line.members, "checkedAt");
  if (!checked_at) return std::unexpected(checked_at.error());
  if (!*checked_at || **checked_at > now) return fail(ErrorCode::Invalid, "checkedAt must be a time that has been");
  const auto* listed = line.members.if_contains("listed");
  if (listed == nullptr || !listed->is_bool()) return fail(ErrorCode::Invalid, "listed must be true or false");
  return RegistryCheck{std::move(*registry), listed->get_bool(), **checked_at};
}

Result<Consent> consent_of(const NumberLine& line, Time now) {
  Consent consent;
  for (const auto& [name, target] :
       {std::pair{"advertiser", &consent.advertiser}, {"basis", &consent.basis}, {"evidence", &consent.evidence}}) {
    auto text = text_member(line.members, name, kMaxText);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return fail(ErrorCode::Invalid, fmt::format("{} is missing", name));
    *target = std::move(*text);
  }
  const auto given_at = time_member(line.members, "givenAt");
  if (!given_at) return std::unexpected(given_at.error());
  if (!*given_at || **given_at > now) return fail(ErrorCode::Invalid, "givenAt must be a time that has been");
  consent.given_at = **given_at;
  const auto expires_at = time_member(line.members, "expiresAt");
  if (!expires_at) return std::unexpected(expires_at.error());
  consent.expires_at = *expires_at;
  return consent;
}

// {"added": n, "rejected": [{line, reason}]}
Reply<std::int64_t> answer_added(net::Respond respond, boost::json::array rejected) {
  return [respond = std::move(respond), rejected = std::move(rejected)](const Result<std::int64_t>& added) {
    respond(added ? answer(200, boost::json::object{{"added", *added}, {"rejected", rejected}})
                  : net::problem(added.error()));
  };
}

}  // namespace

void Api::list_suppressions(Request request) {
  const auto limit = limit_of(request.http);
  if (!limit) {
    request.respond(net::problem(limit.error()));
    return;
  }
  std::string number;
  if (const auto* text = request.http.query_value("number")) {
    const auto parsed = parse_phone_number(*text, options_.default_region);
    if (!parsed) {
      request.respond(net::problem(parsed.error()));
      return;
    }
    number = parsed->e164;
  }
  const auto on_page = [respond = request.respond](const Result<SuppressionPage>& page) {
    if (!page) {
      respond(net::problem(page.error()));
      return;
    }
    boost::json::array list;
    for (const auto& entry : page->entries) list.push_back(to_json(entry));
    boost::json::object json{{"suppressions", std::move(list)}};
    if (!page->next.empty()) json["next"] = page->next;
    respond(answer(200, json));
  };
  ledger_.list_suppressions(number, text_after(request.http), *limit, on_page);
}

void Api::add_suppressions(Request request) {
  const Time now = wall_clock_now();
  std::vector<Suppression> entries;
  std::vector<std::string> for_all;
  const auto take = [&](const NumberLine& line) -> Result<void> {
    auto entry = suppression_of(line, request.actor.name, now);
    if (!entry) return std::unexpected(entry.error());
    if (entry->level == SuppressionLevel::kGlobal && !entry->expires_at) for_all.push_back(entry->number);
    entries.push_back(std::move(*entry));
    return {};
  };
  auto rejected = read_number_lines(request.http.body, options_.default_region, take);
  engine_.suppress(for_all);  // what is on its way to the node is stopped at once; the rest by the ledger
  ledger_.suppress(std::move(entries), request.actor, answer_added(request.respond, std::move(rejected)));
}

void Api::remove_suppression(Request request) {
  const auto value = [&](const char* name) {
    const auto* text = request.http.query_value(name);
    return text == nullptr ? std::string() : *text;
  };
  const auto number = parse_phone_number(value("number"), options_.default_region);
  const auto level = parse_suppression_level(value("level").empty() ? "global" : value("level"));
  if (!number || !level) {
    const Error bad = !number ? number.error() : Error(ErrorCode::Invalid, "level is not known");
    request.respond(net::problem(bad));
    return;
  }
  const auto on_removed = [this, number = number->e164, level = *level,
                           respond = request.respond](const Result<void>& removed) {
    if (!removed) {
      respond(net::problem(removed.error()));
      return;
    }
    if (level == SuppressionLevel::kGlobal) engine_.unsuppress(number);
    respond(answer(200, boost::json::object{{"removed", true}}));
  };
  ledger_.unsuppress(number->e164, *level, value("scope"), request.actor, on_removed);
}

void Api::add_registry_checks(Request request) {
  const Time now = wall_clock_now();
  std::vector<std::pair<std::string, RegistryCheck>> checks;
  const auto take = [&](const NumberLine& line) -> Result<void> {
    auto check = registry_check_of(line, now);
    if (!check) return std::unexpected(check.error());
    checks.emplace_back(line.number, std::move(*check));
    return {};
  };
  auto rejected = read_number_lines(request.http.body, options_.default_region, take);
  ledger_.add_registry_checks(std::move(checks), request.actor, answer_added(request.respond, std::move(rejected)));
}

void Api::add_consents(Request request) {
  const Time now = wall_clock_now();
  std::vector<std::pair<std::string, Consent>> consents;
  const auto take = [&](const NumberLine& line) -> Result<void> {
    auto consent = consent_of(line, now);
    if (!consent) return std::unexpected(consent.error());
    consents.emplace_back(line.number, std::move(*consent));
    return {};
  };
  auto rejected = read_number_lines(request.http.body, options_.default_region, take);
  ledger_.add_consents(std::move(consents), request.actor, answer_added(request.respond, std::move(rejected)));
}

void Api::resolve(Request request) {
  const auto body = parse_object(request.http.body);
  const auto word = body ? text_member(*body, "decision", 20) : std::unexpected(body.error());
  if (!word) {
    request.respond(net::problem(word.error()));
    return;
  }
  if (*word != "call-again" && *word != "leave") {
    request.respond(net::problem(Error(ErrorCode::Invalid, "decision must be call-again or leave")));
    return;
  }
  const auto resolution = *word == "call-again" ? Resolution::kCallAgain : Resolution::kLeave;
  const auto on_resolved = [this, id = request.name, respond = request.respond](const Result<void>& resolved) {
    if (!resolved) {
      respond(net::problem(resolved.error()));
      return;
    }
    // Its contact is ready again, perhaps in a lane that nobody looks at any more.
    for (const auto& view : campaigns_.views()) campaigns_.on_contacts_added(view.campaign.id);
    respond(answer(200, boost::json::object{{"attemptId", id}, {"resolved", true}}));
  };
  ledger_.resolve(request.name, resolution, request.actor, on_resolved);
}

}  // namespace carillon::api
