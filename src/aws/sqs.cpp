#include "aws/sqs.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "aws/json.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

namespace json = boost::json;

// Ten of the largest messages, each byte of which JSON may write as six.
constexpr std::size_t kMaxReceivedBytes = 64 * 1024 * 1024;

std::int64_t seconds_of(Duration time) { return std::chrono::ceil<std::chrono::seconds>(time).count(); }

json::object to_json(const Message& message) {
  json::object object{{"MessageBody", message.text}};
  if (!message.group_id.empty()) object["MessageGroupId"] = message.group_id;
  if (!message.deduplication_id.empty()) object["MessageDeduplicationId"] = message.deduplication_id;
  json::object attributes;
  for (const auto& [name, attribute] : message.attributes)
    attributes[name] = {{"DataType", attribute.data_type}, {"StringValue", attribute.value}};
  if (!attributes.empty()) object["MessageAttributes"] = std::move(attributes);
  return object;
}

Result<json::object> call(Client& client, const char* action, const json::object& body,
                          Duration more_time = Duration::zero(), std::optional<Duration>* asked_pause = nullptr) {
  Call call{.service = Service::kSqs,
            .operation = action,
            .request = {.headers = {{"content-type", "application/x-amz-json-1.0"},
                                    {"x-amz-target", std::string("AmazonSQS.") + action}},
                        .body = json::serialize(body)},
            .asked_pause = asked_pause};
  if (const auto region = region_of_queue(text_of(body, "QueueUrl")); !region.empty()) {
    auto endpoint = endpoint_of(Service::kSqs, client.settings(), region);
    if (!endpoint) return std::unexpected(std::move(endpoint).error());
    call.endpoint = *std::move(endpoint);
  }
  if (action == std::string_view("ReceiveMessage")) call.max_answer_bytes = kMaxReceivedBytes;
  call.timeout += more_time;
  call.deadline += more_time;
  const auto response = client.call(call);
  if (!response) return std::unexpected(response.error());
  if (response->body.empty()) return json::object();
  auto answer = parse_object(response->body);
  if (!answer) return fail(answer.error().code, std::string("SQS ") + action + ": " + answer.error().detail);
  return answer;
}

// The objects in an array; nothing if it is not one.
std::vector<const json::object*> objects_of(const json::object& object, std::string_view name) {
  std::vector<const json::object*> found;
  const auto* value = object.if_contains(name);
  if (const auto* array = value ? value->if_array() : nullptr)
    for (const auto& each : *array)
      if (const auto* entry = each.if_object()) found.push_back(entry);
  return found;
}

Sent sent_of(const json::object& object) { return {text_of(object, "MessageId"), text_of(object, "SequenceNumber")}; }

Received received_of(const json::object& object) {
  Received received{.message_id = text_of(object, "MessageId"),
                    .receipt_handle = text_of(object, "ReceiptHandle"),
                    .body = text_of(object, "Body")};
  const auto* attributes = object.if_contains("MessageAttributes");
  if (const auto* all = attributes ? attributes->if_object() : nullptr)
    for (const auto& each : *all)
      if (const auto* attribute = each.value().if_object())
        received.attributes[std::string(std::string_view(each.key()))] = {text_of(*attribute, "StringValue"),
                                                                          text_of(*attribute, "DataType")};
  const auto* system = object.if_contains("Attributes");
  if (const auto* all = system ? system->if_object() : nullptr)
    for (const auto& each : *all)
      received.system_attributes[std::string(std::string_view(each.key()))] = text_of(*all, each.key());
  return received;
}

std::size_t place_of(const json::object& entry) {
  const auto id = text_of(entry, "Id");
  std::size_t place = SIZE_MAX;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), place);
  return error == std::errc() && end == id.data() + id.size() ? place : SIZE_MAX;
}

bool is_senders_fault(const json::object& entry) {
  const auto* value = entry.if_contains("SenderFault");
  return !value || !value->is_bool() || value->get_bool();
}

Result<void> done(const Result<json::object>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return {};
}

}  // namespace

Result<void> check_queue_url(std::string_view url) {
  const auto scheme = url.find("://");
  const auto slash = scheme == std::string_view::npos ? scheme : url.find('/', scheme + 3);
  const bool is_web = url.starts_with("https://") || url.starts_with("http://");
  const bool has_name = slash != std::string_view::npos && slash > scheme + 3 && slash + 1 < url.size();
  const bool is_clean = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
  if (is_web && has_name && is_clean) return {};
  return fail(ErrorCode::Invalid, "\"" + printable(url, 300) +
                                      "\" is not the URL of an SQS queue, such as "
                                      "https://sqs.il-central-1.amazonaws.com/123456789012/calls");
}

