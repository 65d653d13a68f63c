#include "ledger/database.h"

namespace carillon::ledger {

Statement& Statement::bind(std::string_view text) {
  if (sqlite3_bind_text(handle_, next_++, text.data(), static_cast<int>(text.size()), SQLITE_STATIC) != SQLITE_OK) {
    throw SqlError(sqlite3_errmsg(db_));
  }
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  if (sqlite3_bind_int64(handle_, next_++, number) != SQLITE_OK) throw SqlError(sqlite3_errmsg(db_));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw SqlError(sqlite3_errmsg(db_));
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return bytes == nullptr ? std::string()
                          : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
}

Database::Database(const std::filesystem::path& file, Mode mode) {
  // Statistics of memory would take a process-wide lock for each allocation. Refused once SQLite is in use: no harm.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* handle = nullptr;
  const int flags = mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(handle);
  if (code != SQLITE_OK) throw SqlError(file.string() + ": " + sqlite3_errstr(code));
  sqlite3_busy_timeout(db_.get(), 5000);
}

Statement Database::prepare(const char* sql) {
  auto& kept = statements_[sql];
  if (!kept) {
    sqlite3_stmt* handle = nullptr;
    if (sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr) != SQLITE_OK) {
      throw SqlError(std::string(sqlite3_errmsg(db_.get())) + " in: " + sql);
    }
    kept.reset(handle);
  }
  return Statement(db_.get(), kept.get());
}

void Database::execute(const char* sql) {
  char* message = nullptr;
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, &message) != SQLITE_OK) {
    std::string text = message == nullptr ? "SQL failed" : message;
    sqlite3_free(message);
    throw SqlError(text);
  }
}

}  // namespace carillon::ledger
