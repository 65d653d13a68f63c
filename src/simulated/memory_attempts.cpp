// The twin of ledger/attempts.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "simulated/memory_ledger.h"

namespace carillon::simulated {
namespace {

const std::string& id_of(const AttemptRow* row) { return row->attempt.request.id; }

}  // namespace

bool AttemptRow::has_note(std::uint32_t seq) const { return std::ranges::binary_search(notes, seq); }

// ---------------------------------------------------------------- reading

AttemptRow* MemoryLedger::find_row(const std::string& id) {
  const auto found = attempts_.find(id);
  return found == attempts_.end() ? nullptr : &found->second;
}

const Attempt* MemoryLedger::find(const std::string& id) const {
  const auto found = attempts_.find(id);
  return found == attempts_.end() ? nullptr : &found->second.attempt;
}

bool MemoryLedger::has_note(const std::string& id, std::uint32_t seq) const {
  const auto found = attempts_.find(id);
  return found != attempts_.end() && found->second.has_note(seq);
}

std::optional<StoredAttempt> MemoryLedger::find_stored(const std::string& id) const {
  const auto found = attempts_.find(id);
  if (found == attempts_.end()) return std::nullopt;
  const auto& notes = found->second.notes;
  return StoredAttempt{found->second.attempt, {notes.begin(), notes.end()}};
}

std::optional<StoredAttempt> MemoryLedger::find_call(const std::string& call_id) const {
  const auto found = by_call_id_.find(call_id);
  return find_stored(found == by_call_id_.end() ? call_id : found->second->attempt.request.id);
}

std::vector<StoredAttempt> MemoryLedger::find_not_final() const {
  std::vector<StoredAttempt> open;
  for (const auto& id : not_final_) open.push_back(*find_stored(id));
  return open;
}

AttemptPage MemoryLedger::list_attempts(const std::string& campaign_id, const std::string& after, int limit) const {
  AttemptPage page;
  const auto found = by_campaign_.find(campaign_id);
  if (found == by_campaign_.end()) return page;
  const auto& rows = found->second;
  auto next = std::ranges::upper_bound(rows, after, {}, id_of);
  for (; next != rows.end() && static_cast<int>(page.attempts.size()) < limit; ++next) {
    page.attempts.push_back((*next)->attempt);
  }
  if (static_cast<int>(page.attempts.size()) == limit) page.next = page.attempts.back().request.id;
  return page;
}

std::vector<Attempt> MemoryLedger::attempts_of(const std::string& number, int limit) const {
  std::vector<Attempt> attempts;
  const auto found = numbers_.find(number);
  if (found == numbers_.end()) return attempts;
  for (const auto* row : found->second.attempts) attempts.push_back(row->attempt);
  std::ranges::sort(attempts,
                    [](const Attempt& a, const Attempt& b) { return a.progress.intended_at > b.progress.intended_at; });
  if (static_cast<int>(attempts.size()) > limit) attempts.resize(static_cast<std::size_t>(limit));
  return attempts;
}

// ---------------------------------------------------------------- rows and their indexes

void MemoryLedger::insert(const Attempt& attempt) {
  const auto& asked = attempt.request;
  const auto [found, is_new] = attempts_.try_emplace(asked.id);
  if (!is_new) {
    violations.push_back("inserted twice: " + asked.id);
    return;
  }
  AttemptRow& row = found->second;
  row.attempt = attempt;
  row.attempt.progress.is_intended = attempt.progress.is_intended && !is_final(attempt.progress.status);
  if (!asked.call_id.empty() && !by_call_id_.emplace(asked.call_id, &row).second) {
    violations.push_back("a callId was used twice: " + asked.id);
  }
  auto& of_campaign = by_campaign_[asked.campaign_id];
  of_campaign.insert(std::ranges::lower_bound(of_campaign, asked.id, {}, id_of), &row);
  numbers_[asked.number].attempts.push_back(&row);
  link(row);
  count(row.attempt, 1);
}

// What follows from the progress.
void MemoryLedger::link(AttemptRow& row) {
  const auto& asked = row.attempt.request;
  if (!is_final(row.attempt.progress.status)) not_final_.insert(asked.id);
  if (row.attempt.progress.is_intended) {
    if (CampaignRow* campaign = find_campaign(asked.campaign_key)) ++campaign->open_attempts;
  }
  if (!row.is_open()) return;
  auto& number = numbers_[asked.number];
  if (number.open != nullptr) violations.push_back("two open attempts to one number: " + asked.id);
  number.open = &row;
}

void MemoryLedger::unlink(AttemptRow& row) {
  const auto& asked = row.attempt.request;
  auto& number = numbers_[asked.number];
  if (number.open == &row) number.open = nullptr;
  not_final_.erase(asked.id);
  if (!row.attempt.progress.is_intended) return;
  if (CampaignRow* campaign = find_campaign(asked.campaign_key)) --campaign->open_attempts;
}

void MemoryLedger::count(const Attempt& attempt, std::int64_t n) {
  auto& sums = sums_[attempt.request.campaign_id];
  if (attempt.progress.intended_at != Time{}) sums.placed += n;
  if (!is_counted(attempt)) return;
  sums.statuses.add(to_string(attempt.progress.status), n);
  sums.outcomes.add(to_string(attempt.progress.outcome), n);
}

// ---------------------------------------------------------------- writing

// Is another attempt to this number open, or waiting in the same campaign?
bool MemoryLedger::is_number_waiting_or_open(const AttemptRequest& request) const {
  const auto found = numbers_.find(request.number);
  if (found == numbers_.end()) return false;
  return std::ranges::any_of(found->second.attempts, [&](const AttemptRow* row) {
    const auto& [asked, progress] = row->attempt;
    return !is_final(progress.status) && asked.direction == Direction::kOutbound &&
           (progress.is_intended || asked.campaign_id == request.campaign_id);
  });
}

Result<Accepted> MemoryLedger::accept_request(const AttemptRequest& request, const GateRules& rules,
                                              const CallingTime& calling_time) {
  if (const auto known = by_call_id_.find(request.call_id); known != by_call_id_.end()) {
    if (known->second->attempt.request.fingerprint != request.fingerprint) {
      return fail(ErrorCode::Conflict, fmt::format("callId {} was used for a different request", request.call_id));
    }
    return Accepted{known->second->attempt, true};
  }
  if (is_number_waiting_or_open(request)) {
    return fail(ErrorCode::NumberBusy, "another attempt to this number is waiting or under way");
  }
  const auto verdicts = evaluate_gates(facts_of_request(request), rules.context(request.created_at, &calling_time));
  if (const auto verdict = deciding_verdict(verdicts)) {
    return fail(ErrorCode::Held, fmt::format("{} ({}): {}", verdict->gate, verdict->reason, verdict->detail));
  }
  const Attempt attempt{request, {}};
  insert(attempt);
  return Accepted{attempt, false};
}

void MemoryLedger::apply_change(const AttemptChange& change) {
  const auto& [asked, progress] = change.attempt;
  if (change.is_new) insert(change.attempt);
  AttemptRow* row = find_row(asked.id);
  if (row == nullptr) {
    violations.push_back("updated, but not there: " + asked.id);
    return;
  }
  if (!change.is_new) {
    if (progress.talked > row->attempt.progress.talked && change.cost > 0) {
      find_campaign(asked.campaign_key)->spent_micros += std::llround(change.cost * 1e6);
    }
    count(row->attempt, -1);
    unlink(*row);
    if (row->attempt.request.number != asked.number) {
      std::erase(numbers_[row->attempt.request.number].attempts, row);
      numbers_[asked.number].attempts.push_back(row);
    }
    row->attempt.request.number = asked.number;
    row->attempt.request.trunk = asked.trunk;
    row->attempt.request.caller_id = asked.caller_id;
    row->attempt.progress = progress;
    row->attempt.progress.is_intended = progress.is_intended && !is_final(progress.status);
    link(*row);
    count(row->attempt, 1);
  }
  insert_notes(*row, change);
  insert_events(*row, change);
  if (change.contact) end_contact_attempt(change);
  if (change.suppress) {
    const Time at = change.notes.empty() ? asked.created_at : change.notes.front().at;
    suppress_number({*change.suppress, SuppressionLevel::kGlobal, "", "opt-out by key", asked.id, at, std::nullopt});
  }
}

void MemoryLedger::insert_notes(AttemptRow& row, const AttemptChange& change) {
  const auto& asked = row.attempt.request;
  for (const auto& note : change.notes) {
    if (row.has_note(note.seq)) {
      violations.push_back("note counted twice: " + asked.id);
      continue;
    }
    row.notes.insert(std::ranges::lower_bound(row.notes, note.seq), note.seq);
    if (keeps_texts_) notes_[asked.id].emplace(note.seq, note);
    const auto* key = std::get_if<KeyNote>(&note.fact);
    if (key == nullptr) continue;
    auto& sums = sums_[asked.campaign_id];
    sums.keys.add(key->key == 0 ? std::string() : std::string(1, key->key), 1);
    if (key->action == KeyAction::kOptOut) ++sums.opt_outs;
  }
}

void MemoryLedger::insert_events(AttemptRow& row, const AttemptChange& change) {
  for (const auto& event : change.events) {
    if (event.sequence != row.last_event + 1) {
      violations.push_back("an event was lost, or its sequence number was used before: " + row.attempt.request.id);
    }
    if (event.sequence <= row.last_event) continue;
    row.last_event = event.sequence;
    ++sums_[row.attempt.request.campaign_id].events;
    if (keeps_texts_) outbox_.push_back(event);
  }
}

}  // namespace carillon::simulated
