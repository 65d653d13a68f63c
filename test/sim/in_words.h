// What a ledger answers, as lines of text: two ledgers agree if the lines do. Attempts that a ledger skips by itself
// get an id of its own making; `known` tells which ids came from the test.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/ports/campaign_store.h"

namespace carillon::testing {

class InWords {
 public:
  std::set<std::string> known;

  template <class T>
  std::string operator()(const Result<T>& result) const {
    if (!result) return "refused: " + to_string(result.error());
    if constexpr (std::is_void_v<T>) {
      return "done";
    } else {
      return of(*result);
    }
  }

 private:
  static std::string of(std::int64_t n) { return std::to_string(n); }
  static std::string of(const std::string& text) { return text; }
  // The real ledger asks the wall clock when an operator resolves an attempt; all else is of the test's own time.
  static std::string at(Time time) {
    const bool is_wall_clock = time > Time{} && time < time_from_ms(1'900'000'000'000);
    return is_wall_clock ? "at once" : std::to_string(to_ms(time));
  }
  static std::string at(const std::optional<Time>& time) { return time ? at(*time) : "never"; }
  std::string id(const std::string& text) const { return text.empty() || known.contains(text) ? text : "its own"; }

  template <class T>
  std::string of(const std::vector<T>& all) const {
    std::string lines;
    for (const auto& one : all) lines += of(one) + "\n";
    return lines;
  }
  template <class T>
  std::string of(const std::optional<T>& one) const {
    return one ? of(*one) : "none";
  }
  // Where the order is the ledger's own affair.
  template <class T>
  std::string sorted(const std::vector<T>& all) const {
    std::vector<std::string> lines;
    for (const auto& one : all) lines.push_back(of(one));
    std::ranges::sort(lines);
    return fmt::format("{}\n", fmt::join(lines, "\n"));
  }

  std::string of(const Attempt& attempt) const {
    const auto& a = attempt.request;
    const auto& p = attempt.progress;
    return fmt::format(
        "{} call={} {}/{} contact={}/{} try={} {} audio={} from={} zone={} vars={} print={} by={} {} ring={} made={} | "
        "{}/{} {} sip={} q850={} raw={} intended={} boot={} next={} at={},{},{},{} talked={}",
        id(a.id), a.call_id, a.campaign_id, a.campaign_key, a.contact_id, a.contact_key, a.try_number, a.number,
        a.audio, a.caller_id, a.time_zone, a.variables, a.fingerprint, a.trunk, to_string(a.direction),
        a.ring_timeout.count(), at(a.created_at), to_string(p.status), to_string(p.outcome), p.reason, p.sip_code,
        p.q850, p.raw_cause, p.is_intended, p.node_boot, p.next_sequence, at(p.intended_at), at(p.ringing_at),
        at(p.answered_at), at(p.ended_at), p.talked.count());
  }
  std::string of(const StoredAttempt& stored) const {
    return fmt::format("{} notes={}", of(stored.attempt), fmt::join(stored.notes, ","));
  }
  std::string of(const Accepted& accepted) const {
    return fmt::format("{}{}", accepted.is_repeat ? "again " : "", of(accepted.attempt));
  }
  static std::string of(const Verdict& verdict) {
    return fmt::format("{} {} {} ({}) until {}", verdict.gate, to_string(verdict.decision), verdict.reason,
                       verdict.detail, at(verdict.until));
  }
  std::string of(const StartResult& result) const {
    return fmt::format("kind {} due {} {}", static_cast<int>(result.kind), at(result.due_at), of(result.verdict));
  }
  static std::string of(const Campaign& campaign) {
    return fmt::format("{}={} {} {} policy@{} {},{},{} ({}) {}", campaign.key, campaign.id, to_string(campaign.state),
                       to_string(campaign.stop_mode), campaign.policy_version, at(campaign.created_at),
                       at(campaign.started_at), at(campaign.ended_at), campaign.detail,
                       to_json_text(campaign.settings));
  }
  static std::string of(const AddedContacts& added) {
    return fmt::format("{} added, {} in others, again: {}", added.added, added.in_other_campaigns,
                       fmt::join(added.duplicate_lines, ","));
  }
  static std::string of(const LaneCount& count) {
    return fmt::format("lane {} {} {} next {}", count.lane.id, fmt::join(count.lane.zones, ","),
                       fmt::join(count.lane.regions, ","), at(count.next_due));
  }
  static std::string of(const DueContact& contact) {
    return fmt::format("{} {} {} {} lane {} tries {}", contact.key, contact.number, contact.external_id,
                       contact.variables, contact.lane, contact.tries);
  }
  std::string of(const DueContacts& due) const { return of(due.contacts) + "next " + at(due.next_due); }
  std::string of(const ContactView& contact) const {
    return fmt::format("{} of {}={} {} {} {} lane {} {} due {} tries {} {} {} ({}) last {}", contact.key,
                       contact.campaign_key, contact.campaign_id, contact.number, contact.external_id,
                       contact.variables, contact.lane, to_string(contact.state), at(contact.due_at), contact.tries,
                       to_string(contact.outcome), contact.reason, contact.detail, id(contact.last_attempt));
  }
  std::string of(const ContactPage& page) const { return of(page.contacts) + std::to_string(page.next); }
  std::string of(const AttemptPage& page) const { return sorted(page.attempts); }
  static std::string of(const Suppression& entry) {
    return fmt::format("{} {} {} {} {} {}", entry.number, to_string(entry.level), entry.scope, entry.reason,
                       at(entry.created_at), at(entry.expires_at));
  }
  std::string of(const SuppressionPage& page) const { return of(page.entries) + page.next; }
  static std::string of(const RegistryCheck& check) {
    return fmt::format("{} {} {}", check.registry, check.is_listed, at(check.checked_at));
  }
  static std::string of(const Consent& consent) {
    return fmt::format("{} {} {} {} {}", consent.advertiser, consent.basis, consent.evidence, at(consent.given_at),
                       at(consent.expires_at));
  }
  std::string of(const ContactFacts& known_of) const {
    const auto& facts = known_of.facts;
    std::string times;
    for (const auto time : facts.attempts) times += at(time) + ",";
    return fmt::format("{}\n  {} {} {} {} {}\n{}{}{}  {} open {} unknown {} spent {:.6f} reserved {:.6f}",
                       of(known_of.contact), facts.number, facts.number_problem, fmt::join(facts.regions, ","),
                       fmt::join(facts.zones, ","), facts.is_duplicate, of(facts.suppressions),
                       sorted(facts.registry_checks), sorted(facts.consents), times, facts.has_open_attempt,
                       at(facts.unknown_at), facts.spent, facts.reserved);
  }
  std::string of(const ContactFactsPage& page) const { return of(page.contacts) + std::to_string(page.next); }
  static std::string of(const CampaignReport& report) {
    return fmt::format("{} contacts {} {}, {} attempts {} {}, keys {}, {} opt-outs, {} events, spent {:.6f}",
                       report.contacts, report.states, report.reasons, report.attempts, report.statuses,
                       report.outcomes, report.keys, report.opt_outs, report.events, report.spent);
  }
  std::string of(const AuditEntry& entry) const {
    return fmt::format("{} {} {} {}", entry.who, entry.what, entry.campaign_id, entry.detail);
  }
};

}  // namespace carillon::testing
