#include "aws/sqs.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "aws/json.h"

namespace carillon::aws {
namespace {

namespace json = boost::json;

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
                          Duration more_time = Duration::zero()) {
  Call call{.service = Service::kSqs,
            .operation = action,
            .request = {.headers = {{"content-type", "application/x-amz-json-1.0"},
                                    {"x-amz-target", std::string("AmazonSQS.") + action}},
                        .body = json::serialize(body)}};
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

Result<Sent> Sqs::send(const std::string& queue_url, const Message& message, Duration delay) {
  if (auto fine = check(message); !fine) return std::unexpected(std::move(fine).error());
  auto body = to_json(message);
  body["QueueUrl"] = queue_url;
  if (delay > Duration::zero()) body["DelaySeconds"] = seconds_of(delay);
  const auto answer = call(client_, "SendMessage", body);
  if (!answer) return std::unexpected(answer.error());
  return sent_of(*answer);
}

Result<SentBatch> Sqs::send_batch(const std::string& queue_url, std::span<const Message> messages) {
  if (auto fine = check(messages); !fine) return std::unexpected(std::move(fine).error());
  json::array entries;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto entry = to_json(messages[i]);
    entry["Id"] = std::to_string(i);
    entries.push_back(std::move(entry));
  }
  const auto answer = call(client_, "SendMessageBatch", {{"QueueUrl", queue_url}, {"Entries", std::move(entries)}});
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

Result<void> Sqs::change_visibility(const std::string& queue_url, const std::string& receipt_handle, Duration timeout) {
  return done(
      call(client_, "ChangeMessageVisibility",
           {{"QueueUrl", queue_url}, {"ReceiptHandle", receipt_handle}, {"VisibilityTimeout", seconds_of(timeout)}}));
}

}  // namespace carillon::aws
