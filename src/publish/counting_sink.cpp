#include "publish/counting_sink.h"

#include <boost/json/parse.hpp>
#include <utility>

namespace carillon::publish {
namespace {

std::string text_in(const boost::json::object& data, const char* name) {
  const auto* value = data.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

void EventCounter::count(const PublishedEvent& event) {
  boost::system::error_code error;
  const auto data = boost::json::parse(event.data, error);
  if (error || !data.is_object()) return;
  const std::scoped_lock lock(mutex_);
  switch (event.type) {
    case EventType::kKeyPressed: return;
    case EventType::kDonation: ++counts_.donations; return;
    case EventType::kOptOut: ++counts_.opt_outs; return;
    case EventType::kCallStatus: break;
  }
  const auto status = parse_call_status(text_in(data.get_object(), "status"));
  if (status == CallStatus::kInitiated) ++counts_.started;
  if (status == CallStatus::kInProgress) ++counts_.answered;
  if (status && is_final(*status)) ++counts_.ended[text_in(data.get_object(), "outcome")];
}

EventCounts EventCounter::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(counts_, {});
}

CountingSink::CountingSink(Outbox& outbox, std::shared_ptr<EventCounter> counter)
    : outbox_(outbox), counter_(std::move(counter)) {}

std::optional<KnownEvent> CountingSink::last_known() {
  const auto bounds = outbox_.bounds();
  if (!bounds || bounds->first == 0) return std::nullopt;
  const auto last = outbox_.read_after(bounds->last - 1, 1);
  if (!last || last->empty()) return std::nullopt;
  return KnownEvent{last->front().position, event_id(last->front().event)};
}

Published CountingSink::publish(const std::vector<OutboxRow>& rows) {
  for (const auto& row : rows) counter_->count(row.event);
  return all_done(rows);
}

}  // namespace carillon::publish
