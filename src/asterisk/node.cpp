#include "asterisk/node.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <random>

#include "asterisk/dialplan.h"
#include "asterisk/live_channels.h"
#include "base/log.h"
#include "base/text.h"

namespace carillon::asterisk {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds kConnectDeadline{10};
constexpr std::chrono::seconds kBootDeadline{60};
constexpr std::chrono::seconds kListDeadline{30};
constexpr std::string_view kContext = "outbound-campaign";

int to_int(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "/carillon/<attempt>/<seq>" of AstDB.
bool parse_journal_key(std::string_view key, std::string& attempt_id, std::uint32_t& seq) {
  constexpr std::string_view family = "/carillon/";
  if (!key.starts_with(family)) return false;
  key.remove_prefix(family.size());
  const auto slash = key.rfind('/');
  if (slash == std::string_view::npos) return false;
  attempt_id = key.substr(0, slash);
  const auto digits = key.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  return error == std::errc() && end == digits.data() + digits.size() && is_safe_id(attempt_id);
}

}  // namespace

Node::Node(asio::io_context& io, NodeOptions options)
    : io_(io),
      options_(std::move(options)),
      wake_(io),
      backoff_(std::chrono::milliseconds(200), std::chrono::seconds(10), std::random_device{}()) {
  // FullyBooted first: it may come while the filters of the others are being set.
  options_.events.events = {"FullyBooted", "OriginateResponse", "DialState", "Hangup", "UserEvent", "Shutdown"};
  state_.detail = "not connected yet";
}

Node::~Node() {
  *is_alive_ = false;
  disconnect();
}

void Node::start() { asio::co_spawn(io_, run(), asio::detached); }

void Node::stop() {
  is_stopping_ = true;
  disconnect();
  wake_.cancel();
}

asio::awaitable<void> Node::run() {
  const auto alive = is_alive_;
  while (*alive && !is_stopping_) {
    broken_reason_.clear();
    Result<void> connected = co_await connect();
    if (!*alive || is_stopping_) co_return;
    error_code ignored;
    if (connected) {
      backoff_.reset();
      log::info("node_up", {{"boot", state_.boot}});
      listener_.on_up(state_);
      while (*alive && !is_stopping_ && broken_reason_.empty()) {
        wake_.expires_after(std::chrono::hours(1));
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      }
      if (!*alive || is_stopping_) co_return;
      log::warn("node_down", {{"reason", broken_reason_}});
      state_.is_up = false;
      state_.detail = broken_reason_;
      disconnect();
      listener_.on_down();
    } else {
      if (state_.detail != connected.error().detail)
        log::warn("node_unreachable", {{"detail", connected.error().detail}});
      state_.detail = connected.error().detail;
      disconnect();
    }
    wake_.expires_after(backoff_.next());
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<Result<void>> Node::connect() {
  const auto on_broken = [this, alive = is_alive_](const std::string& reason) {
    if (!*alive) return;
    broken_reason_ = reason;
    wake_.cancel();
  };
  const auto ignore = [](const AmiMessage&) {};
  is_holding_ = true;
  is_booted_ = false;
  held_.clear();
  // Events first, held back until the engine has looked: nothing that happens from here on can be missed.
  events_ = std::make_shared<AmiConnection>(
      io_, options_.events,
      [this, alive = is_alive_](const AmiMessage& message) {
        if (*alive) on_message(message);
      },
      on_broken);
  Result<void> opened = co_await events_->open(kConnectDeadline);
  if (!opened) co_return opened;
  orders_ = std::make_shared<AmiConnection>(io_, options_.orders, ignore, on_broken);
  opened = co_await orders_->open(kConnectDeadline);
  if (!opened) co_return opened;
  journal_ = std::make_shared<AmiConnection>(io_, options_.journal, ignore, on_broken);
  opened = co_await journal_->open(kConnectDeadline);
  if (!opened) co_return opened;
  Result<std::string> boot = co_await boot_identity();
  if (!boot) co_return std::unexpected(boot.error());
  if (auto booted = co_await wait_until_booted(); !booted) co_return booted;
  state_ = NodeState{true, *boot, ""};
  co_return Result<void>{};
}

// Asterisk lets its manager users in before its modules are loaded. What is ordered then is lost without a word.
asio::awaitable<Result<void>> Node::wait_until_booted() {
  const auto alive = is_alive_;
  const auto deadline = std::chrono::steady_clock::now() + kBootDeadline;
  while (!is_booted_ && !is_stopping_ && broken_reason_.empty() && std::chrono::steady_clock::now() < deadline) {
    error_code ignored;
    wake_.expires_at(deadline);
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (!*alive) co_return fail(ErrorCode::Telephony, "given up");
  }
  if (!broken_reason_.empty()) co_return fail(ErrorCode::Telephony, broken_reason_);
  if (!is_booted_) {
    co_return fail(ErrorCode::Telephony,
                   "Asterisk does not say that it is fully booted: it is still starting, or the events user lacks "
                   "read=system");
  }
  co_return Result<void>{};
}

asio::awaitable<Result<std::string>> Node::boot_identity() {
  AmiAction status("CoreStatus");
  status.id(journal_->next_action_id());
  Result<AmiAnswer> answer = co_await journal_->ask(std::move(status), kConnectDeadline);
  if (!answer) co_return std::unexpected(answer.error());
  const auto& response = answer->response;
  if (!response.is_success()) {
    co_return fail(ErrorCode::Telephony,
                   fmt::format("CoreStatus refused: {} (the journal user needs write=system,reporting)",
                               printable(response.get("Message"))));
  }
  co_return fmt::format("{} {}", response.get("CoreStartupDate"), response.get("CoreStartupTime"));
}

void Node::disconnect() {
  for (auto* connection : {&orders_, &events_, &journal_}) {
    if (*connection) (*connection)->close();
    connection->reset();
  }
  state_.is_up = false;
}

bool Node::place(const Placement& placement) {
  if (!state_.is_up || !orders_) return false;
  const std::string id = placement.attempt_id;
  AmiAction originate("Originate");
  originate.id(id)
      .add("ChannelId", id)
      .add("Channel", fmt::format("PJSIP/{}@{}", placement.number, placement.trunk))
      .add("Context", kContext)
      .add("Exten", "s")
      .add("Priority", "1")
      .add("Async", "true")
      .add("Timeout", std::to_string(placement.timeout.count()));
  if (!placement.caller_id.empty()) originate.add("CallerID", fmt::format("<{}>", placement.caller_id));
  const auto now = to_ms(wall_clock_now());
  originate.add("Variable", fmt::format("DB(carillon/{}/0)=placed:{}", id, now))
      .add("Variable", "CHANNEL(hangup_handler_push)=\"hangup-handler,s,1\"")
      .variable("CARILLON_ID", id)
      .variable("CARILLON_PREAMBLE", placement.preamble)
      .variable("CARILLON_AUDIO", placement.audio)
      .variable("CARILLON_CALLER", placement.number);
  for (const auto& [key, action] : placement.keys) {
    const auto name = key_variable(key);
    if (!name.empty()) originate.variable(name, to_string(action));
  }
  orders_->send(std::move(originate), [this, alive = is_alive_, id](const Result<AmiAnswer>& answer) {
    if (!*alive || !answer) return;  // a broken connection: settling finds out what became of it
    if (answer->response.is_success()) {
      emit(id, CallAccepted{});
    } else {
      emit(id, CallRefused{printable(answer->response.get("Message"))});
    }
  });
  return true;
}

void Node::acknowledge(const std::string& attempt_id, std::uint32_t seq) {
  if (!orders_) return;  // the dialplan goes on by itself after its wait
  AmiAction set("Setvar");
  set.id(orders_->next_action_id())
      .add("Channel", channel_of(attempt_id))
      .add("Variable", "CARILLON_ACK")
      .add("Value", std::to_string(seq));
  orders_->send(std::move(set), [attempt_id](const Result<AmiAnswer>& answer) {
    if (answer && !answer->response.is_success()) {
      log::debug("acknowledge_late",
                 {{"attempt", attempt_id}, {"detail", std::string(answer->response.get("Message"))}});
    }
  });
}

void Node::hang_up(const std::string& attempt_id) {
  if (!orders_) return;
  AmiAction hangup("Hangup");
  hangup.id(orders_->next_action_id()).add("Channel", channel_of(attempt_id)).add("Cause", "16");
  orders_->send(std::move(hangup), nullptr);
}

void Node::finish(const std::string& attempt_id) {
  if (!orders_) return;
  AmiAction set("Setvar");
  set.id(orders_->next_action_id())
      .add("Channel", channel_of(attempt_id))
      .add("Variable", "CARILLON_FINISH")
      .add("Value", "1");
  orders_->send(std::move(set), nullptr);
}

asio::awaitable<Result<AmiAnswer>> Node::ask(AmiAction action) {
  const auto connection = orders_;
  if (!connection || !state_.is_up) co_return fail(ErrorCode::Unavailable, "the node is not connected");
  action.id(connection->next_action_id());
  co_return co_await connection->ask(std::move(action), kConnectDeadline);
}

void Node::forget(const std::string& attempt_id, const std::vector<std::uint32_t>& seqs) {
  if (!journal_) return;  // the next settling finds them, sees that they are counted, and deletes them
  for (const auto seq : seqs) {
    AmiAction remove("DBDel");
    remove.id(journal_->next_action_id())
        .add("Family", fmt::format("carillon/{}", attempt_id))
        .add("Key", std::to_string(seq));
    journal_->send(std::move(remove), nullptr);
  }
}

void Node::look(std::function<void(Result<NodeSnapshot>)> reply) {
  asio::co_spawn(io_, look_now(std::move(reply)), asio::detached);
}

asio::awaitable<void> Node::look_now(std::function<void(Result<NodeSnapshot>)> reply) {
  const auto connection = journal_;
  if (!connection) {
    reply(fail(ErrorCode::Telephony, "the node is not connected"));
    co_return;
  }
  // Channels first, then the journal: a call that ends in between has left the list, but its end record is there.
  AmiAction list("CoreShowChannels");
  list.id(connection->next_action_id());
  Result<AmiAnswer> channels = co_await connection->ask(std::move(list), kListDeadline);
  if (!channels) {
    reply(std::unexpected(channels.error()));
    co_return;
  }
  AmiAction tree("DBGetTree");
  tree.id(connection->next_action_id()).add("Family", "carillon");
  Result<AmiAnswer> records = co_await connection->ask(std::move(tree), kListDeadline);
  if (!records) {
    reply(std::unexpected(records.error()));
    co_return;
  }
  if (!channels->response.is_success()) {
    reply(fail(ErrorCode::Telephony,
               fmt::format("CoreShowChannels refused: {}", printable(channels->response.get("Message")))));
    co_return;
  }
  const auto is_whole = [](const AmiAnswer& answer) {
    return !answer.items.empty() && answer.items.back().get("ListItems") == std::to_string(answer.items.size() - 1);
  };
  const bool has_journal = records->response.is_success() && is_whole(*records);
  // Asterisk calls an empty journal an error.
  const bool is_journal_empty =
      !records->response.is_success() && records->response.get("Message").ends_with("not found");
  if (!is_whole(*channels) || (!has_journal && !is_journal_empty)) {
    reply(fail(ErrorCode::Telephony,
               fmt::format("the node's lists are not whole: {}", printable(records->response.get("Message")))));
    co_return;
  }
  NodeSnapshot snapshot;
  for (const auto& item : channels->items) {
    if (item.get("Event") != "CoreShowChannel") continue;
    // What listens to calls is none.
    if (parse_channel_id(item.get("Uniqueid"))) continue;
    snapshot.live[std::string(item.get("Uniqueid"))] = parse_channel_state(item.get("ChannelStateDesc"));
  }
  for (const auto& item : records->items) {
    std::string attempt_id;
    std::uint32_t seq = 0;
    if (!parse_journal_key(item.get("Key"), attempt_id, seq)) continue;
    if (auto note = parse_note(seq, item.get("Val"))) {
      snapshot.notes[attempt_id].push_back(std::move(*note));
    } else {
      log::warn("journal_record_odd", {{"attempt", attempt_id}, {"detail", note.error().detail}});
    }
  }
  reply(std::move(snapshot));
}

void Node::on_message(const AmiMessage& message) {
  const auto event = message.get("Event");
  if (event == "UserEvent") {
    if (message.get("UserEvent") == "carillon-live" && live_listener_.on_said)
      live_listener_.on_said(std::string(message.get("Said")));
    if (message.get("UserEvent") != "carillon") return;
    const std::string id(message.get("Attempt"));
    if (!is_safe_id(id)) return;
    auto note = parse_note(static_cast<std::uint32_t>(to_int(message.get("Seq"))), message.get("Note"));
    if (!note) {
      log::warn("note_odd", {{"attempt", id}, {"detail", note.error().detail}});
      return;
    }
    emit(id, std::move(*note));
  } else if (event == "DialState") {
    const std::string id(message.get("DestUniqueid"));
    const auto status = message.get("DialStatus");
    if (status == "RINGING") emit(id, CallRinging{});
    if (status == "PROGRESS") emit(id, CallProgress{});
  } else if (event == "OriginateResponse") {
    const std::string id(message.get("ActionID"));
    if (message.get("Response") == "Failure") emit(id, OriginateFailed{to_int(message.get("Reason"))});
  } else if (event == "Hangup") {
    const std::string id(message.get("Uniqueid"));
    emit(id, CallHangup{to_int(message.get("Cause")), to_int(message.get("TechCause")),
                        parse_channel_state(message.get("ChannelStateDesc"))});
    if (live_listener_.on_gone) live_listener_.on_gone(id);
  } else if (event == "FullyBooted") {
    is_booted_ = true;
    wake_.cancel();
  }
}

void Node::emit(std::string attempt_id, CallEvent event) {
  if (!is_holding_) {
    listener_.on_event(attempt_id, std::move(event));
    return;
  }
  if (held_.size() >= kMaxHeldEvents) {
    broken_reason_ = "too many events before the node was settled";
    wake_.cancel();
    return;
  }
  held_.push_back({std::move(attempt_id), std::move(event)});
}

void Node::release_events() {
  auto held = std::move(held_);
  held_.clear();
  is_holding_ = false;
  for (auto& event : held) listener_.on_event(event.attempt_id, std::move(event.event));
}

}  // namespace carillon::asterisk
