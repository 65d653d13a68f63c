// The twin of ledger/contacts.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/call/call.h"
#include "simulated/memory_ledger.h"

namespace carillon::simulated {
const ContactView* MemoryLedger::find_contact(std::int64_t key) const {
  const bool is_known = key >= 1 && key <= contacts();
  return is_known ? &contacts_[static_cast<std::size_t>(key - 1)] : nullptr;
}

int MemoryLedger::lane_of(const NewContact& contact) {
  const auto [found, is_new] = lane_ids_.try_emplace(*contact.place, static_cast<int>(lanes_.size()) + 1);
  if (is_new) lanes_.push_back({found->second, contact.place->zones, contact.place->regions});
  return found->second;
}

bool MemoryLedger::is_in_another_campaign(const std::string& number, std::int64_t campaign_key) const {
  return std::ranges::any_of(numbers_.at(number).contacts, [&](std::int64_t key) {
    const auto& contact = *find_contact(key);
    return contact.campaign_key != campaign_key &&
           (contact.state == ContactState::kReady || contact.state == ContactState::kInCall);
  });
}

AddedContacts MemoryLedger::add_contacts(std::int64_t campaign_key, const std::vector<NewContact>& contacts) {
  AddedContacts result;
  CampaignRow* campaign = find_campaign(campaign_key);
  CARILLON_CHECK(campaign != nullptr);
  for (const auto& added : contacts) {
    const int lane = lane_of(added);
    auto& number = numbers_[added.number];
    const auto is_here = [&](std::int64_t key) { return find_contact(key)->campaign_key == campaign_key; };
    if (std::ranges::any_of(number.contacts, is_here)) {
      result.duplicate_lines.push_back(added.line);
    } else {
      ContactView contact;
      contact.key = static_cast<std::int64_t>(contacts_.size()) + 1;
      contact.campaign_key = campaign_key;
      contact.campaign_id = campaign->campaign.id;
      contact.number = added.number;
      contact.external_id = added.external_id;
      contact.variables = added.variables;
      contact.lane = lane;
      ++result.added;
      if (is_in_another_campaign(added.number, campaign_key)) ++result.in_other_campaigns;
      number.contacts.push_back(contact.key);
      campaign->contacts.push_back(contact.key);
      campaign->due[lane].emplace(contact.due_at, contact.key);
      count(contact, 1);
      contacts_.push_back(std::move(contact));
    }
    if (added.consent) add_consent(added.number, *added.consent);
  }
  return result;
}

std::vector<LaneCount> MemoryLedger::count_lanes(std::int64_t campaign_key) const {
  std::vector<LaneCount> lanes;
  const CampaignRow* campaign = find_campaign(campaign_key);
  if (campaign == nullptr) return lanes;
  for (const auto& [lane, due] : campaign->due) {
    if (!due.empty()) lanes.push_back({lanes_[static_cast<std::size_t>(lane - 1)], due.begin()->first});
  }
  return lanes;
}

DueContacts MemoryLedger::fetch_due(std::int64_t campaign_key, int lane, DueKind kind, Time now, int limit) const {
  DueContacts answer;
  const CampaignRow* campaign = find_campaign(campaign_key);
  if (campaign == nullptr || !campaign->due.contains(lane)) return answer;
  const auto& due = campaign->due.at(lane);
  const auto add = [&](auto from, Time until) {
    for (; from != due.end() && from->first <= until && static_cast<int>(answer.contacts.size()) < limit; ++from) {
      const auto& contact = *find_contact(from->second);
      answer.contacts.push_back(
          {contact.key, contact.number, contact.external_id, contact.variables, lane, contact.tries, from->first});
    }
  };
  add(due.upper_bound({Time{}, std::numeric_limits<std::int64_t>::max()}), now);
  if (kind == DueKind::kAll) add(due.begin(), Time{});
  const auto later = due.upper_bound({now, std::numeric_limits<std::int64_t>::max()});
  if (later != due.end()) answer.next_due = later->first;
  return answer;
}

ContactPage MemoryLedger::list_contacts(std::int64_t campaign_key, std::optional<ContactState> state,
                                        std::int64_t after, int limit) const {
  ContactPage page;
  const CampaignRow* campaign = find_campaign(campaign_key);
  if (campaign == nullptr) return page;
  auto next = std::ranges::upper_bound(campaign->contacts, after);
  for (; next != campaign->contacts.end() && static_cast<int>(page.contacts.size()) < limit; ++next) {
    const auto& contact = *find_contact(*next);
    if (!state || contact.state == *state) page.contacts.push_back(contact);
  }
  if (static_cast<int>(page.contacts.size()) == limit) page.next = page.contacts.back().key;
  return page;
}

std::vector<ContactView> MemoryLedger::contacts_of(const std::string& number) const {
  std::vector<ContactView> contacts;
  const auto found = numbers_.find(number);
  if (found == numbers_.end()) return contacts;
  for (const auto key : found->second.contacts) contacts.push_back(*find_contact(key));
  std::ranges::sort(contacts, std::ranges::greater{}, &ContactView::campaign_key);
  return contacts;
}

// ---------------------------------------------------------------- changes

void MemoryLedger::count(const ContactView& contact, std::int64_t n) {
  auto& sums = sums_[contact.campaign_id];
  sums.contacts.add(to_string(contact.state), n);
  if (!contact.reason.empty()) sums.reasons.add(fmt::format("{}/{}", to_string(contact.state), contact.reason), n);
}

void MemoryLedger::change_contact(ContactView after) {
  auto& contact = contacts_[static_cast<std::size_t>(after.key - 1)];
  auto& due = find_campaign(contact.campaign_key)->due[contact.lane];
  if (contact.state == ContactState::kReady) due.erase({contact.due_at, contact.key});
  count(contact, -1);
  contact = std::move(after);
  if (contact.state == ContactState::kReady) due.emplace(contact.due_at, contact.key);
  count(contact, 1);
}

void MemoryLedger::end_contact_attempt(const AttemptChange& change) {
  const auto& asked = change.attempt.request;
  const auto* before = find_contact(asked.contact_key);
  if (before == nullptr || before->last_attempt != asked.id) return;
  if (before->state != ContactState::kInCall && before->state != ContactState::kUnknown) return;
  ContactView after = *before;
  after.state = change.contact->next.state;
  after.due_at = change.contact->next.due_at.value_or(Time{});
  after.reason = change.contact->next.reason;
  after.detail.clear();
  after.outcome = change.attempt.progress.outcome;
  if (!change.contact->is_try_spent) after.tries = std::max(0, after.tries - 1);
  change_contact(std::move(after));
}

void MemoryLedger::skip_ready_contacts(const std::string& number, const std::string& reason, const std::string& detail,
                                       Time now) {
  for (const auto& contact : contacts_of(number)) {
    if (contact.state != ContactState::kReady) continue;
    AttemptRequest request;
    request.id = ids_.next(now);
    request.campaign_id = contact.campaign_id;
    request.campaign_key = contact.campaign_key;
    request.contact_key = contact.key;
    request.contact_id = contact.external_id;
    request.number = contact.number;
    request.variables = contact.variables;
    request.created_at = now;
    skip_contact(contact, request, reason, detail, now);
  }
}

void MemoryLedger::skip_contact(const ContactView& contact, const AttemptRequest& request, const std::string& reason,
                                const std::string& detail, Time now) {
  ContactView after = contact;  // before the row changes: the caller may have it by reference
  Call call(request, CallLimits{});
  const CallStep step = call.skip(reason, now);
  AttemptChange skipped;
  skipped.attempt = {request, call.progress()};
  skipped.events = step.events;
  skipped.is_new = true;
  apply_change(skipped);
  after.state = ContactState::kSkipped;
  after.reason = reason;
  after.detail = detail;
  after.outcome = Outcome::kSkipped;
  after.last_attempt = request.id;
  change_contact(std::move(after));
}

}  // namespace carillon::simulated
