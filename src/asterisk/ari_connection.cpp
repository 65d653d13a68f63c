#include "asterisk/ari_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "base/crypto.h"
#include "base/log.h"
#include "base/text.h"

namespace carillon::asterisk {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::milliseconds kSweepEvery{250};

// What is of use; ARI would send a dozen more for each channel. The filter holds for answers over the WebSocket, too
// (measured, Asterisk 22.10).
constexpr std::string_view kEventFilter =
    R"({"allowed":[{"type":"RESTResponse"},{"type":"StasisStart"},{"type":"StasisEnd"},{"type":"ChannelDestroyed"},)"
    R"({"type":"ChannelDtmfReceived"},{"type":"PlaybackFinished"},{"type":"RecordingFinished"},)"
    R"({"type":"RecordingFailed"}]})";

}  // namespace

AriConnection::AriConnection(asio::io_context& io, AriOptions options)
    : io_(io),
      options_(std::move(options)),
      authorization_("Basic " + to_base64(options_.username + ":" + options_.password)),
      retry_(io),
      sweep_(io),
      backoff_(std::chrono::milliseconds(200), std::chrono::seconds(10), std::random_device{}()),
      http_(options_.host, options_.port) {
  if (!options_.username.empty()) state_.state = "unknown";
}

AriConnection::~AriConnection() {
  *is_alive_ = false;
  stop();
}

void AriConnection::start() {
  if (options_.username.empty() || !is_stopped_) return;
  is_stopped_ = false;
  connect();
}

void AriConnection::stop() {
  is_stopped_ = true;
  retry_.cancel();
  sweep_.cancel();
  socket_.reset();
  pending_.clear();
}

void AriConnection::connect() {
  net::WebSocketOptions options;
  options.host = options_.host;
  options.port = options_.port;
  options.target = fmt::format("/ari/events?app={}&subscribeAll=false", net::percent_encode(options_.app));
  options.headers = {{"Authorization", authorization_}};
  socket_ = std::make_unique<net::WebSocket>(io_, std::move(options));
  // Whoever destroys the socket ends its callbacks.
  socket_->open([this](Result<void> opened) { on_open(std::move(opened)); },
                [this](const std::string& text) { on_text(text); },
                [this](const std::string& reason) { lost(reason); });
}

void AriConnection::on_open(Result<void> opened) {
  if (!opened) {
    lost(opened.error().detail);
    return;
  }
  sweep();
  probe();
}

// A node that does not know REST over WebSocket ignores what it is sent.
void AriConnection::probe() {
  const AriRequest ping{"GET", "asterisk/ping", {}};
  ask_by_web_socket(ping, options_.probe_timeout, [this, ping](const Result<AriAnswer>& answer) {
    if (answer && answer->is_success()) {
      ready("websocket");
      return;
    }
    if (!socket_) return;
    ask_by_http(ping, [this](const Result<AriAnswer>& by_http) {
      if (!socket_) return;
      if (by_http && by_http->is_success()) {
        ready("http");
      } else {
        lost(by_http ? refusal_of(*by_http) : by_http.error().detail);
      }
    });
  });
}

void AriConnection::ready(std::string transport) {
  state_ = {"up", std::move(transport), ""};
  backoff_.reset();
  ask({"PUT", fmt::format("applications/{}/eventFilter", options_.app), {}, std::string(kEventFilter)},
      [](const Result<AriAnswer>& answer) {
        // It works without, at a higher price.
        if (answer && !answer->is_success()) log::debug("ari_filter_refused", {{"detail", refusal_of(*answer)}});
      });
  log::info("ari_up", {{"transport", state_.transport}});
  if (listener_.on_up) listener_.on_up();
}

void AriConnection::lost(const std::string& reason) {
  const bool was_up = state_.state == "up";
  const auto detail = printable(reason);
  if (was_up || state_.detail != detail) log::warn("ari_down", {{"detail", detail}});
  state_ = {"down", "", detail};
  sweep_.cancel();
  // Not destroyed here: this may be one of its callbacks.
  if (socket_) socket_->close();
  auto pending = std::exchange(pending_, {});
  for (auto& [id, waiting] : pending) waiting.on_answer(fail(ErrorCode::Telephony, "the ARI connection was lost"));
  if (was_up && listener_.on_down) listener_.on_down();
  if (is_stopped_) return;
  retry_.expires_after(backoff_.next());
  retry_.async_wait([this, alive = is_alive_](error_code error) {
    if (!error && *alive && !is_stopped_) connect();
  });
}

