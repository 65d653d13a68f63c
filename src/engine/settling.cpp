// How the engine accounts for every open attempt: it looks at the node (channels, then the journal) and compares.
#include <algorithm>

#include "base/log.h"
#include "engine/engine.h"

namespace carillon {
namespace {

constexpr Duration kRetryLook{2'000};

}  // namespace

void Engine::on_node_up() {
  is_settled_ = false;
  tell_placing();
  look();
}

void Engine::on_node_down() {
  is_settled_ = false;
  tell_placing();
}

void Engine::look() {
  if (is_looking_) {
    must_look_again_ = true;
    return;
  }
  is_looking_ = true;
  look_began_ = alarm_.now();
  telephony_.look([this](Result<NodeSnapshot> snapshot) {
    is_looking_ = false;
    if (snapshot) {
      settle(*snapshot);
    } else {
      log::warn("look_failed", {{"detail", snapshot.error().detail}});
      if (telephony_.state().is_up) next_look_ = alarm_.now() + kRetryLook;
    }
    if (must_look_again_) {
      must_look_again_ = false;
      next_look_ = std::min(next_look_.value_or(Time::max()), alarm_.now() + kRetryLook);
    }
    arm();
  });
}

void Engine::settle(const NodeSnapshot& snapshot) {
  const Time now = alarm_.now();
  std::vector<std::string> open;
  for (const auto& [id, entry] : entries_) {
    if (is_under_way(entry->call) && !entry->awaits_intent) open.push_back(id);
  }
  std::ranges::sort(open);  // the same order in every run
  bool has_strangers = false;
  for (const auto& [id, notes] : snapshot.notes) {
    const bool is_stranger = find(id) == nullptr;
    const bool is_live = snapshot.live.contains(channel_of(id));
    has_strangers = has_strangers || is_stranger;
    const auto take_in = [this, notes, is_stranger, is_live, began = look_began_](Entry& entry) {
      feed_journal(entry, notes);
      // This look was the first of the two that must agree for it, too.
      if (is_stranger && !is_live && !entry.call.has_ended()) entry.absent_since = began;
    };
    with_call(id, take_in);
  }
  for (const auto& id : open) {
    if (Entry* entry = find(id)) settle_open(*entry, snapshot);
  }
  channels_ = snapshot.live.size();
  slots_then_ = live_;
  std::size_t absent = 0;
  for (const auto& [id, entry] : entries_) absent += entry->absent_since.has_value() ? 1u : 0u;
  next_look_ = now + (absent > 0 || has_strangers ? options_.look_again : options_.look_every);
  if (!is_settled_) {
    is_settled_ = true;
    telephony_.release_events();
    log::info("node_settled", {{"live", std::to_string(live_)}, {"to_look_at_again", std::to_string(absent)}});
    pump();
  }
}

// The records of one attempt, all of them before it may leave memory: what follows the end record counts too.
void Engine::feed_journal(Entry& entry, const std::vector<Note>& notes) {
  ++entry.pending_writes;
  for (const auto& note : notes) {
    entry.forget.push_back(note.seq);
    feed(entry, note);
  }
  --entry.pending_writes;
  retire(entry.call.request().id);
}

void Engine::settle_open(Entry& entry, const NodeSnapshot& snapshot) {
  const std::string& id = entry.call.request().id;
  if (entry.call.has_ended()) return;
  if (const auto live = snapshot.live.find(channel_of(id)); live != snapshot.live.end()) {
    feed(entry, SeenLive{live->second});
    return;
  }
  const auto notes = snapshot.notes.find(id);
  const bool has_placed_record = (notes != snapshot.notes.end() && !notes->second.empty()) || entry.call.has_note(0);
  if (entry.call.progress().node_boot != telephony_.state().boot && !entry.call.progress().node_boot.empty()) {
    feed(entry, FoundGone{has_placed_record, true});
    return;
  }
  // It may still be on its way into Asterisk, or just have ended: only a second look, later, decides.
  if (entry.ordered_at && *entry.ordered_at >= look_began_) return;
  if (!entry.absent_since) {
    entry.absent_since = look_began_;
  } else if (look_began_ - *entry.absent_since >= options_.look_again - Duration(500)) {
    entry.absent_since.reset();
    feed(entry, FoundGone{has_placed_record, false});
  }
}

}  // namespace carillon
