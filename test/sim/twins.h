// The ledger in memory and the one in SQLite, side by side: one operation goes to both, and what they answer is
// compared.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "base/log.h"
#include "base/ulid.h"
#include "core/call/call.h"
#include "core/campaign/budget.h"
#include "engine/testing/seeds.h"
#include "ledger/sqlite_store.h"
#include "ledger/testing/desk.h"
#include "sim/in_words.h"
#include "simulated/memory_store.h"

namespace carillon {

using simulated::MemoryStore;
using testing::InWords;

const Actor kOperator{"operator", true};
constexpr int kNumbers = 14;

// Both ledgers. A question goes to both; the answers are compared when settle() is called.
class Twins {
 public:
  Twins() {
    std::string name = (std::filesystem::temp_directory_path() / "carillon-twin-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    auto opened = ledger::SqliteStore::open(folder_ / "ledger.db", desk_.post());
    CARILLON_CHECK(opened.has_value());
    real = std::move(*opened);
  }
  ~Twins() {
    real.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // Gives the memory's answer at once. ask(store, reply) asks either of them.
  template <class T, class Ask>
  Result<T> ask(const std::string& what, const Ask& question) {
    std::optional<Result<T>> answer;
    question(memory, [&answer](Result<T> result) { answer.emplace(std::move(result)); });
    memory.commit();
    memory.reply();
    memory.read();
    memory.reply_reads();
    const auto number = asked_.size();
    asked_.push_back({what, words(*answer), std::nullopt});
    question(*real, [this, number](const Result<T>& result) { asked_[number].real = words(result); });
    return std::move(*answer);
  }
  // Nothing if they agree; else the first difference.
  std::string settle() {
    for (const auto& one : asked_) {
      while (!one.real) desk_.run_one();
    }
    for (const auto& one : asked_) {
      if (one.memory == *one.real) continue;
      return fmt::format("{}\n--- in memory:\n{}\n--- real:\n{}", one.what, one.memory, *one.real);
    }
    asked_.clear();
    return "";
  }

  MemoryStore memory{wall_clock_now};
  std::unique_ptr<ledger::SqliteStore> real;
  InWords words;

 private:
  struct Asked {
    std::string what;
    std::string memory;
    std::optional<std::string> real;
  };
  std::filesystem::path folder_;
  ledger::testing::Desk desk_;
  std::vector<Asked> asked_;
};

}  // namespace carillon
