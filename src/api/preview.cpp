#include "api/preview.h"

#include <boost/json/array.hpp>
#include <map>

#include "api/campaign_json.h"

namespace carillon::api {
namespace {

constexpr int kPage = 500;
// Distinct opening times that are told one by one; beyond, the table would help nobody.
constexpr std::size_t kMaxOpenings = 50;

std::vector<Verdict> verdicts_of(const Facts& facts, const std::shared_ptr<const GateRules>& rules, CallingTimes& times,
                                 Time now) {
  const CallingTime calling_time = times.of(facts.zones, rules, now);
  return evaluate_gates(facts, rules->context(now, &calling_time));
}

class Preview : public std::enable_shared_from_this<Preview> {
 public:
  Preview(CampaignStore& ledger, std::shared_ptr<const GateRules> rules, Time now, Reply<boost::json::object> reply)
      : ledger_(ledger), rules_(std::move(rules)), now_(now), reply_(std::move(reply)) {}

  void read(std::int64_t after) {
    const auto on_page = [self = shared_from_this()](const Result<ContactFactsPage>& page) {
      if (!page) {
        self->reply_(std::unexpected(page.error()));
        return;
      }
      for (const auto& one : page->contacts) self->count(one);
      if (page->next != 0) {
        self->read(page->next);
      } else {
        self->reply_(self->summary());
      }
    };
    ledger_.facts_page(rules_->campaign.key, after, kPage, on_page);
  }

 private:
  void count(const ContactFacts& one) {
    ++contacts_;
    if (one.contact.state != ContactState::kReady) {
      ++finished_[std::string(to_string(one.contact.state))];
      return;
    }
    if (one.contact.due_at > now_) ++due_later_;
    const auto verdict = deciding_verdict(verdicts_of(one.facts, rules_, times_, now_));
    if (!verdict) {
      ++would_call_;
      return;
    }
    switch (verdict->decision) {
      case Decision::kPass: return;
      case Decision::kSkip: ++skipped_[verdict->reason]; return;
      case Decision::kHold: break;
    }
    ++held_[verdict->reason];
    if (verdict->until) ++openings_[{*verdict->until, verdict->reason}];
  }

  boost::json::object summary() const {
    boost::json::object json;
    json["campaignId"] = rules_->campaign.id;
    json["at"] = to_rfc3339(now_);
    json["contacts"] = contacts_;
    json["wouldCall"] = would_call_;
    json["dueLater"] = due_later_;
    json["held"] = counts(held_);
    json["skipped"] = counts(skipped_);
    json["finished"] = counts(finished_);
    boost::json::array opens;
    for (const auto& [when, n] : openings_) {
      if (opens.size() >= kMaxOpenings) break;
      opens.push_back(boost::json::object{{"at", to_rfc3339(when.first)}, {"reason", when.second}, {"contacts", n}});
    }
    json["opens"] = std::move(opens);
    return json;
  }

  CampaignStore& ledger_;
  std::shared_ptr<const GateRules> rules_;
  Time now_;
  Reply<boost::json::object> reply_;
  CallingTimes times_;
  std::int64_t contacts_ = 0;
  std::int64_t would_call_ = 0;
  std::int64_t due_later_ = 0;
  std::map<std::string, std::int64_t> held_;
  std::map<std::string, std::int64_t> skipped_;
  std::map<std::string, std::int64_t> finished_;
  std::map<std::pair<Time, std::string>, std::int64_t> openings_;
};

}  // namespace

boost::json::object explain(const ContactFacts& contact, const std::shared_ptr<const GateRules>& rules,
                            CallingTimes& times, Time now) {
  boost::json::object json = contact.contact.key == 0 ? boost::json::object() : to_json(contact.contact);
  if (contact.contact.key != 0) json["campaignState"] = to_string(rules->campaign.state);
  boost::json::array zones;
  Facts facts = contact.facts;
  if (facts.zones.empty() && contact.contact.key == 0) {
    for (const auto& region : facts.regions) {
      const auto& more = rules->places->zones_of(region);
      facts.zones.insert(facts.zones.end(), more.begin(), more.end());
    }
  }
  for (const auto& zone : facts.zones) zones.emplace_back(zone);
  json["timeZones"] = std::move(zones);
  const auto verdicts = verdicts_of(facts, rules, times, now);
  boost::json::array list;
  for (const auto& verdict : verdicts) list.push_back(to_json(verdict));
  json["gates"] = std::move(list);
  const auto deciding = deciding_verdict(verdicts);
  json["decision"] = deciding ? to_json(*deciding) : boost::json::object{{"decision", to_string(Decision::kPass)}};
  return json;
}

void preview(CampaignStore& ledger, std::shared_ptr<const GateRules> rules, Time now,
             Reply<boost::json::object> reply) {
  std::make_shared<Preview>(ledger, std::move(rules), now, std::move(reply))->read(0);
}

}  // namespace carillon::api
