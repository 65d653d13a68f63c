// An engine and its campaigns with all they need, in virtual time. The store commits by itself a millisecond after a
// submit, or later if the test says so, or by hand; so it is with reads. The node and what is durable survive a crash.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "engine/campaigns.h"
#include "engine/testing/fake_node.h"
#include "simulated/memory_store.h"
#include "simulated/timeline.h"

namespace carillon::testing {

struct World {
  World() : World(Timeline()) {}
  explicit World(Timeline from, bool keeps_texts = true)
      : timeline(std::move(from)), store([this] { return timeline.now(); }, keeps_texts) {
    log::set_up(log::Format::kText, "off");
    TrunkLimits limits;
    limits.calls_per_second = 50;
    limits.max_live_calls = 20;
    limits.max_short_ratio = 0;  // calls of tests are short
    dialer.trunks = {{"loopback", limits, {}}};
    static const PolicyPack pack = default_policy_pack();
    dialer.policies = {{"none", pack}};
    dialer.is_window_enforced = false;
    store.on_submit = [this] { commit_soon(); };
    store.on_read = [this] { read_soon(); };
  }

  // The engine loads what is durable; the node connects as soon as events may come.
  void start_engine() {
    const auto on_fatal = [this](const Error& error) { fatal.push_back(to_string(error)); };
    auto rules = std::make_shared<GateRules>();
    rules->campaign.state = CampaignState::kRunning;
    rules->policy = dialer.policies.at("none");
    rules->places = dialer.places;
    rules->is_window_enforced = dialer.is_window_enforced;
    options.direct_rules = std::move(rules);
    engine = std::make_unique<Engine>(store, node, alarm, options, on_fatal);
    campaigns =
        std::make_unique<Campaigns>(*engine, store, campaigns_alarm, dialer, options.starts_leftovers, on_fatal);
    alarm.on_ring = [this] { engine->on_alarm(); };
    campaigns_alarm.on_ring = [this] { campaigns->on_alarm(); };
    campaigns->start([this](const Result<void>& started) {
      if (!started) fatal.push_back(to_string(started.error()));
      is_ready = true;
      if (connects_when_ready) node.connect();
    });
  }
  // kill -9, at this moment.
  void crash_engine() {
    ++generation;
    is_ready = false;
    is_commit_due = false;
    is_read_due = false;
    node.lose_engine();
    store.crash();
    alarm.silence();
    campaigns_alarm.silence();
    campaigns.reset();
    engine.reset();
  }

  void run_for(Duration span) { timeline.run_for(span); }
  void commit_and_reply() {
    store.commit();
    store.reply();
    run_for(Duration(0));  // the dialer thinks about it
  }

  // Asks for a call to the number and gives the attempt's id.
  std::string dial(const std::string& number, const std::string& call_id = "", const std::string& campaign_id = "") {
    if (!is_ready) run_for(Duration(5));
    AttemptRequest request;
    request.number = number;
    request.call_id = call_id;
    request.campaign_id = campaign_id;
    auto id = std::make_shared<std::string>();
    engine->accept(std::move(request), [id](const Result<Accepted>& accepted) {
      *id = accepted ? accepted->attempt.request.id : "refused: " + to_string(accepted.error());
    });
    if (commits_by_hand) {
      commit_and_reply();
    } else {
      run_for(Duration(5));
    }
    return *id;
  }

