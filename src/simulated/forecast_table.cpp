// The forecast as a table for people.
#include <fmt/format.h>

#include <algorithm>

#include "simulated/forecast.h"
#include "simulated/local_text.h"

namespace carillon::simulated {
namespace {

constexpr int kBarCells = 32;
// Beyond, days are shown instead of hours.
constexpr std::size_t kMaxHours = 60;

std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "";
  return fmt::format("{:5.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void add_line(std::string& table, std::string_view name, std::string_view value) {
  table += fmt::format("  {:<28} {:>12}\n", name, value);
}

void add_counts(std::string& table, std::string_view what, const std::map<std::string, std::int64_t>& counts,
                std::int64_t whole) {
  for (const auto& [name, n] : counts)
    table += fmt::format("  {:<28} {:>12}  {}\n", fmt::format("{}{}", what, name), grouped(n), percent(n, whole));
}

std::string time_words(Duration span) {
  const auto days = std::chrono::floor<std::chrono::days>(span);
  if (days.count() == 0) return to_words(span);
  return fmt::format("{} d {} h", days.count(), std::chrono::floor<std::chrono::hours>(span - days).count());
}

void add_when(std::string& table, const Forecast& forecast, const LocalClock& clock) {
  table += fmt::format("  {:<28} {}  ({})\n", "begins", clock.moment(forecast.starts_at), clock.name());
  table += fmt::format("  {:<28} {}  after {}\n", forecast.is_complete ? "ends" : "last call ends",
                       clock.moment(forecast.ends_at), time_words(forecast.ends_at - forecast.starts_at));
  add_line(table, "contacts", grouped(forecast.contacts));
  add_line(table, "calls", grouped(forecast.attempts));
  add_line(table, "most calls in one second", grouped(forecast.peak_calls_per_second));
  add_line(table, "most calls at one time", grouped(static_cast<std::int64_t>(forecast.most_live)));
  if (forecast.spent > 0) add_line(table, "spent", fmt::format("{:.2f}", forecast.spent));
}

void add_outcomes(std::string& table, const Forecast& forecast) {
  table += "\nwhat becomes of the contacts\n";
  add_counts(table, "", forecast.results, forecast.contacts);
  add_counts(table, "skipped: ", forecast.skipped, forecast.contacts);
  add_counts(table, "held: ", forecast.held, forecast.contacts);
  table += "\nwhat becomes of the calls\n";
  add_counts(table, "", forecast.outcomes, forecast.attempts);
  if (forecast.answered_by_mailboxes > 0) {
    table +=
        fmt::format("  {} of the calls with outcome human are answered by mailboxes: nothing tells them apart yet.\n",
                    grouped(forecast.answered_by_mailboxes));
  }
  if (!forecast.keys.empty()) table += "\nkeys\n";
  add_counts(table, "", forecast.keys, forecast.attempts);
  if (forecast.opt_outs > 0)
    table += fmt::format("  {} people ask never to be called again.\n", grouped(forecast.opt_outs));
}

void add_hours(std::string& table, const Forecast& forecast, const LocalClock& clock) {
  if (forecast.hours.empty()) return;
  const bool is_by_day = forecast.hours.size() > kMaxHours;
  std::vector<std::pair<std::string, std::int64_t>> rows;
  for (const auto& hour : forecast.hours) {
    auto name = is_by_day ? clock.day(hour.at) : clock.moment(hour.at);
    if (rows.empty() || rows.back().first != name) rows.emplace_back(std::move(name), 0);
    rows.back().second += hour.calls;
  }
  const auto most = std::ranges::max(rows, {}, &decltype(rows)::value_type::second).second;
  table += fmt::format("\ncalls by {} ({})\n", is_by_day ? "day" : "hour", clock.name());
  for (const auto& [name, calls] : rows) {
    const auto cells = (calls * kBarCells + most - 1) / most;
    std::string bar;
    for (int i = 0; i < cells; ++i) bar += "█";
    table += fmt::format("  {:<28} {:>12}  {}\n", name, grouped(calls), bar);
  }
}

void add_trunks(std::string& table, const Forecast& forecast) {
  table += fmt::format("\n{:<18} {:>8} {:>8} {:>8} {:>10} {:>8} {:>9}  {}\n", "trunk (calls/s)", "asked", "allowed",
                       "lowest", "calls", "refused", "most live", "was below for");
  for (const auto& trunk : forecast.trunks) {
    table += fmt::format("  {:<16} {:>8.1f} {:>8.1f} {:>8.1f} {:>10} {:>8} {:>9}  {}\n", trunk.name, trunk.asked,
                         trunk.allowed, trunk.lowest, grouped(trunk.calls), grouped(trunk.refused),
                         grouped(trunk.most_live), trunk.reason);
  }
}

}  // namespace

std::string to_table(const Forecast& forecast) {
  const LocalClock clock(forecast.time_zone);
  std::string table =
      fmt::format("Forecast of {} (policy {}, seed {})\n\n", forecast.name, forecast.policy, forecast.seed);
  add_when(table, forecast, clock);
  add_outcomes(table, forecast);
  add_hours(table, forecast, clock);
  add_trunks(table, forecast);
  return table;
}

}  // namespace carillon::simulated
