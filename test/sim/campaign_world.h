// A world of campaigns that runs by itself: operators who do again what a crash undid, carriers that are unwell, and
// faults at any point. `watch` is called before it begins, to look on.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/testing/world.h"
#include "sim/plan.h"

namespace carillon::testing {

// A crash at one commit, for tests that try them all; -1 = none.
struct CrashAt {
  int commit = -1;
  bool is_before = false;
};

class CampaignWorld {
 public:
  CampaignWorld(std::uint64_t seed, bool has_faults, CrashAt crash_at = {}, bool keeps_texts = true)
      : dice_(seed), plan(Planner(dice_).make()), world(Timeline(plan.begin), keeps_texts), crash_at_(crash_at) {
    choose_conditions(has_faults);
    if (has_faults) choose_faults();
    world.before_commit = [this] { look_at_commit(true); };
    world.on_commit = [this] { look_at_commit(false); };
    world.node.fate_at = [this](const Placement& placement) { return fate_of(placement); };
    for (std::size_t i = 0; i < plan.campaigns.size(); ++i) jobs_.emplace_back(plan.campaigns[i]);
    for (auto& job : jobs_) {
      for (std::size_t i = 0; i < job.plan.imports.size(); ++i)
        after(job.plan.imports[i].at, [this, &job, i] { import(job, i); });
    }
    for (const auto& deed : plan.deeds) after(deed.at, [this, &deed] { perform(deed); });
    after(Duration(0), [this] { tend(); });
  }

  // Until all is done; false if it does not come to an end.
  bool run(const std::function<bool()>& has_problem) {
    world.start_engine();
    const Time end = plan.begin + plan.give_up + std::chrono::hours(6);
    while (world.timeline.now() < end && !has_problem() && !is_over_) {
      if (!world.timeline.step()) return false;
      if (on_step) on_step();
    }
    return is_over_;
  }

 private:
  Dice dice_;

 public:
  Plan plan;
  World world;
  std::function<void()> on_step;
  std::function<void()> on_commit;          // before anything else happens
  // A clock that nobody puts forward.
  Time steady() const { return world.timeline.now() - jumped_; }
  // Of each campaign: when (steady) the engine was told of the contacts up to this key.
  std::map<std::string, std::map<std::int64_t, Time>> told_of_contacts;
  Duration slowest_commit{0};
  std::set<std::string> halted;         // campaigns whose pause or stop was acknowledged, and nobody started them since
  std::set<std::string> to_call_again;  // attempts of unknown fate after which an operator lets the person be called
  std::set<std::string> stopped;        // campaigns, at once
  std::set<std::string> unsuppressed;   // numbers
  // Entries of which the operator knows that they are durable, and that only the ledger looks at.
  struct KnownSuppression {
    std::string number;
    std::string campaign;  // empty = all
    Time from{};
    std::optional<Time> to;
  };
  std::vector<KnownSuppression> known_suppressions;
  bool has_jumped = false;   // the clock: calls under way seem to have lasted for hours
  bool is_lossy = false;     // events of the node are lost
  bool is_stopping = false;  // the engine was told to start no more calls
  int commits = 0;
  std::string unfinished;  // why it is not over

 private:
  struct Job {
    explicit Job(PlannedCampaign planned) : plan(std::move(planned)), is_imported(plan.imports.size(), false) {}
    PlannedCampaign plan;
    std::vector<bool> is_imported;
    bool was_started = false;
    bool is_given_up = false;
  };

  void after(Duration wait, std::function<void()> what) { world.timeline.after(wait, std::move(what)); }
  Duration age() const { return world.timeline.now() - plan.begin; }
  bool can_act() const { return world.is_ready && !is_stopping; }

