#include "aws/sns.h"

#include <algorithm>
#include <charconv>

#include "aws/form.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

constexpr std::string_view kVersion = "2010-03-31";

void add_message(Form& form, const std::string& prefix, const Message& message) {
  form.add(prefix + "Message", message.text);
  form.add_if_any(prefix + "Subject", message.subject);
  form.add_if_any(prefix + "MessageGroupId", message.group_id);
  form.add_if_any(prefix + "MessageDeduplicationId", message.deduplication_id);
  int number = 0;
  for (const auto& [name, attribute] : message.attributes) {
    const auto entry = prefix + "MessageAttributes.entry." + std::to_string(++number) + ".";
    form.add(entry + "Name", name);
    form.add(entry + "Value.DataType", attribute.data_type);
    form.add(entry + "Value.StringValue", attribute.value);
  }
}

Result<XmlElement> call(Client& client, const std::string& topic_arn, const char* action, const Form& form,
                        std::optional<Duration>* asked_pause = nullptr) {
  const auto region = region_of_arn(topic_arn);
  if (region.empty()) return fail(ErrorCode::Invalid, "not the ARN of an SNS topic: " + printable(topic_arn, 120));
  auto endpoint = endpoint_of(Service::kSns, client.settings(), region);
  if (!endpoint) return std::unexpected(std::move(endpoint).error());
  const auto response = client.call({.service = Service::kSns,
                                     .operation = action,
                                     .request = form.request(),
                                     .endpoint = *std::move(endpoint),
                                     .asked_pause = asked_pause});
  if (!response) return std::unexpected(response.error());
  return result_of(action, *response);
}

// Entries are named by their place.
std::size_t place_of(const XmlElement& entry) {
  const auto id = entry.value("Id");
  std::size_t place = SIZE_MAX;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), place);
  return error == std::errc() && end == id.data() + id.size() ? place : SIZE_MAX;
}

bool has_only(std::string_view text, std::string_view more) {
  return !text.empty() && std::ranges::all_of(text, [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<void> check_topic_arn(std::string_view arn) {
  constexpr std::size_t kMaxNameBytes = 256;
  const auto parts = split(arn, ':');
  const auto wrong = [&] {
    return fail(ErrorCode::Invalid, "\"" + printable(arn, 300) +
                                        "\" is not the ARN of an SNS topic, such as "
                                        "arn:aws:sns:il-central-1:123456789012:calls");
  };
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "sns" || !is_region(parts[3])) return wrong();
  if (parts[1] != "aws" && !parts[1].starts_with("aws-")) return wrong();
  const auto& account = parts[4];
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (account.size() != 12 || !std::ranges::all_of(account, is_digit)) return wrong();
  std::string_view name = parts[5];
  if (name.size() > kMaxNameBytes) return wrong();
  if (is_fifo(name)) name.remove_suffix(std::string_view(".fifo").size());
  return has_only(name, "-_") ? Result<void>() : wrong();
}

Result<Sent> Sns::publish(const std::string& topic_arn, const Message& message) {
  if (auto fine = check(message); !fine) return std::unexpected(std::move(fine).error());
  Form form("Publish", kVersion);
  form.add("TopicArn", topic_arn);
  add_message(form, "", message);
  const auto result = call(client_, topic_arn, "Publish", form);
  if (!result) return std::unexpected(result.error());
  return Sent{result->value("MessageId"), result->value("SequenceNumber")};
}

Result<SentBatch> Sns::publish_batch(const std::string& topic_arn, std::span<const Message> messages,
                                     std::optional<Duration>* asked_pause) {
  if (auto fine = check(messages); !fine) return std::unexpected(std::move(fine).error());
  Form form("PublishBatch", kVersion);
  form.add("TopicArn", topic_arn);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto entry = "PublishBatchRequestEntries.member." + std::to_string(i + 1) + ".";
    form.add(entry + "Id", std::to_string(i));
    add_message(form, entry, messages[i]);
  }
  const auto result = call(client_, topic_arn, "PublishBatch", form, asked_pause);
  if (!result) return std::unexpected(result.error());
  SentBatch batch(messages.size(), fail(ErrorCode::Io, "SNS PublishBatch: the answer does not name this entry"));
  if (const auto* published = result->child("Successful"))
    for (const auto* each : published->all("member"))
      if (const auto place = place_of(*each); place < batch.size())
        batch[place] = Sent{each->value("MessageId"), each->value("SequenceNumber")};
  if (const auto* failed = result->child("Failed"))
    for (const auto* each : failed->all("member"))
      if (const auto place = place_of(*each); place < batch.size())
        batch[place] = std::unexpected(entry_error("SNS PublishBatch", each->value("Code"), each->value("Message"),
                                                   each->value("SenderFault") != "false"));
  return batch;
}

}  // namespace carillon::aws
