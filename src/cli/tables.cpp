#include "cli/tables.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace carillon::cli {
namespace {

constexpr int kBarCells = 30;
constexpr std::chrono::milliseconds kDrawEvery{100};
constexpr std::chrono::seconds kLineEvery{5};

std::string text_in(const boost::json::object& json, const char* name) {
  const auto* value = json.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_int64()) return std::to_string(value->get_int64());
  if (value->is_double()) return fmt::format("{:.2f}", value->get_double());
  return {};
}

// "2026-11-23 09:00Z" of RFC 3339.
std::string short_time(std::string text) {
  if (text.size() < 16) return text;
  text[10] = ' ';
  return text.substr(0, 16) + "Z";
}

void add_row(std::string& table, std::string_view name, std::string_view value) {
  table += fmt::format("  {:<34} {:>10}\n", name, value);
}

void add_counts(std::string& table, std::string_view title, const boost::json::object& json, const char* name) {
  const auto* counts = json.if_contains(name);
  if (counts == nullptr || !counts->is_object() || counts->get_object().empty()) return;
  table += fmt::format("  {}\n", title);
  for (const auto& [key, value] : counts->get_object()) {
    add_row(table, fmt::format("  {}", key.empty() ? "?" : std::string(key)), fmt::format("{}", value.as_int64()));
  }
}

}  // namespace

std::string report_table(const std::string& campaign, const boost::json::object& report) {
  std::string table = fmt::format("\nCampaign {}\n", campaign);
  for (const char* name : {"contacts", "attempts"}) add_row(table, name, text_in(report, name));
  add_counts(table, "contacts by state", report, "states");
  add_counts(table, "and why", report, "reasons");
  add_counts(table, "attempts by outcome", report, "outcomes");
  add_counts(table, "keys", report, "keys");
  add_row(table, "opt-outs", text_in(report, "opt_outs"));
  add_row(table, "events", text_in(report, "events"));
  if (const auto spent = text_in(report, "spent"); !spent.empty() && spent != "0.00") add_row(table, "spent", spent);
  return table;
}

std::string upload_lines(const UploadSums& sums) {
  std::string lines;
  if (sums.duplicates > 0) lines += fmt::format("  {} rows: the campaign has their number already\n", sums.duplicates);
  if (sums.in_other_campaigns > 0)
    lines +=
        fmt::format("  {} of the added contacts are in another unfinished campaign, too\n", sums.in_other_campaigns);
  for (const auto& [name, n] : sums.warnings) lines += fmt::format("  {} rows with a warning: {}\n", n, name);
  if (sums.rejected > 0) lines += fmt::format("  {} rows rejected\n", sums.rejected);
  if (!sums.rejects.empty()) lines += fmt::format("  these rows, with reasons: {}\n", sums.rejects.string());
  return lines;
}

std::string campaign_list(const boost::json::array& campaigns) {
  if (campaigns.empty()) return "no campaigns yet: carillon campaign create FILE.toml makes one\n";
  std::string table = fmt::format("{:<28} {:<10} {:>6}  {}\n", "campaign", "state", "live", "what it waits for");
  for (const auto& value : campaigns) {
    const auto& one = value.as_object();
    const auto alarm = text_in(one, "alarm");
    table += fmt::format("{:<28} {:<10} {:>6}  {}\n", text_in(one, "id"), text_in(one, "state"), text_in(one, "live"),
                         alarm.empty() ? text_in(one, "waitsFor") : "ALARM: " + alarm);
  }
  return table;
}

std::string preview_table(const boost::json::object& preview) {
  std::string table =
      fmt::format("Campaign {} at {}\n", text_in(preview, "campaignId"), short_time(text_in(preview, "at")));
  add_row(table, "contacts", text_in(preview, "contacts"));
  add_row(table, "would be called now", text_in(preview, "wouldCall"));
  add_row(table, "of all: due later (retries)", text_in(preview, "dueLater"));
  add_counts(table, "held, for now", preview, "held");
  add_counts(table, "skipped, for good", preview, "skipped");
  add_counts(table, "finished", preview, "finished");
  const auto& opens = preview.at("opens").as_array();
  if (!opens.empty()) table += "  opens\n";
  for (const auto& value : opens) {
    const auto& one = value.as_object();
    add_row(table, fmt::format("  {} {}", short_time(text_in(one, "at")), text_in(one, "reason")),
            text_in(one, "contacts"));
  }
  return table;
}

