// What SNS and SQS have in common: messages with attributes, sent up to ten at a time. Pure; any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace carillon::aws {

inline constexpr std::size_t kMaxBatchEntries = 10;
// Of a message, and of all messages of a batch together: text, attributes' names, types and values.
inline constexpr std::size_t kMaxMessageBytes = 256 * 1024;

// Topics and queues of such a name keep order within a group, and drop repetitions.
inline bool is_fifo(std::string_view arn_or_url) { return arn_or_url.ends_with(".fifo"); }

struct MessageAttribute {
  std::string value;                 // not empty
  std::string data_type = "String";  // "Number" too, and either with a label: "Number.int"
};

struct Message {
  std::string text;                                         // UTF-8, not empty
  std::string subject = {};                                 // SNS only: up to 100 characters of ASCII, for e-mail
  std::map<std::string, MessageAttribute> attributes = {};  // SQS takes 10
  // FIFO topics and queues only; up to 128 characters each. Order is kept within a group; a repetition of the
  // deduplication id within five minutes is accepted and dropped.
  std::string group_id = {};
  std::string deduplication_id = {};
};

struct Sent {
  std::string message_id;
  std::string sequence_number = {};  // of FIFO topics and queues
};

// One per message, in the order of the messages: some may fail while others go through.
using SentBatch = std::vector<Result<Sent>>;

std::size_t bytes_of(const Message& message);
// Invalid or TooLarge, before anything is sent.
Result<void> check(const Message& message);
Result<void> check(std::span<const Message> batch);

// How many of the messages, from the first, go into one batch; at least 1 unless there is none.
std::size_t batch_size(std::span<const Message> messages);

// The failure of one entry in AWS's words. Io if it is AWS's fault, else Invalid.
Error entry_error(std::string_view operation, std::string_view code, std::string_view message, bool is_senders_fault);

}  // namespace carillon::aws
