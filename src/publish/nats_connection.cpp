#include "publish/nats_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace carillon::publish {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
// The answers to the other requests come within this.
constexpr std::chrono::seconds kAfterError{1};

Error io_error(std::string_view what, int code) {
  return Error(ErrorCode::Io, fmt::format("NATS: {}: {}", what, std::strerror(code)));
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

NatsConnection::NatsConnection(int fd) : fd_(fd), inbox_("_INBOX." + random_hex(12) + ".") {}

NatsConnection::~NatsConnection() { ::close(fd_); }

Result<std::unique_ptr<NatsConnection>> NatsConnection::open(const NatsServer& server, Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(server.port);
  if (const int code = ::getaddrinfo(server.host.c_str(), port.c_str(), &hints, &found); code != 0)
    return fail(ErrorCode::Io, fmt::format("NATS: {}: {}", server.host, ::gai_strerror(code)));
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
  Error last(ErrorCode::Io, "NATS: no address");
  for (const auto* address = found; address != nullptr; address = address->ai_next) {
    const int fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    std::unique_ptr<NatsConnection> made(new NatsConnection(fd));
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(fd, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS) {
      last = io_error(server.host + ":" + port, errno);
      continue;
    }
    if (auto connected = made->wait(POLLOUT, deadline); !connected) {
      last = connected.error();
      continue;
    }
    int code = 0;
    socklen_t size = sizeof(code);
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) {
      last = io_error(server.host + ":" + port, code);
      continue;
    }
    if (auto greeted = made->greet(server, deadline); !greeted) return std::unexpected(greeted.error());
    return made;
  }
  return std::unexpected(last);
}

Result<void> NatsConnection::greet(const NatsServer& server, Deadline deadline) {
  boost::json::object hello{{"verbose", false}, {"pedantic", false},     {"lang", "c++"},
                            {"version", "1"},   {"name", "carillon"},    {"protocol", 1},
                            {"headers", true},  {"no_responders", true}, {"tls_required", false}};
  if (!server.token.empty()) hello["auth_token"] = server.token;
  if (!server.username.empty()) {
    hello["user"] = server.username;
    hello["pass"] = server.password;
  }
  const auto text = fmt::format("CONNECT {}\r\nSUB {}* 1\r\nPING\r\n", boost::json::serialize(hello), inbox_);
  if (auto sent = send(text, deadline); !sent) return sent;
  const auto answer = receive(deadline);
  if (!answer) return std::unexpected(answer.error());
  if (answer->kind == NatsFrame::Kind::kPong) return {};
  return fail(ErrorCode::Io, "the NATS server refuses: " + printable(answer->payload, 200));
}

NatsAnswers NatsConnection::ask(const std::vector<NatsRequest>& requests, Duration timeout) {
  auto deadline = std::chrono::steady_clock::now() + timeout;
  const std::uint64_t first = next_;
  std::string bytes;
  for (const auto& request : requests) {
    const auto reply = fmt::format("{}{}", inbox_, next_++);
    if (request.message_id.empty()) {
      bytes += fmt::format("PUB {} {} {}\r\n", request.subject, reply, request.payload.size());
    } else {
      const auto headers = fmt::format("NATS/1.0\r\nNats-Msg-Id: {}\r\n\r\n", request.message_id);
      bytes += fmt::format("HPUB {} {} {} {}\r\n{}", request.subject, reply, headers.size(),
                           headers.size() + request.payload.size(), headers);
    }
    bytes += request.payload + "\r\n";
  }
  NatsAnswers answers{std::vector<NatsAnswer>(requests.size()), std::nullopt};
  if (auto sent = send(bytes, deadline); !sent) {
    answers.trouble = sent.error();
    return answers;
  }
  std::size_t open = requests.size();
  while (open > 0) {
    auto frame = receive(deadline);
    if (!frame) {
      if (!answers.trouble) answers.trouble = frame.error();
      return answers;
    }
    // It does not say which request it refuses: that is the one whose answer does not come.
    if (frame->kind == NatsFrame::Kind::kError) {
      answers.trouble = Error(ErrorCode::Io, "the NATS server says: " + printable(frame->payload, 200));
      deadline = std::min(deadline, std::chrono::steady_clock::now() + kAfterError);
      continue;
    }
    if (!frame->subject.starts_with(inbox_)) continue;
    const auto text = std::string_view(frame->subject).substr(inbox_.size());
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    // An answer to a request that was given up is late.
    if (number < first || number - first >= requests.size() || answers.each[number - first].has_come) continue;
    auto& answer = answers.each[number - first];
    answer.has_come = true;
    answer.has_no_responder = frame->headers.starts_with("NATS/1.0 503");
    answer.payload = std::move(frame->payload);
    --open;
  }
  return answers;
}

Result<void> NatsConnection::send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = wait(POLLOUT, deadline); !ready) return ready;
    } else if (errno != EINTR) {
      return std::unexpected(io_error("sending", errno));
    }
  }
  return {};
}

Result<NatsFrame> NatsConnection::receive(Deadline deadline) {
  for (;;) {
    auto frame = parser_.next();
    if (!frame) return std::unexpected(frame.error());
    if (!*frame) {
      if (auto ready = wait(POLLIN, deadline); !ready) return std::unexpected(ready.error());
      std::array<char, kReadBytes> bytes{};
      const auto got = ::recv(fd_, bytes.data(), bytes.size(), 0);
      if (got == 0) return fail(ErrorCode::Io, "the NATS server closed the connection");
      if (got > 0) parser_.feed({bytes.data(), static_cast<std::size_t>(got)});
      if (got < 0 && errno != EAGAIN && errno != EINTR) return std::unexpected(io_error("receiving", errno));
      continue;
    }
    switch ((*frame)->kind) {
      case NatsFrame::Kind::kPing:
        if (auto sent = send("PONG\r\n", deadline); !sent) return std::unexpected(sent.error());
        break;
      case NatsFrame::Kind::kInfo:
      case NatsFrame::Kind::kOk: break;
      case NatsFrame::Kind::kMessage:
      case NatsFrame::Kind::kPong:
      case NatsFrame::Kind::kError: return std::move(**frame);
    }
  }
}

Result<void> NatsConnection::wait(short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
    if (left <= Duration(0)) return fail(ErrorCode::Timeout, "the NATS server does not answer");
    pollfd poll{fd_, events, 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(std::min<std::int64_t>(left.count() + 1, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return std::unexpected(io_error("waiting", errno));
  }
}

}  // namespace carillon::publish
