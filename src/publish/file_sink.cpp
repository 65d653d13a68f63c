#include "publish/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace carillon::publish {
namespace {

// Longer than any event; the last whole line is looked for in this much of the file's end.
constexpr off_t kTailBytes = 256 * 1024;

std::optional<KnownEvent> event_in(std::string_view line) {
  boost::system::error_code error;
  const auto value = boost::json::parse(boost::json::string_view(line.data(), line.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  const auto* position = value.get_object().if_contains("position");
  const auto* id = value.get_object().if_contains("id");
  if (position == nullptr || !position->is_int64() || id == nullptr || !id->is_string()) return std::nullopt;
  return KnownEvent{position->get_int64(), std::string(id->get_string())};
}

}  // namespace

FileSink::FileSink(std::filesystem::path file, EventForm form) : file_(std::move(file)), form_(std::move(form)) {}

FileSink::~FileSink() {
  if (fd_ >= 0) ::close(fd_);
}

std::string FileSink::name() const { return "file:" + file_.string(); }

Result<void> FileSink::open() {
  const auto io_error = [&] {
    return fail(ErrorCode::Io, fmt::format("{}: {}", file_.string(), std::strerror(errno)));
  };
  std::error_code ignored;
  if (file_.has_parent_path()) std::filesystem::create_directories(file_.parent_path(), ignored);
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return io_error();

  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    ::close(fd);
    return io_error();
  }
  const off_t from = std::max<off_t>(0, info.st_size - kTailBytes);
  std::string tail(static_cast<std::size_t>(info.st_size - from), '\0');
  const auto got = ::pread(fd, tail.data(), tail.size(), from);
  tail.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto last_newline = tail.rfind('\n');
  const std::size_t whole = last_newline == std::string::npos ? 0 : last_newline + 1;
  if (whole < tail.size() && (from == 0 || whole > 0)) {
    log::warn("event_file_repaired", {{"file", file_.string()}, {"bytes_cut", std::to_string(tail.size() - whole)}});
    if (::ftruncate(fd, from + static_cast<off_t>(whole)) != 0) {
      ::close(fd);
      return io_error();
    }
  }
  last_line_.clear();
  if (whole > 0) {
    const auto lines = std::string_view(tail).substr(0, whole - 1);
    last_line_ = lines.substr(lines.rfind('\n') + 1);
  }
  fd_ = fd;
  return {};
}

std::optional<KnownEvent> FileSink::last_known() {
  if (fd_ < 0) {
    if (auto opened = open(); !opened) log::warn("event_file", {{"detail", to_string(opened.error())}});
  }
  const auto known = event_in(last_line_);
  last_position_ = known ? known->position : 0;
  return known;
}

Published FileSink::publish(const std::vector<OutboxRow>& rows) {
  const auto appended = append(rows);
  return appended ? all_done(rows) : none_done(appended.error());
}

// Its name leads elsewhere: moved away, whether or not a new file is there already.
bool FileSink::is_rotated() const {
  struct stat open_one{};
  struct stat named{};
  return ::fstat(fd_, &open_one) != 0 || ::stat(file_.c_str(), &named) != 0 || open_one.st_ino != named.st_ino ||
         open_one.st_dev != named.st_dev;
}

Result<void> FileSink::append(const std::vector<OutboxRow>& rows) {
  if (fd_ >= 0 && is_rotated()) {
    ::close(fd_);
    fd_ = -1;
  }
  if (fd_ < 0) {
    if (auto opened = open(); !opened) return opened;
  }
  std::string lines;
  for (const auto& row : rows) {
    if (row.position > last_position_) lines += form_.write(row) + "\n";
  }
  struct stat before{};
  const bool is_measured = ::fstat(fd_, &before) == 0;
  if (auto written = write(lines); !written) {
    // What came of it goes, so that the next try does not write it twice.
    if (!is_measured || ::ftruncate(fd_, before.st_size) != 0) {
      ::close(fd_);  // opening it again cuts a half-written line
      fd_ = -1;
    }
    return written;
  }
  if (!rows.empty()) last_position_ = std::max(last_position_, rows.back().position);
  return {};
}

Result<void> FileSink::write(std::string_view lines) {
  const auto io_error = [&] {
    return fail(ErrorCode::Io, fmt::format("{}: {}", file_.string(), std::strerror(errno)));
  };
  while (!lines.empty()) {
    const auto written = ::write(fd_, lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error();
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(fd_) != 0) return io_error();
  return {};
}

}  // namespace carillon::publish