  // A campaign that calls each number until it was answered or has been tried so often; runs until it is started.
  void start_campaign(const std::string& id, const std::vector<std::string>& numbers, CampaignSettings settings = {}) {
    settings.name = id;
    settings.policy = "none";
    campaigns->create(id, settings, operator_, [this, numbers](const Result<Campaign>& created) {
      if (!created) fatal.push_back(to_string(created.error()));
      if (created) add_contacts(*created, numbers);
    });
    run_for(Duration(10));
    campaigns->start_campaign(id, operator_, [this](const Result<Campaign>& started) {
      if (!started) fatal.push_back(to_string(started.error()));
    });
    run_for(Duration(10));
  }
  void add_contacts(const Campaign& campaign, const std::vector<std::string>& numbers) {
    std::vector<NewContact> contacts;
    for (const auto& number : numbers) {
      contacts.emplace_back().number = number;
      contacts.back().place = make_place({"America/New_York"}, {"US"});
    }
    store.add_contacts(campaign.key, std::move(contacts), [this, id = campaign.id](const Result<AddedContacts>&) {
      if (campaigns) campaigns->on_contacts_added(id);
    });
  }
  // "done/human" as it is durable.
  std::string contact(const std::string& number) const {
    for (std::int64_t key = 1; key <= store.ledger.contacts(); ++key) {
      const auto& one = *store.ledger.find_contact(key);
      if (one.number == number) return std::string(to_string(one.state)) + "/" + one.reason;
    }
    return "(not in the ledger)";
  }
  // Ids of the attempts to the number, in their order.
  std::vector<std::string> attempts_to(const std::string& number) const {
    std::vector<std::string> ids;
    for (const auto& [id, row] : store.ledger.attempts()) {
      if (row.attempt.request.number == number) ids.push_back(id);
    }
    return ids;
  }

  // "completed/human" as it is durable.
  std::string end_of(const std::string& id) const {
    const auto* attempt = store.ledger.find(id);
    if (attempt == nullptr) return "(not in the ledger)";
    return std::string(to_string(attempt->progress.status)) + "/" + std::string(to_string(attempt->progress.outcome));
  }
  int orders(const std::string& id) const {
    const auto found = node.truths.find(id);
    return found == node.truths.end() ? 0 : found->second.orders;
  }
  int invites(const std::string& id) const {
    const auto found = node.truths.find(id);
    return found == node.truths.end() ? 0 : found->second.invites;
  }
  std::string trunk_state() const { return campaigns->trunks().front().second.state; }

  Timeline timeline;
  simulated::VirtualAlarm alarm{timeline};
  simulated::VirtualAlarm campaigns_alarm{timeline};
  simulated::MemoryStore store;
  FakeNode node{timeline};
  EngineOptions options;
  DialerOptions dialer;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Campaigns> campaigns;
  std::vector<std::string> fatal;
  std::function<Duration()> commit_delay = [] { return Duration(1); };
  std::function<Duration()> reply_delay = [] { return Duration(0); };
  std::function<std::size_t()> batch = [] { return SIZE_MAX; };  // how many one commit takes
  std::function<void()> before_commit;
  std::function<void()> on_commit;  // durable, before the replies leave
  std::function<Duration()> read_delay = [] { return Duration(1); };
  std::function<Duration()> read_reply_delay = [] { return Duration(0); };  // how old an answer is when it comes
  bool commits_by_hand = false;
  bool connects_when_ready = true;
  bool is_ready = false;
  bool is_commit_due = false;
  bool is_read_due = false;
  int generation = 0;  // of the engine

 private:
  // One writer: what comes while a commit is under way waits for the next.
  void commit_soon() {
    if (commits_by_hand || is_commit_due) return;
    is_commit_due = true;
    timeline.after(commit_delay(), [this, born = generation] {
      if (before_commit && born == generation) before_commit();
      if (born != generation) return;
      is_commit_due = false;
      store.commit(batch());
      if (store.backlog() > 0) commit_soon();
      timeline.after(reply_delay(), [this, born] {
        if (born == generation) store.reply();
      });
      if (on_commit) on_commit();
    });
  }
  // One reader, which sees what is committed when it begins to read.
  void read_soon() {
    if (is_read_due) return;
    is_read_due = true;
    timeline.after(read_delay(), [this, born = generation] {
      if (born != generation) return;
      store.read();
      timeline.after(read_reply_delay(), [this, born] {
        if (born != generation) return;
        is_read_due = false;
        store.reply_reads();
        if (store.has_unread()) read_soon();
      });
    });
  }

  Actor operator_{"operator", true};
};

}  // namespace carillon::testing
