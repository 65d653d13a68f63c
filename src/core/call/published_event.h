// What the rest of the company is told: CloudEvents 1.0, at least once, ordered per call by `sequence`.
// api/events/*.schema.json describe the data of each type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/call/attempt.h"

namespace carillon {

enum class EventType : std::uint8_t { kCallStatus, kKeyPressed, kDonation, kOptOut };

// "carillon.call.status", "carillon.call.key-pressed", "carillon.donation.requested", "carillon.opt-out.requested"
std::string_view to_string(EventType type);
std::optional<EventType> parse_event_type(std::string_view text);

struct PublishedEvent {
  EventType type = EventType::kCallStatus;
  std::string attempt_id;
  std::uint32_t sequence = 0;  // from 1, without gaps, per attempt
  Time time{};
  std::string data;  // a JSON object
};

// Unique: receivers know by it what they have already. "<attempt>-<sequence>".
std::string event_id(const PublishedEvent& event);

// The data that every event about a call carries, as JSON with `extra` members ("key", "action", "menu") added.
struct KeyDetail {
  char key = 0;
  std::string_view menu;
  std::string_view action;
};
std::string event_data(const AttemptRequest& request, const AttemptProgress& progress, const KeyDetail* key);

// The whole CloudEvents envelope as one line of JSON (structured mode). position is the outbox's.
std::string to_cloud_event(const PublishedEvent& event, std::string_view source, std::int64_t position);

}  // namespace carillon
