#include "aws/logs.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>
#include <vector>

namespace carillon::aws {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxEvents = 10'000;
constexpr std::size_t kMaxBytes = 1024 * 1024;
constexpr std::size_t kBytesPerEvent = 26;  // what CloudWatch counts beside the text
constexpr std::size_t kMaxText = 250'000;
constexpr Duration kMaxSpan = std::chrono::hours(24);

}  // namespace

Result<net::WebResponse> Logs::call(const char* action, const std::string& body) {
  return client_.call({.service = Service::kLogs,
                       .operation = action,
                       .request = {.headers = {{"content-type", "application/x-amz-json-1.1"},
                                               {"x-amz-target", std::string("Logs_20140328.") + action}},
                                   .body = body},
                       .is_fine = [](const net::WebResponse& response) {
                         return read_service_error(response).code == "ResourceAlreadyExistsException";
                       }});
}

Result<void> Logs::create_stream(const std::string& group, const std::string& stream) {
  const auto response =
      call("CreateLogStream", json::serialize(json::object{{"logGroupName", group}, {"logStreamName", stream}}));
  if (!response) return std::unexpected(response.error());
  return {};
}

Result<void> Logs::put(const std::string& group, const std::string& stream, std::span<const LogEvent> events,
                       std::size_t* sent) {
  if (sent) *sent = 0;
  std::vector<const LogEvent*> in_order;
  for (const auto& event : events) {
    if (event.text.empty() || event.text.size() > kMaxText)
      return fail(ErrorCode::Invalid, "a log event has 1 to 250,000 bytes");
    in_order.push_back(&event);
  }
  std::ranges::sort(in_order, {}, [](const LogEvent* event) { return std::pair(event->time, event); });
  for (std::size_t next = 0; next < in_order.size();) {
    json::array batch;
    const Time first = in_order[next]->time;
    for (std::size_t bytes = 0; next + batch.size() < in_order.size() && batch.size() < kMaxEvents;) {
      const auto& event = *in_order[next + batch.size()];
      bytes += event.text.size() + kBytesPerEvent;
      if (bytes > kMaxBytes || event.time - first >= kMaxSpan) break;
      batch.push_back(json::object{{"timestamp", to_ms(event.time)}, {"message", event.text}});
    }
    next += batch.size();
    const auto response =
        call("PutLogEvents", json::serialize(json::object{
                                 {"logGroupName", group}, {"logStreamName", stream}, {"logEvents", std::move(batch)}}));
    if (!response) return std::unexpected(response.error());
    if (sent) *sent = next;
  }
  return {};
}

}  // namespace carillon::aws
