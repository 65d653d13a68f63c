// What must hold of campaigns at every step, whatever happens; computed anew here, by other ways than the program's.
#pragma once

#include <date/tz.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/campaign/budget.h"
#include "engine/testing/truth_checks.h"
#include "sim/campaign_world.h"

namespace carillon::testing {

class CampaignChecks {
 public:
  explicit CampaignChecks(CampaignWorld& world) : world_(world), ledger_(world.world.store.ledger) {
    auto& node = world.world.node;
    node.on_order = [this](const Placement& placement) { check_order(placement); };
    node.on_invite = [this](const std::string& id) { check_invite(id); };
    node.on_hang_up = [this](const std::string& id, ChannelState state, Time ringing_since) {
      const bool is_long_enough = ringing_since != Time{} && now() - ringing_since >= std::chrono::seconds(15);
      expect(state == ChannelState::kUp || is_long_enough, "cut off before it rang 15 s: " + id);
    };
    node.on_acknowledge = [this](const std::string& id, std::uint32_t seq) {
      expect(ledger_.has_note(id, seq), "acknowledged before it was durable: " + id);
    };
    node.on_forget = [this](const std::string& id, const std::vector<std::uint32_t>& seqs) {
      const auto* attempt = ledger_.find(id);
      expect(attempt != nullptr && is_final(attempt->progress.status), "forgot an open call: " + id);
      for (const auto seq : seqs) {
        expect(seq == 0 || ledger_.has_note(id, seq), "forgot a record that is not in the ledger: " + id);
      }
    };
    world.on_step = [this] { check_step(); };
    world.on_commit = [this] { check_commit(); };
  }

  std::vector<std::string> problems;
  int invites = 0;

  void check_end(bool is_over) {
    if (!problems.empty()) return;
    expect(is_over, "it does not come to an end: " + world_.unfinished);
    if (!problems.empty()) return;
    for (std::int64_t key = 1; key <= ledger_.contacts(); ++key) check_contact(*ledger_.find_contact(key));
    for (const auto& campaign : ledger_.load_campaigns()) check_report(campaign);
    expect(world_.world.campaigns->live() == 0, "the dialer holds slots that nobody has");
    TruthChecks checks(world_.world, world_.is_lossy);
    checks.may_be_called_again = world_.unsuppressed;
    checks.stopped = world_.stopped;
    checks.check_all();
    problems.insert(problems.end(), checks.problems.begin(), checks.problems.end());
  }

 private:
  void expect(bool holds, const std::string& what) {
    if (!holds) problems.push_back(fmt::format("{} {}", to_rfc3339(now()), what));
  }
  Time now() const { return world_.world.timeline.now(); }
  const Campaign* campaign_of(const AttemptRequest& asked) const {
    for (std::int64_t key = 1; const auto* campaign = ledger_.campaign(key); ++key) {
      if (campaign->id == asked.campaign_id) return campaign;
    }
    return nullptr;
  }

  // ---------------------------------------------------------------- an order to dial leaves

  void check_order(const Placement& placement) {
    const auto& id = placement.attempt_id;
    const auto* attempt = ledger_.find(id);
    expect(attempt != nullptr && attempt->progress.is_intended, "ordered without a durable intent: " + id);
    if (attempt == nullptr) return;
    const auto& [asked, progress] = *attempt;
    expect(progress.node_boot == world_.world.node.state().boot, "ordered for another run of the node: " + id);
    expect(world_.world.engine->state().is_settled, "ordered before the node was looked at: " + id);
    expect(world_.world.invites(id) == 0, "ordered again after it rang: " + id);
    expect(!world_.is_stopping, "ordered after the stop: " + id);
    check_suppression(asked, progress);
    check_window(asked);
    check_caps(asked, progress);
    if (asked.contact_key == 0) return;
    expect(!world_.halted.contains(asked.campaign_id), "ordered after its campaign was halted: " + id);
    const auto& campaign = *ledger_.campaign(asked.campaign_key);
    expect(campaign.state == CampaignState::kRunning, "ordered for a campaign that does not run: " + id);
    const auto& ends_at = campaign.settings.ends_at;
    expect(!ends_at || progress.intended_at + campaign.settings.expected_call <= *ends_at, "ordered too late: " + id);
    expect(!campaign.settings.starts_at || now() >= *campaign.settings.starts_at, "ordered too early: " + id);
    check_retry(*attempt, campaign.settings);
  }

