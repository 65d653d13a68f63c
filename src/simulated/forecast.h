// What a simulation says will happen, as numbers, as a table for people, as JSON and as a picture. Gathered from the
// ledger after the last call.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/call/words.h"
#include "core/campaign/time_spans.h"
#include "simulated/memory_ledger.h"

namespace carillon::simulated {

struct HourOfCalls {
  Time at{};  // when it begins; by the clock of UTC
  std::int64_t calls = 0;
  std::map<Outcome, std::int64_t> outcomes;
};

struct TrunkForecast {
  std::string name;
  double asked = 0;    // calls/s, as set up
  double allowed = 0;  // calls/s, the mean of the minutes in which it had calls
  double lowest = 0;   // of these
  std::string reason;  // the last one for being below what was asked
  std::int64_t calls = 0;
  std::int64_t refused = 0;     // 503
  std::int64_t unanswered = 0;  // no answer of the carrier at all
  int most_live = 0;
};

// People who share their time zones, and when they may be called.
struct LaneForecast {
  std::vector<std::string> zones;
  std::int64_t contacts = 0;
  TimeSpans open;
};

struct Forecast {
  std::string name;
  std::string policy;
  std::string time_zone;  // of tables and pictures, IANA
  std::uint64_t seed = 0;
  std::int64_t contacts = 0;
  Time starts_at{};
  Time ends_at{};  // of the campaign; if people are held for good, of the last call
  bool is_complete = true;
  std::int64_t attempts = 0;                     // calls that were placed
  std::map<std::string, std::int64_t> outcomes;  // of these
  std::map<std::string, std::int64_t> results;   // of contacts that are done, by reason
  std::map<std::string, std::int64_t> skipped;   // contacts, by reason
  std::map<std::string, std::int64_t> held;      // contacts that could not be called before the end, by reason
  std::map<std::string, std::int64_t> keys;
  std::int64_t opt_outs = 0;
  std::int64_t answered_by_mailboxes = 0;  // of the outcome "human": nothing tells machines from people yet
  double spent = 0;
  int peak_calls_per_second = 0;  // calls begun within one second of the clock
  std::size_t most_live = 0;
  std::vector<HourOfCalls> hours;  // those with calls
  std::vector<TrunkForecast> trunks;
  std::vector<LaneForecast> lanes;
};

// What the ledger knows of the campaign: attempts, contacts, hours, the end. The rest is the caller's.
void gather(const MemoryLedger& ledger, const Campaign& campaign, Forecast& forecast);

boost::json::object to_json(const Forecast& forecast);
std::string to_table(const Forecast& forecast);
std::string to_svg(const Forecast& forecast);

}  // namespace carillon::simulated
