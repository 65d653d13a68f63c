#include "publish/nats_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <span>

#include "base/log.h"
#include "base/text.h"

namespace carillon::publish {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(5);
constexpr std::int64_t kDuplicateWindowNs = 3'600'000'000'000;  // an hour: longer than most outages

// JetStream's {"error":{"code":404,"description":"stream not found"}}; code 0: no error.
struct JetStreamError {
  std::int64_t code = 0;
  std::string description;
};
JetStreamError error_of(const std::string& payload) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(payload, failed);
  if (failed || !value.is_object()) return {500, "an answer that is no JSON"};
  const auto* error = value.as_object().if_contains("error");
  if (error == nullptr || !error->is_object()) return {};
  const auto& object = error->as_object();
  JetStreamError found{500, "an error"};
  if (const auto* code = object.if_contains("code"); code != nullptr && code->is_int64()) found.code = code->as_int64();
  if (const auto* text = object.if_contains("description"); text != nullptr && text->is_string())
    found.description = text->as_string();
  return found;
}

}  // namespace

NatsSink::NatsSink(NatsOptions options, EventForm form) : options_(std::move(options)), form_(std::move(form)) {}

std::string NatsSink::name() const { return fmt::format("nats:{}:{}", options_.server.host, options_.server.port); }

Result<void> NatsSink::connect() {
  auto opened = NatsConnection::open(options_.server, kTimeout);
  if (!opened) return std::unexpected(opened.error());
  connection_ = std::move(*opened);
  return options_.stream.empty() ? Result<void>() : ensure_stream();
}

Result<void> NatsSink::ensure_stream() {
  const auto ask = [this](const std::string& what, std::string payload) -> Result<std::string> {
    const auto subject = fmt::format("$JS.API.STREAM.{}.{}", what, options_.stream);
    const auto answers = connection_->ask({{subject, "", std::move(payload)}}, kTimeout);
    const auto& answer = answers.each.front();
    if (!answer.has_come && answers.trouble && answers.trouble->code != ErrorCode::Timeout)
      return std::unexpected(*answers.trouble);
    if (answer.has_no_responder || !answer.has_come)
      return fail(ErrorCode::Io, "the NATS server has no JetStream (start it with --jetstream)");
    return answer.payload;
  };
  const auto info = ask("INFO", "");
  if (!info) return std::unexpected(info.error());
  const auto missing = error_of(*info);
  if (missing.code == 0) return {};
  if (missing.code != 404) return fail(ErrorCode::Io, "NATS: " + printable(missing.description));
  const boost::json::object wanted{{"name", options_.stream},
                                   {"subjects", boost::json::array{options_.subject_prefix + "carillon.>"}},
                                   {"storage", "file"},
                                   {"duplicate_window", kDuplicateWindowNs}};
  const auto created = ask("CREATE", boost::json::serialize(wanted));
  if (!created) return std::unexpected(created.error());
  if (const auto error = error_of(*created); error.code != 0)
    return fail(ErrorCode::Io,
                fmt::format("NATS: the stream {} cannot be made: {}", options_.stream, printable(error.description)));
  log::info("nats_stream_made", {{"stream", options_.stream}});
  return {};
}

Published NatsSink::publish(const std::vector<OutboxRow>& rows) {
  if (!connection_) {
    if (auto connected = connect(); !connected) {
      connection_.reset();
      return none_done(connected.error());
    }
  }
  // After trouble first the one that it was about: the others would be stored before it, and again at each try.
  const auto count = is_careful_ ? std::min<std::size_t>(1, rows.size()) : rows.size();
  std::vector<NatsRequest> requests;
  for (const auto& row : std::span(rows).first(count)) {
    requests.push_back(
        {options_.subject_prefix + std::string(to_string(row.event.type)), event_id(row.event), form_.write(row)});
  }
  const auto answers = connection_->ask(requests, kTimeout);
  if (answers.trouble) connection_.reset();
  Published published;
  for (const auto& answer : answers.each) {
    if (!answer.has_come) {
      published.trouble = answers.trouble;
    } else if (answer.has_no_responder) {
      published.trouble = Error(ErrorCode::Io, "no JetStream stream takes the events' subjects");
    } else if (const auto error = error_of(answer.payload); error.code != 0) {
      published.trouble = Error(ErrorCode::Io, "NATS: " + printable(error.description));
    }
    is_careful_ = published.trouble.has_value();
    if (published.trouble) return published;
    ++published.done;
  }
  return published;
}

}  // namespace carillon::publish