  void check_suppression(const AttemptRequest& asked, const AttemptProgress& progress) {
    for (const auto& entry : ledger_.suppressions_of(asked.number)) {
      const bool is_for_good = entry.level == SuppressionLevel::kGlobal && !entry.expires_at;
      expect(!is_for_good, "ordered a suppressed number: " + asked.id);
    }
    if (world_.unsuppressed.contains(asked.number)) return;
    for (const auto& known : world_.known_suppressions) {
      // A call of /dial may name a campaign that is not known: then only what holds for all applies.
      const bool is_of_campaign = asked.contact_key != 0 && known.campaign == asked.campaign_id;
      const bool is_meant = known.number == asked.number && (known.campaign.empty() || is_of_campaign);
      const bool has_ended = known.to && *known.to <= progress.intended_at;
      expect(!is_meant || has_ended || progress.intended_at <= known.from, "suppressed before its intent: " + asked.id);
    }
  }

  // By the wall clock of each place where the person may be, at the begin and at the expected end.
  void check_window(const AttemptRequest& asked) {
    if (!world_.plan.is_window_enforced) return;
    const bool is_contact = asked.contact_key != 0;
    const auto zones = is_contact ? zones_of(asked) : std::vector<std::string>{asked.time_zone};
    expect(!zones.empty(), "called a person whose zone is not known: " + asked.id);
    const auto is_open_for = [&](const Campaign* campaign) {
      const auto length = campaign == nullptr ? Duration(60'000) : campaign->settings.expected_call;
      return std::ranges::all_of(zones, [&](const std::string& zone) {
        return is_open(zone, now(), campaign) && is_open(zone, now() + length - Duration(1), campaign);
      });
    };
    const auto* campaign = campaign_of(asked);
    // A call of /dial that names a campaign goes by its rules, if it was known by then.
    const bool is_open_by_its_own = !is_contact && is_open_for(nullptr);
    expect(is_open_by_its_own || is_open_for(campaign), "called outside its window: " + asked.id);
  }
  std::vector<std::string> zones_of(const AttemptRequest& asked) const {
    for (const auto& planned : world_.plan.campaigns) {
      if (planned.id != asked.campaign_id) continue;
      for (const auto& import : planned.imports) {
        for (const auto& contact : import.contacts) {
          // Of two lines with one number that which was imported first counts: its lane is the contact's.
          if (contact.number == asked.number && contact.external_id == asked.contact_id) return contact.place->zones;
        }
      }
    }
    return {};
  }
  bool is_open(const std::string& zone, Time at, const Campaign* campaign) const {
    const auto local = date::make_zoned(zone, at).get_local_time();
    const auto day = date::floor<date::days>(local);
    const auto weekday = date::weekday(day).c_encoding();
    const auto minute = date::floor<std::chrono::minutes>(local - day).count();
    const auto contains = [&](const WeeklyHours& hours) {
      return std::ranges::any_of(hours.days[weekday], [&](const HourSpan& span) {
        return span.from_minute <= minute && minute < span.to_minute;
      });
    };
    if (campaign == nullptr) return contains(WeeklyHours{.days = {kDay, kDay, kDay, kDay, kDay, kDay, kDay}});
    const auto& rules = world_.plan.policy.rules_of(campaign->settings.kind);
    const date::year_month_day date(day);
    const bool is_holiday = (zone == "America/New_York" && date == date::year(2024) / 3 / 10) ||
                            (zone == "Asia/Jerusalem" && date == date::year(2024) / 10 / 27);
    if (rules.observes_holidays && is_holiday) return false;
    return contains(rules.hours) && (!campaign->settings.hours || contains(*campaign->settings.hours));
  }

  // Attempts that were placed within the span; counted before this one.
  void check_caps(const AttemptRequest& asked, const AttemptProgress& progress) {
    const auto* campaign = campaign_of(asked);
    const auto direct = world_.world.dialer.policies.at("none").rules_of(CampaignClass::kInformational).caps;
    auto caps = campaign == nullptr ? direct : world_.plan.policy.rules_of(campaign->settings.kind).caps;
    if (asked.contact_key == 0) caps = {};  // of /dial: the ones or the others, by when its campaign was known
    int of_day = 0;
    int of_week = 0;
    int of_life = 0;
    for (const auto& [id, attempt] : attempts_to(asked.number)) {
      const auto at = attempt->progress.intended_at;
      if (id == asked.id || world_.world.invites(id) == 0) continue;
      of_day += progress.intended_at - at < std::chrono::hours(24) ? 1 : 0;
      of_week += progress.intended_at - at < std::chrono::hours(24 * 7) ? 1 : 0;
      ++of_life;
      const bool is_unknown = attempt->progress.outcome == Outcome::kUnknown;
      expect(!is_unknown || ledger_.attempts().at(id).resolved_at != Time{},
             "its number's fate is unknown: " + asked.id);
      expect(is_final(attempt->progress.status), "two open attempts to its number: " + asked.id);
    }
    expect(caps.per_day == 0 || of_day < caps.per_day, "more calls a day than allowed: " + asked.id);
    expect(caps.per_week == 0 || of_week < caps.per_week, "more calls a week than allowed: " + asked.id);
    expect(caps.lifetime == 0 || of_life < caps.lifetime, "more calls than allowed: " + asked.id);
  }
  std::map<std::string, const Attempt*> attempts_to(const std::string& number) const {
    std::map<std::string, const Attempt*> found;
    for (const auto& [id, row] : ledger_.attempts()) {
      const auto& asked = row.attempt.request;
      if (asked.number == number && asked.direction == Direction::kOutbound) found.emplace(id, &row.attempt);
    }
    return found;
  }

  // A contact is called again only after an outcome for which there is a rule, not sooner, and not too often.
  void check_retry(const Attempt& attempt, const CampaignSettings& settings) {
    const auto& asked = attempt.request;
    int tries = 0;
    const Attempt* last = nullptr;
    for (const auto& [id, other] : attempts_to(asked.number)) {
      if (other->request.contact_key != asked.contact_key || id == asked.id || world_.world.invites(id) == 0) continue;
      ++tries;
      last = other;
    }
    if (last == nullptr) return;
    const auto outcome = last->progress.outcome;
    if (outcome == Outcome::kUnknown) {
      expect(world_.to_call_again.contains(last->request.id), "called again after an unknown fate: " + asked.id);
    }
    if (outcome == Outcome::kUnknown || outcome == Outcome::kCanceled) return;
    const auto rule = settings.retry.find(outcome);
    expect(rule != settings.retry.end(), fmt::format("called again after {}: {}", to_string(outcome), asked.id));
    if (rule == settings.retry.end()) return;
    expect(tries < rule->second.tries, "called more often than its rule says: " + asked.id);
    expect(now() >= last->progress.ended_at + rule->second.wait, "called again too soon: " + asked.id);
  }

  // ---------------------------------------------------------------- a phone begins to ring

  void check_invite(const std::string& id) {
    ++invites;
    const auto& node = world_.world.node;
    const auto* attempt = ledger_.find(id);
    expect(attempt != nullptr && attempt->progress.intended_at != Time{}, "rings without an intent: " + id);
    expect(world_.world.invites(id) == 1, "rang twice: " + id);
    expect(node.calls_to(node.truths.at(id).number) == 1, "two calls to one number at once: " + id);
    if (attempt == nullptr) return;
    for (const auto& trunk : world_.plan.trunks) {
      const int live =
          node.calls_if([&](const std::string& other) { return node.truths.at(other).trunk == trunk.name; });
      expect(live <= trunk.limits.max_live_calls, "more calls than the trunk has channels: " + id);
    }
    expect(node.calls_out() <= world_.world.dialer.overall.max_live, "more calls than allowed: " + id);
    const auto* campaign = campaign_of(attempt->request);
    if (attempt->request.contact_key == 0 || campaign == nullptr || campaign->settings.max_live_calls == 0) return;
    const int live = node.calls_if([&](const std::string& other) {
      const auto& asked = ledger_.find(other)->request;
      return asked.contact_key != 0 && asked.campaign_key == campaign->key;
    });
    expect(live <= campaign->settings.max_live_calls, "more calls than its campaign may have: " + id);
  }

  // ---------------------------------------------------------------- always, and at the end

  void check_step() {
    const auto& world = world_.world;
    const auto next = world.timeline.next();
    const bool is_quiet = !next || *next > now();
    if (!world.is_ready || !is_quiet || ++steps_ % 8 != 0) return;
    const auto live = world.engine->state().live;
    expect(static_cast<std::size_t>(world.campaigns->live()) == live,
           fmt::format("the dialer counts {} slots, the engine {}", world.campaigns->live(), live));
  }

  // A campaign comes to its end only when nothing of it is under way, and is completed only when all is done.
  void check_commit() {
    for (std::int64_t key = 1; const auto* campaign = ledger_.campaign(key); ++key) {
      const auto before = std::exchange(states_[campaign->id], campaign->state);
      const bool is_end = campaign->state == CampaignState::kCompleted || campaign->state == CampaignState::kCanceled;
      if (before == campaign->state || !is_end) continue;
      const auto in_call = ledger_.list_contacts(key, ContactState::kInCall, 0, 1);
      expect(in_call.contacts.empty(), campaign->id + " has ended while a call is under way");
      const bool is_past_its_end = campaign->settings.ends_at && now() >= *campaign->settings.ends_at;
      if (campaign->state == CampaignState::kCanceled || is_past_its_end) continue;
      for (const auto& contact : ledger_.list_contacts(key, ContactState::kReady, 0, 1'000).contacts) {
        // New ones may be committed while the end is on its way.
        const auto& told = world_.told_of_contacts[campaign->id];
        const auto told_at = told.lower_bound(contact.key);
        const bool was_told = told_at != told.end() &&
                              world_.steady() - told_at->second > 2 * world_.slowest_commit + std::chrono::seconds(1);
        expect(contact.reason.empty() && !was_told,
               fmt::format("{} was completed with contact {} ready/{}", campaign->id, contact.key, contact.reason));
      }
    }
  }

  void check_contact(const ContactView& contact) {
    const auto words = fmt::format("contact {} of {} is {}/{}", contact.key, contact.campaign_id,
                                   to_string(contact.state), contact.reason);
    const auto& campaign = *ledger_.campaign(contact.campaign_key);
    switch (contact.state) {
      case ContactState::kReady: {
        const bool was_ended = campaign.state == CampaignState::kCanceled || campaign.settings.ends_at;
        expect(was_ended, "left over: " + words);
        return;
      }
      case ContactState::kInCall: return expect(false, "no call, but " + words);
      case ContactState::kDone:
      case ContactState::kSkipped:
      case ContactState::kUnknown: return expect(!contact.reason.empty(), "no reason: " + words);
    }
  }

  // The sums against the rows.
  void check_report(const Campaign& campaign) {
    const auto report = ledger_.report(campaign.id);
    std::map<std::string, std::int64_t> states;
    std::map<std::string, std::int64_t> statuses;
    std::map<std::string, std::int64_t> reasons;
    std::int64_t contacts = 0;
    std::int64_t placed = 0;
    std::int64_t events = 0;
    std::int64_t presses = 0;
    double spent = 0;
    for (std::int64_t key = 1; key <= ledger_.contacts(); ++key) {
      const auto& contact = *ledger_.find_contact(key);
      if (contact.campaign_key != campaign.key) continue;
      ++contacts;
      ++states[std::string(to_string(contact.state))];
      if (!contact.reason.empty()) ++reasons[fmt::format("{}/{}", to_string(contact.state), contact.reason)];
    }
    for (const auto& [id, row] : ledger_.attempts()) {
      const auto& [asked, progress] = row.attempt;
      if (asked.campaign_id != campaign.id) continue;
      placed += progress.intended_at != Time{} ? 1 : 0;
      const bool was_never_sent = asked.direction == Direction::kOutbound && progress.intended_at == Time{};
      const bool is_counted = !was_never_sent || progress.status == CallStatus::kSkipped;
      if (is_counted) ++statuses[std::string(to_string(progress.status))];
      events += row.last_event;
      const auto notes = ledger_.notes().find(id);
      if (notes == ledger_.notes().end()) continue;
      for (const auto& [seq, note] : notes->second) presses += std::holds_alternative<KeyNote>(note.fact) ? 1 : 0;
      if (campaign.settings.budget && asked.contact_key != 0)
        spent += cost_of(*campaign.settings.budget, progress.talked);
    }
    std::int64_t keys = 0;
    for (const auto& [key, n] : report.keys) keys += n;
    const auto is_same = [&](const auto& a, const auto& b, const char* what) {
      expect(a == b, fmt::format("the report of {} is wrong: {} {} instead of {}", campaign.id, what, a, b));
    };
    is_same(report.contacts, contacts, "contacts");
    is_same(report.states, states, "states");
    is_same(report.reasons, reasons, "reasons");
    is_same(report.statuses, statuses, "statuses");
    is_same(report.attempts, placed, "attempts");
    is_same(report.events, events, "events");
    is_same(keys, presses, "keys");
    if (!campaign.settings.budget) return;
    is_same(std::llround(report.spent * 100), std::llround(spent * 100), "cents");
    const bool is_within = report.spent <= campaign.settings.budget->limit + 1e-6;
    expect(is_within || world_.has_jumped, "more was spent than the budget of " + campaign.id);
  }

  inline static const std::vector<HourSpan> kDay{{540, 1200}};

  CampaignWorld& world_;
  const simulated::MemoryLedger& ledger_;
  std::map<std::string, CampaignState> states_;  // as last committed
  std::uint64_t steps_ = 0;
};

}  // namespace carillon::testing
