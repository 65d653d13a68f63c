// Events: the outbox in pages, how the sinks are, dead letters, and sending again.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/api.h"
#include "api/json.h"
#include "api/pages.h"
#include "base/log.h"
#include "base/text.h"

namespace carillon::api {
namespace {

boost::json::object to_json(const SinkState& state) {
  boost::json::object json{{"name", state.name},
                           {"position", state.position},
                           {"lag", state.lag},
                           {"state", state.trouble.empty() ? "up" : "retrying"},
                           {"deadLetters", state.dead_letters}};
  if (state.trouble.empty()) return json;
  json["trouble"] = state.trouble;
  json["failures"] = state.failures;
  if (state.next_try) json["nextTryAt"] = to_rfc3339(*state.next_try);
  return json;
}

boost::json::object to_json(const DeadLetter& letter) {
  return {
      {"sink", letter.sink}, {"position", letter.position}, {"reason", letter.reason}, {"at", to_rfc3339(letter.at)}};
}

std::string sink_of(const boost::json::object& body) {
  const auto* sink = body.if_contains("sink");
  return sink != nullptr && sink->is_string() ? std::string(sink->as_string()) : std::string();
}

}  // namespace

template <class T, class Ask, class Show>
void Api::ask_outbox(const net::Respond& respond, Ask ask, Show show) {
  const auto job = [this, respond, ask = std::move(ask), show = std::move(show)] {
    const auto result = ask(*surroundings_.outbox);
    auto response = result ? answer(200, show(*result)) : net::problem(result.error());
    surroundings_.post([respond, response = std::move(response)]() mutable { respond(std::move(response)); });
  };
  if (!surroundings_.run_on_worker(job)) respond(net::problem(Error(ErrorCode::QueueFull, "ask again soon")));
}

void Api::list_events(Request request) {
  const auto limit = limit_of(request.http);
  const auto after = key_after(request.http);
  if (!limit || !after) {
    request.respond(net::problem(!limit ? limit.error() : after.error()));
    return;
  }
  const auto ask = [after = *after, limit = *limit](Outbox& outbox) { return outbox.read_after(after, limit); };
  const auto show = [this, limit = *limit](const std::vector<OutboxRow>& rows) {
    boost::json::array events;
    for (const auto& row : rows) events.push_back(boost::json::parse(surroundings_.write_event(row)));
    boost::json::object json{{"events", std::move(events)}};
    if (static_cast<int>(rows.size()) == limit) json["next"] = std::to_string(rows.back().position);
    return json;
  };
  ask_outbox<std::vector<OutboxRow>>(request.respond, ask, show);
}

void Api::list_sinks(Request request) {
  boost::json::array sinks;
  for (const auto& state : surroundings_.relay->states()) sinks.push_back(to_json(state));
  request.respond(answer(200, boost::json::object{{"sinks", std::move(sinks)}}));
}

void Api::list_dead_letters(Request request) {
  const auto limit = limit_of(request.http);
  const auto after = key_after(request.http);
  const auto* sink = request.http.query_value("sink");
  if (!limit || !after || sink == nullptr) {
    const Error no_sink(ErrorCode::Invalid, "sink: which one? GET /v1/events/sinks has their names");
    request.respond(net::problem(!limit ? limit.error() : !after ? after.error() : no_sink));
    return;
  }
  const auto states = surroundings_.relay->states();
  if (std::ranges::find(states, *sink, &SinkState::name) == states.end()) {
    request.respond(
        net::problem(Error(ErrorCode::NotFound, fmt::format("there is no sink {}", printable(*sink, 100)))));
    return;
  }
  const auto ask = [sink = *sink, after = *after, limit = *limit](Outbox& outbox) {
    return outbox.dead_letters(sink, after, limit);
  };
  const auto show = [limit = *limit](const std::vector<DeadLetter>& letters) {
    boost::json::array list;
    for (const auto& letter : letters) list.push_back(to_json(letter));
    boost::json::object json{{"deadLetters", std::move(list)}};
    if (static_cast<int>(letters.size()) == limit) json["next"] = std::to_string(letters.back().position);
    return json;
  };
  ask_outbox<std::vector<DeadLetter>>(request.respond, ask, show);
}

// {"sink": "…", "from": 1234} or {"sink": "…", "since": "2026-11-22T14:00:00Z"}
void Api::replay_events(Request request) {
  const auto body = parse_object(request.http.body);
  if (!body) {
    request.respond(net::problem(body.error()));
    return;
  }
  const auto* from = body->if_contains("from");
  const auto* since = body->if_contains("since");
  const auto time =
      since != nullptr && since->is_string() ? parse_rfc3339(std::string(since->as_string())) : std::nullopt;
  const bool has_from = from != nullptr && from->is_int64() && from->as_int64() >= 1;
  if (has_from == time.has_value()) {
    request.respond(net::problem(
        Error(ErrorCode::Invalid, "either from, a position from 1 on, or since, a time such as 2026-11-22T14:00:00Z")));
    return;
  }
  const auto ask = [this, sink = sink_of(*body), time,
                    position = has_from ? from->as_int64() : 0](Outbox& outbox) -> Result<std::int64_t> {
    const auto before = time ? outbox.position_before(*time) : Result<std::int64_t>(position - 1);
    if (!before) return before;
    if (auto replayed = surroundings_.relay->replay(sink, *before + 1); !replayed)
      return std::unexpected(replayed.error());
    return *before + 1;
  };
  const auto show = [sink = sink_of(*body)](std::int64_t first) {
    return boost::json::object{{"sink", sink}, {"from", first}};
  };
  log_change(request, fmt::format("events.replay of {}", printable(sink_of(*body), 100)));
  ask_outbox<std::int64_t>(request.respond, ask, show);
}

void Api::retry_dead_letters(Request request) {
  const auto body = parse_object(request.http.body);
  const auto retried = body ? surroundings_.relay->retry_dead_letters(sink_of(*body)) : std::unexpected(body.error());
  if (!retried) {
    request.respond(net::problem(retried.error()));
    return;
  }
  log_change(request, fmt::format("events.retry of {}", printable(sink_of(*body), 100)));
  request.respond(answer(202, boost::json::object{{"sink", sink_of(*body)}}));
}

void Api::log_change(const Request& request, const std::string& what) const {
  log::info("changed", {{"by", request.actor.name}, {"what", what}});
}

}  // namespace carillon::api
