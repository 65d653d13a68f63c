// The shell around the pure Dialer: it tells the dialer what happens, keeps what operators decide about campaigns, and
// carries out what the dialer says. On the engine's thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/campaign/campaign_verb.h"
#include "core/campaign/dialer.h"
#include "core/ports/alarm.h"
#include "core/ports/prompts.h"
#include "engine/engine.h"

namespace carillon {

// The answer to a stop or a pause: from here on no call of the campaign begins.
struct StopReport {
  Campaign campaign;
  CallPhases under_way;
};

class Campaigns final : public Dialing {
 public:
  // starts_leftovers: see EngineOptions; without it a campaign that an earlier process left running waits until it is
  // started or resumed again.
  Campaigns(Engine& engine, CampaignStore& campaigns, Alarm& alarm, DialerOptions options, bool starts_leftovers,
            std::function<void(const Error&)> on_fatal);

  // Who makes ready what campaigns say, before the first call and for each contact. Without one, campaigns that need it
  // do not start; simulations have none.
  void use_prompts(Prompts& prompts) { prompts_ = &prompts; }
  // Loads the campaigns, then starts the engine; `ready` as there.
  void start(std::function<void(Result<void>)> ready);
  void on_alarm();

  // ---- what operators do; replies follow the commit
  void create(std::string id, CampaignSettings settings, Actor actor, Reply<Campaign> reply);
  // Not while it runs.
  void change(const std::string& id, CampaignSettings settings, Actor actor, Reply<Campaign> reply);
  // Refused with the policy's sentences if the settings do not satisfy it.
  void start_campaign(const std::string& id, Actor actor, Reply<Campaign> reply);
  void resume(const std::string& id, Actor actor, Reply<Campaign> reply);
  void pause(const std::string& id, Actor actor, Reply<StopReport> reply);
  void stop(const std::string& id, StopMode mode, Actor actor, Reply<StopReport> reply);
  // Ids of stored prompts that unfinished campaigns and calls name.
  std::set<std::string> prompts_in_use() const;
  void on_contacts_added(const std::string& id) { tell(ContactsAdded{id}); }

  std::optional<CampaignView> view(const std::string& id) const { return dialer_.view(id); }
  std::vector<CampaignView> views() const { return dialer_.views(); }
  std::vector<std::pair<std::string, TrunkView>> trunks() const { return dialer_.trunks(alarm_.now()); }
  const DialerOptions& options() const { return dialer_.options(); }
  // Slots in use; equal to the engine's whenever nothing is on its way between the two.
  int live() const { return dialer_.live(); }

  // ---- Dialing
  void tell(DialerEvent event) override;
  bool takes_calls(const std::string& campaign_id) const override { return dialer_.takes_calls(campaign_id); }
  std::shared_ptr<const GateRules> rules_of(const std::string& campaign_id) const override {
    return dialer_.rules_of(campaign_id);
  }
  void on_suppressed(const std::string& number) override { dialer_.drop_number(number); }

 private:
  void step();
  void carry_out(DialerCommand command);
  void carry_out(const CountLanes& command);
  void carry_out(const FetchDue& command);
  void carry_out(const StartContact& command);
  void carry_out(const SpeakPrompt& command);
  void carry_out(const StartDirect& command);
  void carry_out(const ChangeState& command);
  void carry_out(const RaiseAlarm& command);
  void begin(const std::string& id, CampaignVerb verb, const Actor& actor, const Reply<Campaign>& reply);
  void end(const std::string& id, CampaignVerb verb, StopMode mode, const Actor& actor, const Reply<StopReport>& reply);
  // The settings as they are to be from now on; `reply` at once if nothing has to be made ready.
  void prepare(const Campaign& campaign, Reply<Campaign> reply);
  Result<Campaign> find_idle(const std::string& id) const;
  void keep(Campaign campaign, const Actor& actor, std::string what, Reply<Campaign> reply);
  template <class T>
  bool is_lost(const Result<T>& result);

  Engine& engine_;
  CampaignStore& campaigns_;
  Alarm& alarm_;
  Prompts* prompts_ = nullptr;
  bool starts_leftovers_;
  std::function<void(const Error&)> on_fatal_;
  Dialer dialer_;
  std::vector<DialerEvent> events_;
  std::set<std::string> changing_;  // campaigns with a change on its way to the disk
};

}  // namespace carillon
