#include "prompt/durable.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/text.h"

namespace carillon {
namespace {

namespace fs = std::filesystem;

struct Descriptor {
  int fd;
  explicit Descriptor(int opened) : fd(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

// errno is that of the call that just failed.
std::unexpected<Error> cannot(std::string_view what, const fs::path& where) {
  const std::string reason = std::generic_category().message(errno);
  return fail(ErrorCode::Io, std::string(what).append(" ").append(where.string()).append(": ").append(reason));
}

Result<void> write_all(int fd, std::string_view bytes, const fs::path& file) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot("cannot write", file);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> write_durably(const fs::path& file, std::string_view bytes) {
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (out.fd < 0) return cannot("the prompt folder cannot be written: cannot create", file);
  if (::fchmod(out.fd, 0644) != 0) return cannot("cannot set the mode of", file);
  if (auto written = write_all(out.fd, bytes, file); !written) return written;
  if (::fsync(out.fd) != 0) return cannot("cannot flush", file);
  return {};
}

int open_folder(const fs::path& folder) { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

}  // namespace

Result<void> replace_durably(const fs::path& file, std::string_view bytes) {
  fs::path temporary = file;
  temporary += "." + random_hex(8) + ".tmp";
  auto written = write_durably(temporary, bytes);
  if (written && ::rename(temporary.c_str(), file.c_str()) != 0) written = cannot("cannot create", file);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Result<void> flush_folder(const fs::path& folder) {
  const Descriptor opened(open_folder(folder));
  if (opened.fd < 0) return cannot("cannot open the prompt folder", folder);
  if (::fsync(opened.fd) != 0) return cannot("cannot flush the prompt folder", folder);
  return {};
}

Result<std::string> read_bounded(const fs::path& file, std::size_t max_bytes) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (!fs::exists(status)) return fail(ErrorCode::NotFound, "there is no file " + file.string());
  if (!fs::is_regular_file(status)) return fail(ErrorCode::Io, file.string() + " is not a file");
  std::ifstream stream(file, std::ios::binary);
  // One byte beyond the limit shows that the limit is passed.
  std::string bytes(max_bytes + 1, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream.is_open() || stream.bad()) return fail(ErrorCode::Io, file.string() + " cannot be read");
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  if (bytes.size() > max_bytes) return fail(ErrorCode::Io, file.string() + " is larger than it can be");
  return bytes;
}

FolderLock::FolderLock(const fs::path& folder) : fd_(open_folder(folder)) {
  while (fd_ >= 0 && ::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
  }
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace carillon
