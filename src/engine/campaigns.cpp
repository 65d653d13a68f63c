#include "engine/campaigns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/campaign_prompts.h"

namespace carillon {
namespace {

const Actor kEngine{"engine", true};

}  // namespace

Campaigns::Campaigns(Engine& engine, CampaignStore& campaigns, Alarm& alarm, DialerOptions options,
                     bool starts_leftovers, std::function<void(const Error&)> on_fatal)
    : engine_(engine),
      campaigns_(campaigns),
      alarm_(alarm),
      starts_leftovers_(starts_leftovers),
      on_fatal_(std::move(on_fatal)),
      dialer_(std::move(options)) {}

void Campaigns::start(std::function<void(Result<void>)> ready) {
  campaigns_.load_campaigns([this, ready = std::move(ready)](const Result<std::vector<Campaign>>& loaded) {
    if (!loaded) {
      ready(std::unexpected(loaded.error()));
      return;
    }
    for (const auto& campaign : *loaded) tell(CampaignChanged{campaign, !starts_leftovers_});
    step();  // the engine asks for their rules while it loads its attempts
    auto on_started = [this, ready, campaigns = *loaded](const Result<void>& started) {
      // A stop that was under way goes on.
      for (const auto& campaign : campaigns) {
        if (campaign.state == CampaignState::kStopping) engine_.stop_calls(campaign.id, campaign.stop_mode);
      }
      ready(started);
    };
    engine_.start(*this, on_started);
  });
}

// ---------------------------------------------------------------- the dialer

void Campaigns::tell(DialerEvent event) {
  events_.push_back(std::move(event));
  alarm_.set(alarm_.now());  // with all that happens until then
}

void Campaigns::on_alarm() { step(); }

void Campaigns::step() {
  DialerStep step = dialer_.step(alarm_.now(), std::exchange(events_, {}));
  if (step.wake_at) alarm_.set(std::max(*step.wake_at, alarm_.now() + Duration(1)));
  for (auto& command : step.commands) carry_out(std::move(command));
}

void Campaigns::carry_out(DialerCommand command) {
  std::visit([this](const auto& what) { carry_out(what); }, command);
}

template <class T>
bool Campaigns::is_lost(const Result<T>& result) {
  if (!result) on_fatal_(result.error());
  return !result.has_value();
}

void Campaigns::carry_out(const CountLanes& command) {
  const auto on_counted = [this, id = command.campaign_id](Result<std::vector<LaneCount>> lanes) {
    if (!is_lost(lanes)) tell(LanesCounted{id, std::move(*lanes)});
  };
  campaigns_.count_lanes(command.campaign_key, on_counted);
}

void Campaigns::carry_out(const FetchDue& command) {
  const auto on_fetched = [this, command](Result<DueContacts> due) {
    if (!is_lost(due))
      tell(ContactsFetched{command.campaign_id, command.lane, command.kind, command.limit, std::move(*due)});
  };
  campaigns_.fetch_due(command.campaign_key, command.lane, command.kind, alarm_.now(), command.limit, on_fetched);
}

void Campaigns::carry_out(const StartContact& command) { engine_.start_contact(command); }

void Campaigns::carry_out(const SpeakPrompt& command) {
  const auto on_spoken = [this, command](const Result<PromptInfo>& spoken) {
    PromptAnswered answered{command.campaign_id, command.lane, command.contact_key, command.audio, {}};
    if (spoken) {
      answered.prompt = {.id = spoken->id, .pin = spoken->pin};
    } else {
      const auto code = spoken.error().code;
      answered.prompt = {.problem = spoken.error().detail,
                         .is_final = code == ErrorCode::Invalid || code == ErrorCode::AudioInvalid};
    }
    tell(std::move(answered));
  };
  if (prompts_ == nullptr) {
    on_spoken(fail(ErrorCode::Unavailable, "nothing speaks here"));
  } else {
    prompts_->speak_for_contact(command.audio, command.variables, on_spoken);
  }
}

void Campaigns::carry_out(const StartDirect& command) { engine_.start_direct(command); }

void Campaigns::carry_out(const ChangeState& command) {
  const auto view = dialer_.view(command.campaign_id);
  if (!view || changing_.contains(command.campaign_id)) return;
  Campaign campaign = view->campaign;
  campaign.state = command.state;
  campaign.detail = command.detail;
  if (command.state == CampaignState::kRunning && campaign.started_at == Time{}) campaign.started_at = alarm_.now();
  const bool is_end = command.state == CampaignState::kCompleted || command.state == CampaignState::kCanceled;
  if (is_end) campaign.ended_at = alarm_.now();
  const auto keep_it = [this](const Campaign& kept) {
    keep(kept, kEngine, fmt::format("campaign.{}", to_string(kept.state)), [](const Result<Campaign>&) {});
  };
  if (command.state != CampaignState::kRunning) {
    keep_it(campaign);
    return;
  }
  // Its time has come, and nobody is there to be told: what it cannot say stops it where an operator sees it.
  prepare(campaign, [campaign, keep_it](const Result<Campaign>& ready) {
    if (ready) {
      keep_it(*ready);
      return;
    }
    Campaign paused = campaign;
    paused.state = CampaignState::kPaused;
    paused.detail = ready.error().detail;
    keep_it(paused);
  });
}

std::set<std::string> Campaigns::prompts_in_use() const {
  std::set<std::string> ids;
  for (const auto& view : dialer_.views()) {
    const auto& campaign = view.campaign;
    if (campaign.state == CampaignState::kCompleted || campaign.state == CampaignState::kCanceled) continue;
    ids.insert({campaign.settings.audio, campaign.settings.preamble});
  }
  for (const auto& call : engine_.calls()) ids.insert(call.request.audio);
  ids.erase("");
  return ids;
}

void Campaigns::prepare(const Campaign& campaign, Reply<Campaign> reply) {
  for (const auto& [name, id] :
       {std::pair("audio", campaign.settings.audio), std::pair("preamble", campaign.settings.preamble)}) {
    const bool is_gone =
        prompts_ != nullptr && !has_prompt_sources(campaign.settings) && !id.empty() && !prompts_->is_stored(id);
    if (!is_gone) continue;
    reply(fail(ErrorCode::AudioInvalid, fmt::format("{}: the prompt {} is not stored any more", name, id)));
    return;
  }
  if (!has_prompt_sources(campaign.settings)) {
    reply(campaign);
    return;
  }
  if (prompts_ == nullptr) {
    reply(fail(ErrorCode::Unavailable, "nothing here makes prompts"));
    return;
  }
  changing_.insert(campaign.id);
  const auto on_prepared = [this, campaign, reply = std::move(reply)](Result<PreparedSettings> prepared) {
    changing_.erase(campaign.id);
    if (!prepared) {
      log::warn("campaign_not_started", {{"campaign", campaign.id}, {"detail", prepared.error().detail}});
      reply(std::unexpected(prepared.error()));
      return;
    }
    Campaign ready = campaign;
    ready.settings = std::move(prepared->settings);
    if (!prepared->notice.empty()) ready.detail += "; " + prepared->notice;
    reply(std::move(ready));
  };
  prepare_prompts(*prompts_, campaign.settings, on_prepared);
}

void Campaigns::carry_out(const RaiseAlarm& command) {
  if (command.reason.empty()) {
    log::info("campaign_dials_again", {{"campaign", command.campaign_id}});
  } else {
    log::error("campaign_stands_still", {{"campaign", command.campaign_id}, {"reason", command.reason}});
  }
}

// ---------------------------------------------------------------- operators

void Campaigns::create(std::string id, CampaignSettings settings, Actor actor, Reply<Campaign> reply) {
  Campaign campaign;
  campaign.id = std::move(id);
  campaign.settings = std::move(settings);
  campaign.created_at = alarm_.now();
  if (!is_safe_id(campaign.id)) {
    reply(fail(ErrorCode::Invalid, "a campaign's id has 1 to 64 letters, digits, . _ -"));
    return;
  }
  if (!dialer_.options().policies.contains(campaign.settings.policy)) {
    reply(fail(ErrorCode::Invalid, fmt::format("policy: there is no policy pack \"{}\"", campaign.settings.policy)));
    return;
  }
  const auto on_created = [this, reply = std::move(reply)](const Result<Campaign>& created) {
    if (created) tell(CampaignChanged{*created});
    if (created) step();
    reply(created);
  };
  campaigns_.create_campaign(std::move(campaign), std::move(actor), on_created);
}

Result<Campaign> Campaigns::find_idle(const std::string& id) const {
  const auto view = dialer_.view(id);
  if (!view) return fail(ErrorCode::NotFound, fmt::format("there is no campaign {}", printable(id, 64)));
  if (changing_.contains(id)) return fail(ErrorCode::Conflict, "another change of this campaign is on its way");
  return view->campaign;
}

void Campaigns::change(const std::string& id, CampaignSettings settings, Actor actor, Reply<Campaign> reply) {
  auto campaign = find_idle(id);
  if (!campaign) {
    reply(std::unexpected(campaign.error()));
    return;
  }
  // A scheduled one starts by itself: what its policy asks was looked at when it was scheduled.
  const bool is_fixed = campaign->state == CampaignState::kRunning || campaign->state == CampaignState::kStopping ||
                        campaign->state == CampaignState::kScheduled;
  if (is_fixed) {
    reply(fail(ErrorCode::Conflict, fmt::format("campaign {} is {}: pause it first", id, to_string(campaign->state))));
    return;
  }
  if (!dialer_.options().policies.contains(settings.policy)) {
    reply(fail(ErrorCode::Invalid, fmt::format("policy: there is no policy pack \"{}\"", settings.policy)));
    return;
  }
  campaign->settings = std::move(settings);
  keep(*campaign, actor, "campaign.changed", std::move(reply));
}

void Campaigns::start_campaign(const std::string& id, Actor actor, Reply<Campaign> reply) {
  begin(id, CampaignVerb::kStart, actor, reply);
}

void Campaigns::resume(const std::string& id, Actor actor, Reply<Campaign> reply) {
  begin(id, CampaignVerb::kResume, actor, reply);
}

void Campaigns::begin(const std::string& id, CampaignVerb verb, const Actor& actor, const Reply<Campaign>& reply) {
  auto campaign = find_idle(id);
  const Time now = alarm_.now();
  const auto state = campaign ? next_state(*campaign, verb, now) : std::unexpected(campaign.error());
  if (!state) {
    reply(std::unexpected(state.error()));
    return;
  }
  const auto policy = dialer_.options().policies.find(campaign->settings.policy);
  if (policy == dialer_.options().policies.end()) {
    reply(fail(ErrorCode::Invalid, fmt::format("the policy pack \"{}\" is not installed", campaign->settings.policy)));
    return;
  }
  if (const auto refusals = check_settings(campaign->settings, policy->second, actor.is_admin); !refusals.empty()) {
    reply(fail(ErrorCode::Invalid, fmt::format("{}", fmt::join(refusals, "; "))));
    return;
  }
  campaign->state = *state;
  campaign->policy_version = policy->second.version;
  campaign->detail = fmt::format("{} by {}", to_string(verb), actor.name);
  if (*state == CampaignState::kRunning && campaign->started_at == Time{}) campaign->started_at = now;
  campaign->ended_at = {};
  prepare(*campaign, [this, id, actor, verb, reply](const Result<Campaign>& ready) {
    if (ready) {
      keep(*ready, actor, fmt::format("campaign.{}", to_string(verb)), reply);
      return;
    }
    // What the dialer wanted of it meanwhile was put off.
    if (const auto view = dialer_.view(id)) tell(CampaignChanged{view->campaign});
    reply(std::unexpected(ready.error()));
  });
}

void Campaigns::pause(const std::string& id, Actor actor, Reply<StopReport> reply) {
  end(id, CampaignVerb::kPause, StopMode::kDrain, actor, reply);
}

void Campaigns::stop(const std::string& id, StopMode mode, Actor actor, Reply<StopReport> reply) {
  end(id, CampaignVerb::kStop, mode, actor, reply);
}

void Campaigns::end(const std::string& id, CampaignVerb verb, StopMode mode, const Actor& actor,
                    const Reply<StopReport>& reply) {
  auto campaign = find_idle(id);
  const auto state = campaign ? next_state(*campaign, verb, alarm_.now()) : std::unexpected(campaign.error());
  if (!state) {
    reply(std::unexpected(state.error()));
    return;
  }
  // At once in memory, then on the disk, then the answer: no call begins in between.
  dialer_.stop_campaign(id);
  campaign->state = *state;
  campaign->stop_mode = mode;
  campaign->detail = fmt::format("{} ({}) by {}", to_string(verb), to_string(mode), actor.name);
  if (*state == CampaignState::kCanceled) campaign->ended_at = alarm_.now();
  const auto on_kept = [this, id, mode, reply](const Result<Campaign>& kept) {
    if (!kept) {
      // The ledger has it as before, and so has the dialer again.
      if (const auto view = dialer_.view(id)) tell(CampaignChanged{view->campaign});
      reply(std::unexpected(kept.error()));
      return;
    }
    const StopReport report{*kept, engine_.phases(id)};
    engine_.stop_calls(id, mode);
    reply(report);
  };
  keep(*campaign, actor, fmt::format("campaign.{}", to_string(verb)), on_kept);
}

void Campaigns::keep(Campaign campaign, const Actor& actor, std::string what, Reply<Campaign> reply) {
  changing_.insert(campaign.id);
  const auto on_kept = [this, campaign, reply = std::move(reply)](const Result<void>& kept) {
    changing_.erase(campaign.id);
    if (!kept) {
      if (kept.error().code == ErrorCode::Ledger) on_fatal_(kept.error());
      reply(std::unexpected(kept.error()));
      return;
    }
    log::info(
        "campaign_state",
        {{"campaign", campaign.id}, {"state", std::string(to_string(campaign.state))}, {"detail", campaign.detail}});
    tell(CampaignChanged{campaign});
    step();
    reply(campaign);
  };
  campaigns_.change_campaign(std::move(campaign), actor, std::move(what), on_kept);
}

}  // namespace carillon
