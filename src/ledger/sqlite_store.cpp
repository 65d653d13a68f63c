#include "ledger/sqlite_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "ledger/attempts.h"
#include "ledger/schema.h"
#include "ledger/starting.h"

namespace carillon::ledger {

namespace {

// New files are for the owner alone while it lives. The mask is the process's: only at start, before other threads.
class PrivateFiles {
 public:
  PrivateFiles() : old_(::umask(0077)) {}
  ~PrivateFiles() { ::umask(old_); }
  PrivateFiles(const PrivateFiles&) = delete;
  PrivateFiles& operator=(const PrivateFiles&) = delete;

 private:
  mode_t old_;
};

}  // namespace

// flock on a file beside the ledger; the kernel releases it when the process dies, however it dies.
class SqliteStore::FileLock {
 public:
  static Result<std::unique_ptr<FileLock>> take(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return fail(ErrorCode::Io, fmt::format("{}: {}", file.string(), std::strerror(errno)));
    auto lock = std::unique_ptr<FileLock>(new FileLock(fd));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      char pid[32] = {};
      const auto size = ::pread(fd, pid, sizeof pid - 1, 0);
      return fail(ErrorCode::Locked,
                  fmt::format("{} is held by process {}", file.string(), size > 0 ? pid : "(unknown)"));
    }
    const auto text = std::to_string(::getpid());
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) < 0) {
      return fail(ErrorCode::Io, fmt::format("{}: {}", file.string(), std::strerror(errno)));
    }
    return lock;
  }
  ~FileLock() { ::close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& file, Post post,
                                                       std::function<void()> after_commit) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (error) return fail(ErrorCode::Io, fmt::format("{}: {}", file.parent_path().string(), error.message()));
  // Two names of one ledger share one lock.
  const auto real = std::filesystem::weakly_canonical(file, error);
  auto lock = FileLock::take((error ? file : real).string() + ".lock");
  if (!lock) return std::unexpected(lock.error());
  try {
    return std::unique_ptr<SqliteStore>(
        new SqliteStore(std::move(*lock), file, std::move(post), std::move(after_commit)));
  } catch (const SqlError& sql_error) {
    return fail(ErrorCode::Ledger, fmt::format("{}: {}", file.string(), sql_error.what()));
  }
}

SqliteStore::SqliteStore(std::unique_ptr<FileLock> lock, const std::filesystem::path& file, Post post,
                         std::function<void()> after_commit)
    : lock_(std::move(lock)) {
  // Numbers of people are in it: for the owner's eyes only.
  std::unique_ptr<Database> writer;
  {
    const PrivateFiles until_made;
    writer = std::make_unique<Database>(file, Database::Mode::kReadWrite);
    prepare_schema(*writer);
  }
  auto reader = std::make_unique<Database>(file, Database::Mode::kReadOnly);
  relay_db_ = std::make_unique<Database>(file, Database::Mode::kReadOnly);
  writer_ = std::make_unique<StoreThread>(std::move(writer), StoreThread::Kind::kWriter, post, std::move(after_commit));
  reader_ = std::make_unique<StoreThread>(std::move(reader), StoreThread::Kind::kReader, std::move(post));
}

SqliteStore::~SqliteStore() = default;

void SqliteStore::accept(AttemptRequest request, std::shared_ptr<const GateRules> rules, CallingTime calling_time,
                         Reply<Accepted> reply) {
  auto work = [request = std::move(request), rules = std::move(rules), calling_time = std::move(calling_time)](
                  Database& db) { return accept_request(db, request, *rules, calling_time); };
  submit<Accepted>(*writer_, std::move(reply), std::move(work), StoreThread::Urgency::kNow);
}

void SqliteStore::intend(StartRequest request, Reply<StartResult> reply) {
  auto work = [request = std::move(request)](Database& db) -> Result<StartResult> {
    return record_intent(db, request);
  };
  submit<StartResult>(*writer_, std::move(reply), std::move(work));
}

void SqliteStore::record(AttemptChange change, Reply<void> reply) {
  // The person waits for the confirmation of an opt-out.
  const auto urgency = change.suppress ? StoreThread::Urgency::kNow : StoreThread::Urgency::kSoon;
  auto work = [change = std::move(change)](Database& db) -> Result<void> {
    apply_change(db, change);
    return {};
  };
  submit<void>(*writer_, std::move(reply), std::move(work), urgency);
}

void SqliteStore::load_open(Reply<std::vector<StoredAttempt>> reply) {
  auto work = [](Database& db) -> Result<std::vector<StoredAttempt>> { return find_not_final(db); };
  submit<std::vector<StoredAttempt>>(*writer_, std::move(reply), std::move(work), StoreThread::Urgency::kNow);
}

void SqliteStore::load(std::vector<std::string> ids, Reply<std::vector<StoredAttempt>> reply) {
  auto work = [ids = std::move(ids)](Database& db) -> Result<std::vector<StoredAttempt>> {
    std::vector<StoredAttempt> found;
    for (const auto& id : ids) {
      if (auto attempt = find_attempt(db, id)) found.push_back(std::move(*attempt));
    }
    return found;
  };
  submit<std::vector<StoredAttempt>>(*writer_, std::move(reply), std::move(work), StoreThread::Urgency::kNow);
}

void SqliteStore::find_call(std::string call_id, Reply<std::optional<StoredAttempt>> reply) {
  auto work = [call_id = std::move(call_id)](Database& db) -> Result<std::optional<StoredAttempt>> {
    if (auto attempt = find_by_call_id(db, call_id)) return find_attempt(db, attempt->request.id);
    return find_attempt(db, call_id);
  };
  submit<std::optional<StoredAttempt>>(*writer_, std::move(reply), std::move(work), StoreThread::Urgency::kNow);
}

}  // namespace carillon::ledger
