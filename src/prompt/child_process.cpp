#include "prompt/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/no_pipe_signal.h"
#include "base/text.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxErrorBytes = 4096;  // of standard error; the rest is read and dropped
constexpr std::size_t kMaxExcerpt = 300;
constexpr std::size_t kBlock = 65536;
constexpr std::array<std::string_view, 13> kPassedOn = {"PATH",
                                                        "HOME",
                                                        "USER",
                                                        "LANG",
                                                        "LANGUAGE",
                                                        "TZ",
                                                        "TMPDIR",
                                                        "TMP",
                                                        "LD_LIBRARY_PATH",
                                                        "ESPEAK_DATA_PATH",
                                                        "XDG_CACHE_HOME",
                                                        "XDG_DATA_HOME",
                                                        "XDG_RUNTIME_DIR"};

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

std::unexpected<Error> cannot(std::string_view what, int code) {
  return fail(ErrorCode::Io, std::string(what) + ": " + std::generic_category().message(code));
}

// Above the three standard ones, which may be closed in us: else setting up one of the child's would close another.
Result<Descriptor> above_standard(int fd) {
  Descriptor low(fd);
  if (fd > STDERR_FILENO) return low;
  Descriptor high(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!high.is_open()) return cannot("no descriptor for another program", errno);
  return high;
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return cannot("no pipe to another program", errno);
  auto read = above_standard(ends[0]);
  auto write = above_standard(ends[1]);
  if (!read) return std::unexpected(read.error());
  if (!write) return std::unexpected(write.error());
  return Pipe{*std::move(read), *std::move(write)};
}

bool make_non_blocking(const Descriptor& descriptor) {
  const int flags = ::fcntl(descriptor.get(), F_GETFL);
  return flags >= 0 && ::fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK) == 0;
}

std::vector<std::string> environment_for(const ChildRequest& request) {
  std::vector<std::string> passed;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const auto name = text.substr(0, text.find('='));
    if (name.starts_with("LC_") || std::ranges::find(kPassedOn, name) != kPassedOn.end() ||
        std::ranges::find(request.environment, name) != request.environment.end()) {
      passed.emplace_back(text);
    }
  }
  return passed;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const ChildRequest& request, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  // Other threads and libraries may have opened some without close-on-exec.
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto arguments = request.arguments;
  auto environment = environment_for(request);
  pid_t pid = -1;
  const int code = ::posix_spawnp(&pid, arguments[0].c_str(), &actions, &attributes, pointers_to(arguments).data(),
                                  pointers_to(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  const std::string name = printable(arguments[0]);
  if (code == ENOENT) return fail(ErrorCode::NotFound, "the program " + name + " is not installed");
  if (code != 0) return cannot("the program " + name + " cannot be started", code);
  return pid;
}

// The child and its group: killed and reaped at the end, whatever happened.
class Child {
 public:
  // By number: glibc 2.36 declares pidfd_open() for C alone.
  explicit Child(pid_t pid) : pid_(pid), ended_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }
  const Descriptor& ended() const { return ended_; }
  void kill_group() const { ::kill(-pid_, SIGKILL); }
  // Its status as of waitpid(). Until then its id, and so the group's, is not given to another process.
  int end() {
    if (pid_ <= 0) return status_;
    kill_group();
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status_;
  }

 private:
  pid_t pid_;
  Descriptor ended_;
  int status_ = 0;
};

class Conversation {
 public:
  Conversation(const ChildRequest& request, Pipe in, Pipe out, Pipe err)
      : request_(request), in_(std::move(in.write)), out_(std::move(out.read)), err_(std::move(err.read)) {}