void AriConnection::on_text(const std::string& text) {
  auto message = parse_ari_message(text);
  if (!message) {
    log::warn("ari_message_odd", {{"detail", message.error().detail}});
    return;
  }
  if (const auto* event = std::get_if<AriEvent>(&*message)) {
    if (state_.state == "up" && listener_.on_event) listener_.on_event(*event);
    return;
  }
  auto& response = std::get<AriResponse>(*message);
  const auto waiting = pending_.find(response.request_id);
  if (waiting == pending_.end()) return;  // it came too late
  const auto on_answer = std::move(waiting->second.on_answer);
  pending_.erase(waiting);
  on_answer(std::move(response.answer));
}

void AriConnection::ask(AriRequest request, OnAnswer on_answer) {
  if (state_.state != "up") {
    on_answer(fail(ErrorCode::Unavailable, state_.state == "off" ? std::string("ARI is not configured: ari.username")
                                                                 : "ARI is not connected: " + state_.detail));
    return;
  }
  if (state_.transport == "http") {
    ask_by_http(std::move(request), std::move(on_answer));
  } else {
    ask_by_web_socket(request, kRequestTimeout, std::move(on_answer));
  }
}

asio::awaitable<Result<AriAnswer>> AriConnection::ask(AriRequest request) {
  auto answer = std::make_shared<std::optional<Result<AriAnswer>>>();
  auto timer = std::make_shared<asio::steady_timer>(io_, Clock::time_point::max());
  ask(std::move(request), [answer, timer](Result<AriAnswer> result) {
    answer->emplace(std::move(result));
    timer->cancel();
  });
  if (!answer->has_value()) {
    error_code ignored;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!answer->has_value()) co_return fail(ErrorCode::Unavailable, "ARI is being stopped");
  co_return std::move(**answer);
}

void AriConnection::ask_by_web_socket(const AriRequest& request, std::chrono::milliseconds timeout,
                                      OnAnswer on_answer) {
  if (pending_.size() >= kMaxPending) {
    on_answer(fail(ErrorCode::QueueFull, "too many requests to ARI are under way"));
    return;
  }
  const auto id = fmt::format("r{}", next_id_++);
  if (!socket_->send(to_web_socket(request, id))) {
    on_answer(fail(ErrorCode::Telephony, "the ARI connection takes no more"));
    return;
  }
  pending_[id] = {std::move(on_answer), Clock::now() + timeout};
}

void AriConnection::ask_by_http(AriRequest request, OnAnswer on_answer) {
  auto job = [this, alive = is_alive_, request = std::move(request), on_answer] {
    net::HttpPairs headers{{"Authorization", authorization_}};
    if (!request.body.empty()) headers.emplace_back("Content-Type", "application/json");
    auto answered = http_.request(request.method, to_target(request), request.body, headers, kRequestTimeout);
    auto answer = answered ? Result<AriAnswer>(AriAnswer{answered->status, std::move(answered->body)})
                           : std::unexpected(answered.error());
    asio::post(io_, [alive, on_answer, answer = std::move(answer)] {
      if (*alive) on_answer(answer);
    });
  };
  if (!http_thread_.submit(std::move(job)))
    on_answer(fail(ErrorCode::QueueFull, "too many requests to ARI are under way"));
}

// Ends what was not answered in time.
void AriConnection::sweep() {
  sweep_.expires_after(kSweepEvery);
  sweep_.async_wait([this, alive = is_alive_](error_code error) {
    if (error || !*alive || is_stopped_) return;
    std::vector<OnAnswer> late;
    const auto now = Clock::now();
    std::erase_if(pending_, [&](auto& entry) {
      if (entry.second.deadline > now) return false;
      late.push_back(std::move(entry.second.on_answer));
      return true;
    });
    // Before the answers: one of them may end the connection.
    sweep();
    for (const auto& on_answer : late) on_answer(fail(ErrorCode::Timeout, "ARI gave no answer in time"));
  });
}

}  // namespace carillon::asterisk
