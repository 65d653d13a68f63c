#include "asterisk/ami_connection.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/log.h"
#include "base/text.h"

namespace carillon::asterisk {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds kPingEvery{15};
constexpr std::chrono::seconds kPingDeadline{10};
constexpr std::size_t kReadBytes = 64 * 1024;
// Asterisk writes each event by itself. Under load they are taken in together: a wake-up and a system call cost more
// than an event, and nobody hears 20 ms.
constexpr std::chrono::milliseconds kReadEvery{20};

}  // namespace

AmiConnection::AmiConnection(asio::io_context& io, AmiLogin login, OnEvent on_event, OnBroken on_broken)
    : io_(io),
      socket_(io),
      login_(std::move(login)),
      on_event_(std::move(on_event)),
      on_broken_(std::move(on_broken)) {}

std::string AmiConnection::next_action_id() { return fmt::format("c{}", next_id_++); }

asio::awaitable<Result<void>> AmiConnection::open(std::chrono::seconds deadline) {
  const auto self = shared_from_this();
  const std::string where = fmt::format("{}:{}", login_.host, login_.port);
  // The deadline closes the socket; whatever waits on it then fails.
  asio::steady_timer timer(io_, deadline);
  timer.async_wait([self](error_code error) {
    if (!error && !self->is_open_) self->socket_.close(error);
  });

  error_code error;
  asio::ip::tcp::resolver resolver(io_);
  const auto endpoints = co_await resolver.async_resolve(login_.host, std::to_string(login_.port),
                                                         asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return fail(ErrorCode::Telephony, fmt::format("AMI {}: {}", where, error.message()));
  co_await asio::async_connect(socket_, endpoints, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return fail(ErrorCode::Telephony, fmt::format("AMI {}: {}", where, error.message()));
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  socket_.set_option(asio::socket_base::keep_alive(true), error);

  asio::co_spawn(io_, [self]() { return self->read_until_broken(); }, asio::detached);
  Result<void> logged_in = co_await log_in();
  if (!logged_in) {
    close();
    co_return std::unexpected(Error(ErrorCode::Telephony, fmt::format("AMI {}: {}", where, logged_in.error().detail)));
  }
  is_open_ = true;
  timer.cancel();
  asio::co_spawn(io_, [self]() { return self->ping_until_broken(); }, asio::detached);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> AmiConnection::log_in() {
  AmiAction challenge("Challenge");
  challenge.id(next_action_id()).add("AuthType", "MD5");
  Result<AmiAnswer> asked = co_await ask(std::move(challenge), std::chrono::seconds(10));
  if (!asked) co_return std::unexpected(asked.error());
  const std::string text(asked->response.get("Challenge"));
  if (text.empty()) co_return fail(ErrorCode::Telephony, "it gave no login challenge: is it an Asterisk manager port?");

  AmiAction login("Login");
  login.id(next_action_id()).add("AuthType", "MD5").add("Username", login_.username);
  login.add("Key", md5_hex(text + login_.secret)).add("Events", login_.events.empty() ? "off" : "on");
  Result<AmiAnswer> answered = co_await ask(std::move(login), std::chrono::seconds(10));
  if (!answered) co_return std::unexpected(answered.error());
  if (!answered->response.is_success()) {
    co_return fail(ErrorCode::Telephony, fmt::format("login of user {} refused: {}", login_.username,
                                                     printable(answered->response.get("Message"))));
  }
  // Only what is used may arrive, whatever manager.conf says.
  for (const auto& name : login_.events) {
    AmiAction filter("Filter");
    filter.id(next_action_id())
        .add("Operation", "Add")
        .add("MatchCriteria", fmt::format("action(include),name({})", name));
    filter.add("Filter", "");
    Result<AmiAnswer> added = co_await ask(std::move(filter), std::chrono::seconds(10));
    if (!added) co_return std::unexpected(added.error());
    if (!added->response.is_success()) {
      log::debug("ami_filter_refused", {{"event", name}, {"detail", std::string(added->response.get("Message"))}});
      break;  // it works without, at a higher price
    }
  }
  co_return Result<void>{};
}

asio::awaitable<void> AmiConnection::read_until_broken() {
  const auto self = shared_from_this();
  std::string buffer(kReadBytes, '\0');
  asio::steady_timer pause(io_);
  for (;;) {
    error_code error;
    if (is_open_) {
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      if (is_closed_) co_return;
    }
    pause.expires_after(kReadEvery);
    const auto size =
        co_await socket_.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      broken(error == asio::error::eof ? "closed by Asterisk" : error.message());
      co_return;
    }
    if (!parser_.feed(std::string_view(buffer).substr(0, size))) {
      broken("more events than can be handled");
      co_return;
    }
    while (auto message = parser_.next()) {
      dispatch(std::move(*message));
      if (is_closed_) co_return;
    }
  }
}

asio::awaitable<void> AmiConnection::ping_until_broken() {
  const auto self = shared_from_this();
  asio::steady_timer timer(io_);
  while (!is_closed_) {
    error_code error;
    timer.expires_after(kPingEvery);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (is_closed_) co_return;
    AmiAction ping("Ping");
    ping.id(next_action_id());
    Result<AmiAnswer> pong = co_await ask(std::move(ping), kPingDeadline);
    if (!pong && !is_closed_) {
      broken("no answer to a ping");
      co_return;
    }
  }
}

void AmiConnection::dispatch(AmiMessage message) {
  const std::string id(message.get("ActionID"));
  const auto waiting = id.empty() ? pending_.end() : pending_.find(id);
  if (waiting == pending_.end()) {
    if (message.has("Event")) on_event_(std::move(message));
    return;
  }
  const bool is_response = message.is_response();
  const auto list = to_lower(message.get("EventList"));
  if (is_response) {
    waiting->second.answer.response = std::move(message);
    if (list == "start") return;
  } else {
    waiting->second.answer.items.push_back(std::move(message));
    if (list != "complete") return;
  }
  Pending done = std::move(waiting->second);
  pending_.erase(waiting);
  if (done.on_answer) done.on_answer(std::move(done.answer));
}

void AmiConnection::send(AmiAction action, OnAnswer on_answer) {
  if (is_closed_ || pending_.size() >= kMaxPendingActions || output_.size() >= kMaxOutputBytes) {
    if (on_answer)
      on_answer(fail(ErrorCode::Telephony, is_closed_ ? "the AMI connection is closed" : "AMI is too slow"));
    return;
  }
  output_ += action.to_wire();
  pending_[action.action_id()] = Pending{std::move(on_answer), {}};
  if (is_flush_due_) return;
  // What else is sent in this turn of the loop goes with it.
  is_flush_due_ = true;
  asio::post(io_, [self = shared_from_this()] {
    self->is_flush_due_ = false;
    self->flush();
  });
}

asio::awaitable<Result<AmiAnswer>> AmiConnection::ask(AmiAction action, std::chrono::seconds deadline) {
  const auto self = shared_from_this();
  const std::string id = action.action_id();
  auto answer = std::make_shared<std::optional<Result<AmiAnswer>>>();
  auto timer = std::make_shared<asio::steady_timer>(io_, deadline);
  send(std::move(action), [answer, timer](Result<AmiAnswer> result) {
    answer->emplace(std::move(result));
    timer->cancel();
  });
  if (!answer->has_value()) {
    error_code error;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  if (!answer->has_value()) {
    pending_.erase(id);
    co_return fail(ErrorCode::Timeout, "no answer in time");
  }
  co_return std::move(**answer);
}

void AmiConnection::flush() {
  if (!writing_.empty() || output_.empty() || is_closed_) return;
  writing_.swap(output_);
  asio::async_write(socket_, asio::buffer(writing_), [self = shared_from_this()](error_code error, std::size_t) {
    self->writing_.clear();
    if (error) {
      self->broken(error.message());
      return;
    }
    self->flush();
  });
}

void AmiConnection::broken(std::string reason) {
  if (is_closed_) return;
  const bool was_open = is_open_;
  close();
  if (was_open) on_broken_(std::move(reason));
}

void AmiConnection::close() {
  if (is_closed_) return;
  is_closed_ = true;
  is_open_ = false;
  error_code ignored;
  socket_.close(ignored);
  auto waiting = std::move(pending_);
  pending_.clear();
  for (auto& [id, pending] : waiting) {
    if (pending.on_answer) pending.on_answer(fail(ErrorCode::Telephony, "the AMI connection was lost"));
  }
}

}  // namespace carillon::asterisk