  Result<void> hold(const Child& child) {
    if (!make_non_blocking(in_) || !make_non_blocking(out_) || !make_non_blocking(err_) || !child.ended().is_open()) {
      return cannot("no pipe to another program", errno);
    }
    const auto end = std::chrono::steady_clock::now() + request_.deadline;
    for (;;) {
      if (sent_ == request_.input.size()) in_.close();
      // poll() passes over negative descriptors.
      std::array<pollfd, 4> waiting = {{{in_.get(), POLLOUT, 0},
                                        {out_.get(), POLLIN, 0},
                                        {err_.get(), POLLIN, 0},
                                        {child.ended().get(), POLLIN, 0}}};
      const auto left = std::chrono::duration_cast<Duration>(end - std::chrono::steady_clock::now()).count();
      if (left <= 0) {
        return fail(ErrorCode::Timeout, "the program " + name() + " took longer than " + to_words(request_.deadline));
      }
      const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(std::min<long>(left, 60'000)));
      if (ready < 0 && errno != EINTR) return cannot("waiting for another program failed", errno);
      if (ready <= 0) continue;
      if (waiting[0].revents != 0) send();
      receive(out_, output_, request_.max_output_bytes + 1);
      receive(err_, error_, kMaxErrorBytes);
      if (output_.size() > request_.max_output_bytes) {
        return fail(ErrorCode::TooLarge, "the program " + name() + " wrote more than " +
                                             std::to_string(request_.max_output_bytes) + " bytes");
      }
      if (waiting[3].revents != 0) return drain(child);
    }
  }

  std::string take_output() { return std::move(output_); }
  std::string excerpt() const { return printable(trim(error_), kMaxExcerpt); }
  std::string name() const { return printable(request_.arguments[0]); }

 private:
  // What it wrote before its end is in the pipes; children of its own that still hold them are not waited for.
  Result<void> drain(const Child& child) {
    child.kill_group();
    while (receive(out_, output_, request_.max_output_bytes + 1)) {
      if (output_.size() > request_.max_output_bytes) {
        return fail(ErrorCode::TooLarge, "the program " + name() + " wrote too much");
      }
    }
    receive(err_, error_, kMaxErrorBytes);
    return {};
  }

  void send() {
    const auto rest = std::string_view(request_.input).substr(sent_);
    const ssize_t count = ::write(in_.get(), rest.data(), rest.size());
    if (count > 0) sent_ += static_cast<std::size_t>(count);
    // It need not read all of it; its end and its output tell whether all was well.
    if (count < 0 && errno != EAGAIN && errno != EINTR) sent_ = request_.input.size();
  }

  // One block. False if there is nothing now.
  static bool receive(Descriptor& from, std::string& into, std::size_t limit) {
    if (!from.is_open()) return false;
    std::array<char, kBlock> block;
    const ssize_t count = ::read(from.get(), block.data(), block.size());
    if (count == 0) from.close();
    if (count > 0)
      into.append(block.data(), std::min(static_cast<std::size_t>(count), limit - std::min(limit, into.size())));
    return count > 0;
  }

  const ChildRequest& request_;
  Descriptor in_;
  Descriptor out_;
  Descriptor err_;
  std::size_t sent_ = 0;
  std::string output_;
  std::string error_;
};

}  // namespace

Result<std::string> run_child(const ChildRequest& request) {
  CARILLON_CHECK(!request.arguments.empty());
  for (const auto& argument : request.arguments) {
    if (argument.find('\0') != std::string::npos) return fail(ErrorCode::Invalid, "an argument has a zero byte in it");
  }
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  for (const auto* pipe : {&in, &out, &err}) {
    if (!*pipe) return std::unexpected(pipe->error());
  }
  const NoPipeSignal no_signal;  // a child that does not read its input must not end us
  const auto pid = spawn(request, in->read.get(), out->write.get(), err->write.get());
  if (!pid) return std::unexpected(pid.error());
  Child child(*pid);
  for (Descriptor* ours : {&in->read, &out->write, &err->write}) ours->close();
  Conversation conversation(request, *std::move(in), *std::move(out), *std::move(err));
  if (const auto held = conversation.hold(child); !held) return std::unexpected(held.error());
  const int status = child.end();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return conversation.take_output();
  const std::string how = WIFEXITED(status) ? "ended with code " + std::to_string(WEXITSTATUS(status))
                                            : "was killed by signal " + std::to_string(WTERMSIG(status));
  const std::string said = conversation.excerpt();
  return fail(ErrorCode::Io, "the program " + conversation.name() + " " + how + (said.empty() ? "" : ": " + said));
}

}  // namespace carillon
