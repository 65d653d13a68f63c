// A thin owner of one SQLite connection. Used by one thread. Failures are SqlError: they mean a full disk, a damaged
// file or our own bug, and are caught at the store thread's border.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ledger/tally.h"

namespace carillon::ledger {

class SqlError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A prepared statement, bound and stepped. Resets when it goes out of scope; the Database keeps it for the next use.
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* handle) : db_(db), handle_(handle) {}
  ~Statement() {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // The text is not copied: it must live until the last step.
  Statement& bind(std::string_view text);
  Statement& bind(std::string&& text) = delete;
  Statement& bind(std::int64_t number);

  // True while there is a row.
  bool step();
  void run() {
    while (step()) {
    }
  }

  std::string text(int column) const;
  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_, column); }

 private:
  sqlite3* db_;
  sqlite3_stmt* handle_;
  int next_ = 1;
};

class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };
  Database(const std::filesystem::path& file, Mode mode);

  // sql must be a constant: the prepared statement is kept by its address.
  Statement prepare(const char* sql);
  void execute(const char* sql);
  // Rows that the last statement changed.
  int changes() const { return sqlite3_changes(db_.get()); }
  std::int64_t last_rowid() const { return sqlite3_last_insert_rowid(db_.get()); }
  // Sums of the transaction under way; written before it commits.
  Tally& tally() { return tally_; }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3, Close> db_;
  Tally tally_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

}  // namespace carillon::ledger
