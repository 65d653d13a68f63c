// The sums of each campaign. Changes are gathered while a batch of jobs runs and written once, in the same transaction:
// a report costs the same at ten contacts and at ten million.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace carillon::ledger {

class Database;

enum class TallyKind : std::uint8_t {
  kContact,  // contacts by state
  kReason,   // contacts by "<state>/<reason>"
  kAttempt,  // attempts: "placed"
  kStatus,   // final attempts by status
  kOutcome,  // and by outcome
  kKey,      // keys pressed
  kOptOut,
  kEvent,
};
std::string_view to_string(TallyKind kind);

class Tally {
 public:
  void add(std::string_view campaign_id, TallyKind kind, std::string_view name, std::int64_t n);
  void write(Database& db);
  void clear() { changes_.clear(); }

 private:
  std::map<std::tuple<std::string, TallyKind, std::string>, std::int64_t> changes_;
};

}  // namespace carillon::ledger
