#include "publish/message_batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <set>
#include <string_view>

#include "aws/retry.h"

namespace carillon::publish {
namespace {

void add_attribute(aws::Message& message, const char* name, const boost::json::object& data) {
  const auto* value = data.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().empty()) return;
  message.attributes[name] = {std::string(value->get_string())};
}

std::size_t next_batch(std::span<const aws::Message> messages) {
  const auto fitting = aws::batch_size(messages);
  std::set<std::string_view> groups;
  for (std::size_t i = 0; i < fitting; ++i) {
    const std::string_view group = messages[i].group_id;
    if (!group.empty() && !groups.insert(group).second) return i;
  }
  return fitting;
}

class Sending {
 public:
  Sending(std::span<const aws::Message> messages, const SendBatch& send) : messages_(messages), send_(send) {}

  Published run() {
    while (published_.done < messages_.size() && !published_.trouble) {
      const auto left = messages_.subspan(published_.done);
      // Too large, for example: nothing that waiting would change.
      if (const auto fit = aws::check(left.front()); !fit) {
        refuse(fit.error());
        continue;
      }
      const auto batch = left.first(next_batch(left));
      const auto sent = ask(batch);
      if (sent) {
        take(*sent);
      } else if (aws::is_worth_a_later_try(sent.error())) {
        published_.trouble = sent.error();
      } else {
        send_alone(left.first(std::min(left.size(), aws::kMaxBatchEntries)), sent.error());
      }
    }
    if (!published_.trouble) published_.retry_after.reset();
    return std::move(published_);
  }

 private:
  Result<aws::SentBatch> ask(std::span<const aws::Message> batch) { return send_(batch, &published_.retry_after); }

  void refuse(const Error& error) { published_.refused.emplace_back(published_.done++, error.detail); }

  void take(const aws::SentBatch& batch) {
    for (const auto& entry : batch) {
      if (entry) {
        ++published_.done;
      } else if (aws::is_worth_a_later_try(entry.error())) {
        published_.trouble = entry.error();
        return;
      } else {
        refuse(entry.error());
      }
    }
  }

  // A batch was refused as a whole: whose fault is it?
  void send_alone(std::span<const aws::Message> messages, const Error& whole) {
    const Published before = published_;
    bool takes_any = false;
    for (const auto& message : messages) {
      const auto sent = ask({&message, 1});
      const auto& failed = !sent           ? std::optional(sent.error())
                           : sent->front() ? std::nullopt
                                           : std::optional(sent->front().error());
      if (!failed) {
        takes_any = true;
        ++published_.done;
      } else if (aws::is_worth_a_later_try(*failed)) {
        published_.trouble = *failed;
        break;
      } else {
        refuse(*failed);
      }
    }
    if (takes_any) return;
    const auto trouble = published_.trouble;
    published_ = before;
    published_.trouble = trouble ? trouble : whole;
  }

  std::span<const aws::Message> messages_;
  const SendBatch& send_;
  Published published_;
};

}  // namespace

aws::Message to_message(const OutboxRow& row, const EventForm& form, bool is_fifo) {
  aws::Message message{.text = form.write(row)};
  message.attributes["type"] = {std::string(to_string(row.event.type))};
  boost::system::error_code error;
  const auto data = boost::json::parse(row.event.data, error);
  if (!error && data.is_object())
    for (const char* name : {"campaignId", "status", "outcome"}) add_attribute(message, name, data.get_object());
  if (is_fifo) {
    message.group_id = row.event.attempt_id;
    message.deduplication_id = fmt::format("{}-{}", row.event.attempt_id, row.event.sequence);
  }
  return message;
}

Published publish_in_batches(std::span<const aws::Message> messages, const SendBatch& send) {
  return Sending(messages, send).run();
}

}  // namespace carillon::publish
