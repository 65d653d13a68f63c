// For the tests of this folder: raw TCP over plain POSIX, so that a test says byte by byte what a client or a server
// does, and an HttpServer with a thread of its own. Whatever would hang fails after kPatience instead.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/log.h"
#include "net/http_server.h"

namespace carillon::net {

inline constexpr auto kPatience = std::chrono::seconds(20);

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

struct RawAnswer {
  int status = 0;  // 0: the connection ended first
  std::string head;
  std::string body;
};

// One end of a TCP connection.
class RawSocket {
 public:
  static RawSocket connect(std::uint16_t port) {
    RawSocket raw(::socket(AF_INET, SOCK_STREAM, 0));
    const auto address = loopback(port);
    raw.is_connected_ = ::connect(raw.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    return raw;
  }
  explicit RawSocket(int fd) : fd_(fd) {
    const timeval patience{std::chrono::seconds(kPatience).count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  RawSocket(RawSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), is_connected_(other.is_connected_), pending_(std::move(other.pending_)) {}
  ~RawSocket() { close(); }

  bool is_connected() const { return is_connected_; }
  // False when the other side is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // The pause lets the other side read in between; nothing depends on whether it did.
  void send_byte_by_byte(std::string_view bytes) {
    for (const char byte : bytes) {
      send(std::string_view(&byte, 1));
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  // With RST instead of FIN.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  // A byte of it, or the end, is there.
  bool has_answer() {
    char byte = 0;
    return !pending_.empty() || ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }

  // Up to and with the mark; what came when the connection ended first.
  std::string read_until(std::string_view mark) {
    while (pending_.find(mark) == std::string::npos)
      if (!read_more()) return std::exchange(pending_, {});
    return take(pending_.find(mark) + mark.size());
  }
  std::string read_bytes(std::size_t bytes) {
    while (pending_.size() < bytes)
      if (!read_more()) return std::exchange(pending_, {});
    return take(bytes);
  }
  std::string read_to_end() {
    while (read_more()) continue;
    return std::exchange(pending_, {});
  }
  RawAnswer read_answer(bool has_body = true) {
    RawAnswer answer{0, read_until("\r\n\r\n"), {}};
    if (answer.head.starts_with("HTTP/1.1 ")) answer.status = std::atoi(answer.head.c_str() + 9);
    constexpr std::string_view name = "Content-Length: ";
    const auto length = answer.head.find(name);
    if (has_body && length != std::string::npos)
      answer.body = read_bytes(std::strtoul(answer.head.c_str() + length + name.size(), nullptr, 10));
    return answer;
  }

 private:
  bool read_more() {
    char bytes[16 * 1024];
    const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ADD_FAILURE() << "nothing came, and no end";
    if (got > 0) pending_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }
  std::string take(std::size_t bytes) {
    auto taken = pending_.substr(0, bytes);
    pending_.erase(0, bytes);
    return taken;
  }

  int fd_;
  bool is_connected_ = true;
  std::string pending_;
};

// A TCP server that does what a test says, connection by connection.
class RawListener {
 public:
  RawListener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 16), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~RawListener() { ::close(fd_); }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  std::uint16_t port() const { return port_; }
  RawSocket accept() { return RawSocket(::accept(fd_, nullptr, nullptr)); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

// An HttpServer on 127.0.0.1 with a thread of its own. The handler runs on that thread.
class TestServer {
 public:
  explicit TestServer(Handler handler, HttpServerOptions options = {}, const std::string& address = "127.0.0.1")
      : server_(std::make_unique<HttpServer>(io_, std::move(handler), std::move(options))) {
    log::set_up(log::Format::kText, "off");
    if (const auto listens = server_->listen(address, 0); !listens) ADD_FAILURE() << to_string(listens.error());
    port_ = server_->port();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~TestServer() {
    destroy_server();
    work_.reset();
    thread_.join();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::uint16_t port() const { return port_; }
  RawSocket connect() const { return RawSocket::connect(port_); }
  RawAnswer ask(std::string_view request) const {
    auto client = connect();
    client.send(request);
    return client.read_answer();
  }
  // On the server's thread.
  template <class Function>
  auto there(Function function) {
    std::packaged_task<decltype(function(*server_))()> task([&] { return function(*server_); });
    auto result = task.get_future();
    boost::asio::post(io_, std::move(task));
    return result.get();
  }
  // Whether it comes true on the server's thread before patience ends.
  template <class Condition>
  bool comes_true(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (there(condition)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  void destroy_server() {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      server_.reset();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace carillon::net
