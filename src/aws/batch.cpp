#include "aws/batch.h"

#include <algorithm>

#include "base/text.h"

namespace carillon::aws {

std::size_t bytes_of(const Message& message) {
  std::size_t bytes = message.text.size();
  for (const auto& [name, attribute] : message.attributes)
    bytes += name.size() + attribute.data_type.size() + attribute.value.size();
  return bytes;
}

Result<void> check(const Message& message) {
  if (message.text.empty()) return fail(ErrorCode::Invalid, "a message to AWS must not be empty");
  if (bytes_of(message) > kMaxMessageBytes)
    return fail(ErrorCode::TooLarge, "a message to AWS has more than 256 KiB with its attributes");
  if (message.subject.size() > 100) return fail(ErrorCode::Invalid, "the subject has more than 100 characters");
  for (const auto* id : {&message.group_id, &message.deduplication_id})
    if (id->size() > 128) return fail(ErrorCode::Invalid, "a group or deduplication id has more than 128 characters");
  for (const auto& [name, attribute] : message.attributes)
    if (name.empty() || attribute.value.empty())
      return fail(ErrorCode::Invalid, "an attribute of a message must have a name and a value");
  return {};
}

Result<void> check(std::span<const Message> batch) {
  if (batch.empty() || batch.size() > kMaxBatchEntries) return fail(ErrorCode::Invalid, "a batch has 1 to 10 messages");
  std::size_t bytes = 0;
  for (const auto& message : batch) {
    if (auto fine = check(message); !fine) return fine;
    bytes += bytes_of(message);
  }
  if (bytes > kMaxMessageBytes) return fail(ErrorCode::TooLarge, "a batch has more than 256 KiB");
  return {};
}

std::size_t batch_size(std::span<const Message> messages) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < std::min(messages.size(), kMaxBatchEntries)) {
    bytes += bytes_of(messages[count]);
    if (count > 0 && bytes > kMaxMessageBytes) break;
    ++count;
  }
  return count;
}

Error entry_error(std::string_view operation, std::string_view code, std::string_view message, bool is_senders_fault) {
  auto detail = std::string(operation) + ": " + printable(code, 80);
  if (!message.empty()) detail += ": " + printable(message, 300);
  return {is_senders_fault ? ErrorCode::Invalid : ErrorCode::Io, std::move(detail)};
}

}  // namespace carillon::aws