std::string region_of_queue(std::string_view url) {
  constexpr std::string_view begin = "https://sqs.";
  if (!url.starts_with(begin)) return {};
  url.remove_prefix(begin.size());
  const auto region = url.substr(0, url.find('.'));
  return is_region(region) ? std::string(region) : std::string();
}

Result<Sent> Sqs::send(const std::string& queue_url, const Message& message, Duration delay) {
  if (auto fine = check(message); !fine) return std::unexpected(std::move(fine).error());
  auto body = to_json(message);
  body["QueueUrl"] = queue_url;
  if (delay > Duration::zero()) body["DelaySeconds"] = seconds_of(delay);
  const auto answer = call(client_, "SendMessage", body);
  if (!answer) return std::unexpected(answer.error());
  return sent_of(*answer);
}

Result<SentBatch> Sqs::send_batch(const std::string& queue_url, std::span<const Message> messages,
                                  std::optional<Duration>* asked_pause) {
  if (auto fine = check(messages); !fine) return std::unexpected(std::move(fine).error());
  json::array entries;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto entry = to_json(messages[i]);
    entry["Id"] = std::to_string(i);
    entries.push_back(std::move(entry));
  }
  const auto answer = call(client_, "SendMessageBatch", {{"QueueUrl", queue_url}, {"Entries", std::move(entries)}},
                           Duration::zero(), asked_pause);
  if (!answer) return std::unexpected(answer.error());
  SentBatch batch(messages.size(), fail(ErrorCode::Io, "SQS SendMessageBatch: the answer does not name this entry"));
  for (const auto* each : objects_of(*answer, "Successful"))
    if (const auto place = place_of(*each); place < batch.size()) batch[place] = sent_of(*each);
  for (const auto* each : objects_of(*answer, "Failed"))
    if (const auto place = place_of(*each); place < batch.size())
      batch[place] = std::unexpected(entry_error("SQS SendMessageBatch", text_of(*each, "Code"),
                                                 text_of(*each, "Message"), is_senders_fault(*each)));
  return batch;
}

Result<std::vector<Received>> Sqs::receive(const std::string& queue_url, const Receive& how) {
  json::object body{{"QueueUrl", queue_url},
                    {"MaxNumberOfMessages", how.max_messages},
                    {"WaitTimeSeconds", seconds_of(how.wait)},
                    {"AttributeNames", {"All"}},
                    {"MessageAttributeNames", {"All"}}};
  if (how.visibility_timeout) body["VisibilityTimeout"] = seconds_of(*how.visibility_timeout);
  const auto answer = call(client_, "ReceiveMessage", body, how.wait);
  if (!answer) return std::unexpected(answer.error());
  std::vector<Received> messages;
  for (const auto* each : objects_of(*answer, "Messages")) messages.push_back(received_of(*each));
  return messages;
}

Result<void> Sqs::remove(const std::string& queue_url, const std::string& receipt_handle) {
  return done(call(client_, "DeleteMessage", {{"QueueUrl", queue_url}, {"ReceiptHandle", receipt_handle}}));
}

Result<void> Sqs::remove_batch(const std::string& queue_url, std::span<const std::string> receipt_handles) {
  if (receipt_handles.empty() || receipt_handles.size() > kMaxBatchEntries)
    return fail(ErrorCode::Invalid, "a batch has 1 to 10 messages");
  json::array entries;
  for (const auto& handle : receipt_handles)
    entries.push_back(json::object{{"Id", std::to_string(entries.size())}, {"ReceiptHandle", handle}});
  const auto answer = call(client_, "DeleteMessageBatch", {{"QueueUrl", queue_url}, {"Entries", std::move(entries)}});
  if (!answer) return std::unexpected(answer.error());
  if (const auto failed = objects_of(*answer, "Failed"); !failed.empty())
    return std::unexpected(entry_error("SQS DeleteMessageBatch", text_of(*failed.front(), "Code"),
                                       text_of(*failed.front(), "Message"), is_senders_fault(*failed.front())));
  return {};
}

Result<void> Sqs::change_visibility(const std::string& queue_url, const std::string& receipt_handle, Duration timeout) {
  return done(
      call(client_, "ChangeMessageVisibility",
           {{"QueueUrl", queue_url}, {"ReceiptHandle", receipt_handle}, {"VisibilityTimeout", seconds_of(timeout)}}));
}

}  // namespace carillon::aws
