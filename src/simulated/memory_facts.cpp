// The twin of ledger/facts.cpp and ledger/suppressions.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/campaign/phone_number.h"
#include "simulated/memory_ledger.h"

namespace carillon::simulated {
namespace {

constexpr std::size_t kMaxAttempts = 500;

// All rows of the number in a table whose key begins with it.
template <class Table, class Use>
void each_of(const Table& table, const std::string& number, Use use) {
  typename Table::key_type first;
  std::get<0>(first) = number;
  for (auto row = table.lower_bound(first); row != table.end() && std::get<0>(row->first) == number; ++row) {
    use(row->second);
  }
}

auto key_of(const Suppression& entry) {
  return std::tuple(entry.number, std::string(to_string(entry.level)), entry.scope);
}

}  // namespace

// ---------------------------------------------------------------- facts

void MemoryLedger::add_attempts(Facts& facts) const {
  const auto found = numbers_.find(facts.number);
  if (found == numbers_.end()) return;
  std::vector<const AttemptRow*> placed;
  for (const auto* row : found->second.attempts) {
    const auto& [asked, progress] = row->attempt;
    if (progress.intended_at != Time{} && asked.direction == Direction::kOutbound) placed.push_back(row);
  }
  std::ranges::sort(placed, {}, [](const AttemptRow* row) { return row->attempt.progress.intended_at; });
  if (placed.size() > kMaxAttempts) placed.erase(placed.begin(), placed.end() - kMaxAttempts);
  for (const auto* row : placed) {
    const auto& progress = row->attempt.progress;
    facts.attempts.push_back(progress.intended_at);
    if (progress.outcome == Outcome::kUnknown && row->resolved_at == Time{}) facts.unknown_at = progress.ended_at;
  }
}

Facts MemoryLedger::facts_of(const std::string& number, const std::string& except_attempt) const {
  Facts facts;
  facts.number = number;
  facts.suppressions = suppressions_of(number);
  if (const auto found = numbers_.find(number); found != numbers_.end()) {
    const auto* open = found->second.open;
    facts.has_open_attempt = open != nullptr && open->attempt.request.id != except_attempt;
  }
  each_of(registry_checks_, number, [&](const RegistryCheck& check) { facts.registry_checks.push_back(check); });
  each_of(consents_, number, [&](const Consent& consent) { facts.consents.push_back(consent); });
  add_attempts(facts);
  return facts;
}

Facts MemoryLedger::facts_of_request(const AttemptRequest& request) const {
  Facts facts = facts_of(request.number, request.id);
  const auto number = parse_phone_number(request.number, "");
  if (number) {
    facts.regions = number->regions;
  } else {
    facts.number.clear();
    facts.number_problem = number.error().detail;
  }
  if (!request.time_zone.empty()) facts.zones = {request.time_zone};
  return facts;
}

Facts MemoryLedger::facts_of_contact(const ContactView& contact, const std::string& except_attempt) const {
  Facts facts = facts_of(contact.number, except_attempt);
  const auto& lane = lanes_[static_cast<std::size_t>(contact.lane - 1)];
  facts.zones = lane.zones;
  facts.regions = lane.regions;
  facts.spent = static_cast<double>(find_campaign(contact.campaign_key)->spent_micros) / 1e6;
  return facts;
}

ContactFactsPage MemoryLedger::facts_page(std::int64_t campaign_key, std::int64_t after, int limit) const {
  ContactFactsPage page;
  auto contacts = list_contacts(campaign_key, std::nullopt, after, limit);
  page.next = contacts.next;
  for (auto& contact : contacts.contacts) {
    Facts facts = facts_of_contact(contact, "");
    page.contacts.push_back({std::move(contact), std::move(facts)});
  }
  return page;
}

std::vector<ContactFacts> MemoryLedger::facts_of_number(const std::string& number) const {
  std::vector<ContactFacts> found;
  for (auto& contact : contacts_of(number)) {
    Facts facts = facts_of_contact(contact, "");
    found.push_back({std::move(contact), std::move(facts)});
  }
  if (found.empty()) {
    AttemptRequest request;
    request.number = number;
    ContactView nobody;
    nobody.number = number;
    found.push_back({std::move(nobody), facts_of_request(request)});
  }
  return found;
}

// ---------------------------------------------------------------- numbers that must not be called

std::vector<Suppression> MemoryLedger::suppressions_of(const std::string& number) const {
  std::vector<Suppression> entries;
  each_of(suppressions_, number, [&](const Suppression& entry) { entries.push_back(entry); });
  return entries;
}

bool MemoryLedger::is_suppressed(const std::string& number) const {
  return suppressions_.contains({number, std::string(to_string(SuppressionLevel::kGlobal)), ""});
}

bool MemoryLedger::suppress_number(const Suppression& entry) {
  auto [found, is_news] = suppressions_.try_emplace(key_of(entry), entry);
  auto& kept = found->second;
  if (!is_news && kept.expires_at && (!entry.expires_at || *entry.expires_at > *kept.expires_at)) {
    kept = entry;
    is_news = true;
  }
  if (entry.level == SuppressionLevel::kGlobal && !entry.expires_at) {
    skip_ready_contacts(entry.number, "suppressed-global", entry.reason, entry.created_at);
  }
  return is_news;
}

Result<void> MemoryLedger::unsuppress_number(const std::string& number, SuppressionLevel level,
                                             const std::string& scope) {
  if (suppressions_.erase({number, std::string(to_string(level)), scope}) == 0) {
    return fail(ErrorCode::NotFound, "there is no such suppression of this number");
  }
  return {};
}

SuppressionPage MemoryLedger::list_suppressions(const std::string& number, const std::string& after, int limit) const {
  SuppressionPage page;
  if (!number.empty()) {
    page.entries = suppressions_of(number);
    return page;
  }
  auto parts = split(after, '/');
  parts.resize(3);
  for (auto next = suppressions_.upper_bound({parts[0], parts[1], parts[2]});
       next != suppressions_.end() && static_cast<int>(page.entries.size()) < limit; ++next) {
    page.entries.push_back(next->second);
  }
  if (static_cast<int>(page.entries.size()) == limit) {
    const auto& last = page.entries.back();
    page.next = fmt::format("{}/{}/{}", last.number, to_string(last.level), last.scope);
  }
  return page;
}

void MemoryLedger::add_registry_check(const std::string& number, const RegistryCheck& check) {
  const auto [found, is_new] = registry_checks_.try_emplace({number, check.registry}, check);
  if (!is_new && check.checked_at >= found->second.checked_at) found->second = check;
}

void MemoryLedger::add_consent(const std::string& number, const Consent& consent) {
  const auto [found, is_new] = consents_.try_emplace({number, consent.advertiser, consent.basis}, consent);
  if (!is_new && consent.given_at >= found->second.given_at) found->second = consent;
}

}  // namespace carillon::simulated
