// An engine with all it needs, in virtual time. The store commits by itself a millisecond after a submit, or later if
// the test says so, or by hand. The node and what is durable survive a crash of the engine.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "engine/engine.h"
#include "engine/testing/fake_node.h"
#include "engine/testing/fake_store.h"
#include "engine/testing/timeline.h"

namespace carillon::testing {

struct World {
  World() {
    log::set_up(log::Format::kText, "off");
    options.is_window_enforced = false;
    options.pace = Pace{50.0, 20};
    store.on_submit = [this] { commit_soon(); };
  }

  // The engine loads what is durable; the node connects as soon as events may come.
  void start_engine() {
    engine = std::make_unique<Engine>(store, node, alarm, options,
                                      [this](const Error& error) { fatal.push_back(to_string(error)); });
    alarm.on_ring = [this] { engine->on_alarm(); };
    engine->start([this](const Result<void>& started) {
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
    node.lose_engine();
    store.crash();
    alarm.silence();
    engine.reset();
  }

  void run_for(Duration span) { timeline.run_for(span); }
  void commit_and_reply() {
    store.commit();
    store.reply();
  }

  // Asks for a call to the number and gives the attempt's id.
  std::string dial(const std::string& number, const std::string& call_id = "",
                   Engine::Mode mode = Engine::Mode::kCampaign) {
    AttemptRequest request;
    request.number = number;
    request.call_id = call_id;
    auto id = std::make_shared<std::string>();
    engine->accept(std::move(request), mode, [id](const Result<Accepted>& accepted) {
      *id = accepted ? accepted->attempt.request.id : "refused: " + to_string(accepted.error());
    });
    if (commits_by_hand) {
      commit_and_reply();
    } else {
      run_for(Duration(5));
    }
    return *id;
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

  Timeline timeline;
  FakeAlarm alarm{timeline};
  FakeStore store;
  FakeNode node{timeline};
  EngineOptions options;
  std::unique_ptr<Engine> engine;
  std::vector<std::string> fatal;
  std::function<Duration()> commit_delay = [] { return Duration(1); };
  std::function<Duration()> reply_delay = [] { return Duration(0); };
  std::function<std::size_t()> batch = [] { return SIZE_MAX; };  // how many one commit takes
  std::function<void()> on_commit;                               // before the replies leave
  bool commits_by_hand = false;
  bool connects_when_ready = true;
  bool is_ready = false;
  bool is_commit_due = false;
  int generation = 0;  // of the engine

 private:
  // One writer: what comes while a commit is under way waits for the next.
  void commit_soon() {
    if (commits_by_hand || is_commit_due) return;
    is_commit_due = true;
    timeline.after(commit_delay(), [this, born = generation] {
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
};

}  // namespace carillon::testing
