// How the calls of a campaign stop: `finish` and `now` (StopMode). A phone that rings is never dropped after one ring.
#include <algorithm>
#include <utility>

#include "engine/engine.h"

namespace carillon {
namespace {

// A phone rings at least so long: shorter is a nuisance, and forbidden in places.
constexpr Duration kMinRing{15'000};
constexpr Duration kStopAgain{1'000};

}  // namespace

void Engine::stop_calls(const std::string& campaign_id, StopMode mode) {
  const Time now = alarm_.now();
  std::vector<std::string> ids;
  for (const auto& [id, entry] : entries_) {
    const auto& asked = entry->call.request();
    if (asked.campaign_id == campaign_id && asked.contact_key != 0 && !entry->call.has_ended()) ids.push_back(id);
  }
  std::ranges::sort(ids);  // the same order in every run
  for (const auto& id : ids) {
    Entry* entry = find(id);
    if (entry == nullptr) continue;
    entry->stop_mode = mode;
    if (mode == StopMode::kNow && entry->call.progress().status == CallStatus::kInProgress) {
      feed(*entry, StopAsked{});
    } else {
      ask_stop(*entry, now);
    }
  }
  arm();
}

// Of a call that was not answered when the stop came; asked again when it is answered or has rung long enough.
void Engine::ask_stop(Entry& entry, Time now) {
  if (!entry.stop_mode || *entry.stop_mode == StopMode::kDrain || entry.call.has_ended()) return;
  const std::string& id = entry.call.request().id;
  const auto& progress = entry.call.progress();
  if (progress.status == CallStatus::kInProgress) {
    // Whoever answers after the stop is not met with silence.
    if (!std::exchange(entry.is_finish_asked, true)) telephony_.finish(id);
    return;
  }
  if (*entry.stop_mode == StopMode::kFinish) return;
  // It may ring at this moment though nobody has told: only the time since the ringing was told counts.
  const bool has_rung = progress.ringing_at != Time{};
  if (has_rung && now >= progress.ringing_at + kMinRing) {
    feed(entry, StopAsked{});
    return;
  }
  stops_.emplace(has_rung ? progress.ringing_at + kMinRing : now + kStopAgain, id);
  arm();
}

CallPhases Engine::phases(const std::string& campaign_id) const {
  CallPhases phases;
  for (const auto& [id, entry] : entries_) {
    if (entry->call.request().campaign_id != campaign_id || entry->call.has_ended()) continue;
    switch (entry->call.progress().status) {
      case CallStatus::kRinging: ++phases.ringing; break;
      case CallStatus::kInProgress: ++phases.answered; break;
      case CallStatus::kQueued:
      case CallStatus::kInitiated:
        if (is_under_way(entry->call)) ++phases.ordered;
        break;
      case CallStatus::kCompleted:
      case CallStatus::kBusy:
      case CallStatus::kNoAnswer:
      case CallStatus::kFailed:
      case CallStatus::kCanceled:
      case CallStatus::kSkipped:
      case CallStatus::kUnknown: break;
    }
  }
  return phases;
}

}  // namespace carillon