  void choose_conditions(bool has_faults) {
    world.dialer.trunks = plan.trunks;
    world.dialer.policies["sim"] = plan.policy;
    world.dialer.is_window_enforced = plan.is_window_enforced;
    static const auto places = std::make_shared<const Places>(
        Places::parse("US\t+404251-0740023\tAmerica/New_York\nIL\t+314650+0351326\tAsia/Jerusalem\n"
                      "GB\t+513030-0000731\tEurope/London\nNP\t+2743+08519\tAsia/Kathmandu\n"));
    world.dialer.places = places;
    world.dialer.hopper = 1 + dice_.below(5);
    if (dice_.chance(20)) world.dialer.overall = Pace{dice_.number(1, 5) * 1.0, dice_.number(1, 4)};
    if (dice_.chance(20)) world.dialer.max_set_ups = dice_.number(1, 3);
    world.options.look_every = dice_.chance(20) ? Duration(60'000) : Duration(1'800'000);
    if (!has_faults) return;
    is_lossy = dice_.chance(30);
    const int latest = dice_.chance(50) ? 1'200 : 1;
    const int slowest_look = dice_.chance(30) ? 6'000 : 10;
    const int slowest_read = dice_.chance(30) ? 20'000 : 20;
    const bool is_disk_slow = dice_.chance(30);
    slowest_commit = Duration(is_disk_slow ? 15'000 : 200);
    world.node.road_of = [this, latest](const std::string&, const CallEvent&) {
      FakeNode::Road road;
      road.delay = dice_.between(1, latest);
      if (is_lossy && dice_.chance(8)) road.copies = 0;
      if (dice_.chance(5)) road.copies = 2;
      return road;
    };
    world.node.command_delay = [this] { return dice_.between(1, 30); };
    world.node.look_delay = [this, slowest_look] { return dice_.between(1, slowest_look); };
    world.node.fails_look = [this] { return dice_.chance(4); };
    world.node.takes_unread = [this] { return dice_.chance(50); };
    world.commit_delay = [this, is_disk_slow] {
      return is_disk_slow && dice_.chance(5) ? dice_.between(1'000, 15'000) : dice_.between(1, 200);
    };
    world.reply_delay = [this] { return dice_.between(0, 50); };
    world.read_reply_delay = [this, slowest_read] { return dice_.between(0, dice_.chance(20) ? slowest_read : 20); };
    world.batch = [this] { return dice_.chance(50) ? SIZE_MAX : 1 + dice_.below(3); };
  }

  Fate fate_of(const Placement& placement) {
    for (const auto& trouble : plan.troubles) {
      if (trouble.trunk != placement.trunk || age() < trouble.from || age() > trouble.to) continue;
      if (trouble.kind == Trouble::Kind::kDead) return dice_.chance(50) ? fates::silent() : fates::no_trunk();
      if (trouble.kind == Trouble::Kind::kRefuses && dice_.chance(70)) return fates::congestion();
    }
    // Who did not answer may do so the next time.
    Fate fate = dice_.chance(60) ? plan.fates.at(placement.number) : dice_.fate(false);
    fate.backlog = dice_.between(1, dice_.chance(10) ? 8'000 : 50);
    return fate;
  }

  // ---------------------------------------------------------------- faults

  void choose_faults() {
    for (auto count = dice_.below(9); count > 0; --count) {
      if (dice_.chance(50)) {
        fatal_commits_[dice_.chance(50)].insert(dice_.number(1, 100));
      } else {
        after(dice_.between(0, static_cast<int>(plan.chaos.count())), [this] { fault(); });
      }
    }
  }
  void look_at_commit(bool is_before) {
    if (!is_before && on_commit) on_commit();
    commits += is_before ? 1 : 0;
    if (crash_at_.commit == commits && crash_at_.is_before == is_before) return crash();
    if (age() < plan.chaos && fatal_commits_[is_before].contains(commits)) fault();
  }
  void fault() {
    switch (dice_.below(8)) {
      case 0:
      case 1:
      case 2: return crash();
      case 3:
        if (!can_act()) return;
        is_stopping = true;
        world.engine->stop_starting();
        return after(dice_.between(0, 3'000), [this] {
          if (is_stopping) crash();
        });
      case 4: return jump();
      case 5: world.node.restart(dice_.between(0, 1'000)); return connect_soon();
      default: world.node.cut(); return connect_soon();
    }
  }
  // Never into the time after the chaos, in which people bring all that is missing to its end.
  void jump() {
    const auto wanted = dice_.between(1'000, dice_.chance(50) ? 60'000 : 20'000'000);
    const auto span = std::clamp(plan.chaos - age(), Duration(0), wanted);
    world.timeline.jump(span);
    jumped_ += span;
    has_jumped = true;
  }
  void crash() {
    if (!world.engine) return;
    is_stopping = false;
    world.crash_engine();
    after(dice_.between(0, 15'000), [this] { world.start_engine(); });
  }
  void connect_soon() {
    after(dice_.between(200, 15'000), [this] {
      if (world.is_ready) world.node.connect();
    });
  }

  // ---------------------------------------------------------------- operators

  // What must be so in the end is done again until it is.
  void tend() {
    const bool is_calm = age() > plan.chaos;
    const bool gives_up = age() > plan.give_up;
    if (can_act()) {
      for (auto& job : jobs_) tend(job, is_calm, gives_up);
      if (is_calm) resolve_all();
      is_over_ = is_calm && is_over();
    }
    after(is_calm ? std::chrono::minutes(20) : std::chrono::seconds(20), [this] { tend(); });
  }
  void tend(Job& job, bool is_calm, bool gives_up) {
    const auto view = world.campaigns->view(job.plan.id);
    if (!view) return create(job);
    if (is_calm && !all_imported(job)) {
      for (std::size_t i = 0; i < job.is_imported.size(); ++i) import(job, i);
    }
    switch (view->campaign.state) {
      case CampaignState::kDraft: return start(job.plan.id);
      case CampaignState::kPaused:
        if (is_calm) start(job.plan.id);
        return;
      case CampaignState::kCompleted:
      case CampaignState::kCanceled:
        if (!gives_up && is_calm && has_ready_contact(view->campaign) && !is_past_its_end(view->campaign))
          start(job.plan.id);
        return;
      case CampaignState::kRunning:
      case CampaignState::kScheduled:
        if (gives_up) stop(job.plan.id, StopMode::kNow);
        return;
      case CampaignState::kStopping: return;
    }
  }
  void create(Job& job) {
    world.campaigns->create(job.plan.id, job.plan.settings, kOperator, [](const Result<Campaign>&) {});
  }
  void import(Job& job, std::size_t index) {
    if (job.is_imported[index] || !can_act()) return;
    const auto view = world.campaigns->view(job.plan.id);
    if (!view) return;
    world.store.add_contacts(view->campaign.key, job.plan.imports[index].contacts,
                             [this, &job, index](const Result<AddedContacts>&) {
                               job.is_imported[index] = true;
                               told_of_contacts[job.plan.id].emplace(world.store.ledger.contacts(), steady());
                               world.campaigns->on_contacts_added(job.plan.id);
                             });
  }
  static bool all_imported(const Job& job) {
    return std::ranges::all_of(job.is_imported, [](bool is_imported) { return is_imported; });
  }
  void start(const std::string& id) {
    const auto view = world.campaigns->view(id);
    if (!view) return;
    const auto on_started = [](const Result<Campaign>&) {};
    halted.erase(id);  // from the moment of asking
    if (view->campaign.state == CampaignState::kPaused) {
      world.campaigns->resume(id, kOperator, on_started);
    } else {
      world.campaigns->start_campaign(id, kOperator, on_started);
    }
  }
  void pause(const std::string& id) {
    world.campaigns->pause(id, kOperator, [this, id](const Result<StopReport>& paused) {
      if (paused) halted.insert(id);
    });
  }
  void stop(const std::string& id, StopMode mode) {
    if (mode == StopMode::kNow) stopped.insert(id);
    world.campaigns->stop(id, mode, kOperator, [this, id](const Result<StopReport>& report) {
      if (report) halted.insert(id);
    });
  }

  void perform(const PlannedDeed& deed) {
    if (deed.deed == Deed::kRingIn) {
      Fate fate = fates::human(dice_.presses());
      fate.ends_after = dice_.between(100, 40'000);
      return world.node.ring_in("1700000000." + deed.call_id, deed.number, fate);
    }
    if (!can_act()) return;
    switch (deed.deed) {
      case Deed::kPause: return pause(deed.campaign);
      case Deed::kResume:
      case Deed::kStart: return start(deed.campaign);
      case Deed::kStop: return stop(deed.campaign, deed.mode);
      case Deed::kSuppress: return suppress(deed, SuppressionLevel::kGlobal, std::nullopt);
      case Deed::kSuppressForAWhile:
        return suppress(deed, SuppressionLevel::kGlobal, world.timeline.now() + dice_.between(1'000, 7'200'000));
      case Deed::kSuppressForCampaign: return suppress(deed, SuppressionLevel::kCampaign, std::nullopt);
      case Deed::kUnsuppress:
        unsuppressed.insert(deed.number);  // from the moment of asking
        return world.store.unsuppress(deed.number, SuppressionLevel::kGlobal, "", kOperator,
                                      [this, number = deed.number](const Result<void>& removed) {
                                        if (removed) world.engine->unsuppress(number);
                                      });
      case Deed::kResolve: return resolve_all();
      case Deed::kDial: return dial(deed);
      case Deed::kRingIn: return;
    }
  }
  void suppress(const PlannedDeed& deed, SuppressionLevel level, std::optional<Time> expires_at) {
    Suppression entry{deed.number, level, "", "asked", "operator", world.timeline.now(), expires_at};
    if (level == SuppressionLevel::kCampaign) entry.scope = deed.campaign;
    if (level == SuppressionLevel::kGlobal && !expires_at) world.engine->suppress({deed.number});
    world.store.suppress({entry}, kOperator, [this, entry](const Result<std::int64_t>& added) {
      if (added) known_suppressions.push_back({entry.number, entry.scope, world.timeline.now(), entry.expires_at});
    });
  }
  void dial(const PlannedDeed& deed) {
    AttemptRequest request;
    request.call_id = deed.call_id;
    request.number = deed.number;
    request.campaign_id = dice_.chance(30) ? deed.campaign : "";
    request.time_zone = "Asia/Jerusalem";
    world.engine->accept(std::move(request), [](const Result<Accepted>&) {});
  }
  void resolve_all() {
    for (const auto& [id, row] : world.store.ledger.attempts()) {
      const auto& [asked, progress] = row.attempt;
      if (progress.outcome != Outcome::kUnknown || row.resolved_at != Time{}) continue;
      const bool is_again = age() < plan.chaos && dice_.chance(50);
      if (is_again) to_call_again.insert(id);
      world.store.resolve(id, is_again ? Resolution::kCallAgain : Resolution::kLeave, kOperator,
                          [this, asked](const Result<void>& resolved) {
                            if (!resolved) return;
                            const auto* contact = world.store.ledger.find_contact(asked.contact_key);
                            if (contact == nullptr || contact->state != ContactState::kReady) return;
                            world.campaigns->tell(ContactDue{asked.campaign_id, contact->lane, contact->due_at});
                          });
    }
  }

  // ---------------------------------------------------------------- the end

  static bool is_past_its_end(const Campaign& campaign) { return campaign.settings.ends_at.has_value(); }
  bool has_ready_contact(const Campaign& campaign) const {
    return !world.store.ledger.list_contacts(campaign.key, ContactState::kReady, 0, 1).contacts.empty();
  }
  bool is_over() {
    unfinished.clear();
    for (const auto& job : jobs_) {
      const auto view = world.campaigns->view(job.plan.id);
      const auto state = view ? view->campaign.state : CampaignState::kDraft;
      const bool came_too_late = state == CampaignState::kDraft && view && view->campaign.settings.ends_at &&
                                 *view->campaign.settings.ends_at <= world.timeline.now();
      const bool is_at_rest = state == CampaignState::kCompleted || state == CampaignState::kCanceled || came_too_late;
      if (!is_at_rest || !all_imported(job)) unfinished = job.plan.id + " is " + std::string(to_string(state));
      if (is_at_rest && age() < plan.give_up && has_ready_contact(view->campaign) && !is_past_its_end(view->campaign))
        unfinished = job.plan.id + " has contacts that are ready";
    }
    const auto state = world.engine->state();
    if (!world.node.is_idle()) unfinished = "calls are under way at the node";
    if (!world.node.is_journal_empty()) unfinished = "the journal is not empty";
    if (!world.store.is_idle()) unfinished = "the ledger is busy";
    if (state.live > 0) unfinished = "calls are open";
    if (state.waiting > 0) unfinished = "calls of /dial wait for nothing";
    // What a gate holds for days is not waited for.
    if (state.held > 0 && age() < plan.give_up) unfinished = "calls of /dial are held";
    if (world.engine->calls().size() > state.held) unfinished = "calls are open that hold no slot";
    return unfinished.empty();
  }

  inline static const Actor kOperator{"operator", true};
  CrashAt crash_at_;
  std::deque<Job> jobs_;
  std::array<std::set<int>, 2> fatal_commits_;  // after, before
  bool is_over_ = false;
  Duration jumped_{0};
};

}  // namespace carillon::testing