std::string why_table(const boost::json::object& why) {
  std::string table = fmt::format("{}\n", text_in(why, "phoneNumber"));
  for (const auto& value : why.at("contacts").as_array()) {
    const auto& one = value.as_object();
    const auto campaign = text_in(one, "campaignId");
    if (campaign.empty()) {
      table += "\nin no campaign; a single call would meet:\n";
    } else {
      table += fmt::format("\ncampaign {} ({}): contact {}{}{}, {} tries\n", campaign, text_in(one, "campaignState"),
                           text_in(one, "state"), text_in(one, "reason").empty() ? "" : ", ", text_in(one, "reason"),
                           text_in(one, "tries"));
    }
    for (const auto& gate : one.at("gates").as_array()) {
      const auto& verdict = gate.as_object();
      const auto decision = text_in(verdict, "decision");
      const auto until = text_in(verdict, "until");
      table +=
          fmt::format("  {} {:<14} {:<5} {}{}\n", decision == "pass" ? " " : "!", text_in(verdict, "gate"), decision,
                      text_in(verdict, "detail"), until.empty() ? "" : " (until " + short_time(until) + ")");
    }
  }
  const auto& attempts = why.at("attempts").as_array();
  if (!attempts.empty()) table += "\nattempts\n";
  for (const auto& value : attempts) {
    const auto& one = value.as_object();
    const auto outcome = text_in(one, "outcome");
    table += fmt::format("  {} {} {} {} {}\n", short_time(text_in(one, "createdAt")), text_in(one, "attemptId"),
                         text_in(one, "campaignId"), outcome.empty() ? text_in(one, "status") : outcome,
                         text_in(one, "reason"));
  }
  return table;
}

std::string trunk_table(const boost::json::array& trunks) {
  std::string table = fmt::format("{:<16} {:<12} {:>8} {:>8}  {:<24} {}\n", "trunk", "state", "asked", "allowed",
                                  "carrier said", "reason");
  for (const auto& value : trunks) {
    const auto& one = value.as_object();
    const auto number = [&](const char* name) { return fmt::format("{:.1f}", one.at(name).to_number<double>()); };
    table += fmt::format("{:<16} {:<12} {:>8} {:>8}  {:<24} {}\n", text_in(one, "name"), text_in(one, "state"),
                         number("asked"), number("allowed"), text_in(one, "carrierSaid"), text_in(one, "reason"));
  }
  return table;
}

std::string suppression_table(const boost::json::array& suppressions) {
  std::string table =
      fmt::format("{:<16} {:<10} {:<16} {:<18} {:<18} {}\n", "number", "level", "scope", "since", "expires", "reason");
  for (const auto& value : suppressions) {
    const auto& one = value.as_object();
    table += fmt::format("{:<16} {:<10} {:<16} {:<18} {:<18} {}\n", text_in(one, "phoneNumber"), text_in(one, "level"),
                         text_in(one, "scope"), short_time(text_in(one, "createdAt")),
                         short_time(text_in(one, "expiresAt")), text_in(one, "reason"));
  }
  return table;
}

std::string audit_table(const boost::json::array& entries) {
  std::string table;
  for (const auto& value : entries) {
    const auto& one = value.as_object();
    table += fmt::format("{} {:<14} {:<24} {}\n", short_time(text_in(one, "at")), text_in(one, "who"),
                         text_in(one, "what"), text_in(one, "detail"));
  }
  return table;
}

UploadProgress::UploadProgress(bool is_quiet) : is_quiet_(is_quiet), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void UploadProgress::draw(const UploadSums& sums) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_done = sums.bytes >= sums.total_bytes;
  if (is_quiet_ ||
      (!is_done && is_drawn_ && now - last_ < (is_terminal_ ? kDrawEvery : std::chrono::milliseconds(kLineEvery))))
    return;
  last_ = now;
  const double share =
      sums.total_bytes == 0 ? 1 : static_cast<double>(sums.bytes) / static_cast<double>(sums.total_bytes);
  if (!is_terminal_) {
    fmt::print(stderr, "import: {:3.0f} %, {} rows, {} added, {} rejected\n", share * 100, sums.rows, sums.added,
               sums.rejected);
  } else {
    std::string bar;
    const auto full = static_cast<int>(std::clamp(share, 0.0, 1.0) * kBarCells);
    for (int i = 0; i < kBarCells; ++i) bar += i < full ? "█" : "░";
    fmt::print(stderr, "\r\x1b[2K  {} {:3.0f} %  {} rows, {} added, {} known, {} rejected", bar, share * 100, sums.rows,
               sums.added, sums.duplicates, sums.rejected);
  }
  is_drawn_ = true;
}

void UploadProgress::end() {
  if (is_drawn_ && is_terminal_) fmt::print(stderr, "\n");
}

}  // namespace carillon::cli
