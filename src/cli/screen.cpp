#include "cli/screen.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/time.h"

namespace carillon::cli {
namespace {

constexpr int kBarCells = 40;
constexpr std::size_t kCallsShown = 8;
constexpr std::chrono::seconds kLineEvery{5};

std::string bar(double share) {
  const auto full = static_cast<int>(std::clamp(share, 0.0, 1.0) * kBarCells);
  std::string text;
  for (int i = 0; i < kBarCells; ++i) text += i < full ? "█" : "░";
  return text;
}

std::string counts(const std::map<std::string, std::int64_t>& by_name, std::string_view separator) {
  std::string text;
  for (const auto& [name, count] : by_name) {
    text += fmt::format("{}{} {}", text.empty() ? "" : separator, name, count);
  }
  return text.empty() ? "-" : text;
}

}  // namespace

Screen::Screen(bool quiet)
    : is_quiet_(quiet), is_terminal_(::isatty(STDERR_FILENO) == 1), started_(std::chrono::steady_clock::now()) {}

void Screen::draw(const Progress& progress) {
  if (is_quiet_) return;
  if (is_terminal_) {
    draw_block(progress);
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - last_line_ < kLineEvery) return;
  last_line_ = now;
  fmt::print(stderr, "{}: {} of {} done, {} live | {}{}\n", progress.campaign, progress.done, progress.contacts,
             progress.live, counts(progress.outcomes, ", "), progress.note.empty() ? "" : " | " + progress.note);
}

void Screen::draw_block(const Progress& progress) {
  const auto elapsed = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started_);
  const double share =
      progress.contacts == 0 ? 0 : static_cast<double>(progress.done) / static_cast<double>(progress.contacts);
  std::vector<std::string> lines;
  lines.push_back(fmt::format("  {} {:3.0f} %  {} of {}{}  {}", bar(share), share * 100, progress.done,
                              progress.contacts, progress.has_read_all ? "" : "+", to_words(elapsed)));
  lines.push_back(fmt::format("  live {:<4} waiting {:<5} {}", progress.live, progress.waiting, progress.note));
  lines.push_back("  " + counts(progress.outcomes, " · "));
  lines.push_back(fmt::format("  keys: {}   opt-outs: {}", counts(progress.keys, " · "), progress.opt_outs));
  for (std::size_t i = 0; i < kCallsShown; ++i) {
    if (i < progress.calls.size()) {
      const auto& call = progress.calls[i];
      lines.push_back(fmt::format("    {:<18} {:<12} {:>4} s", call.number, call.status, call.seconds));
    } else {
      lines.emplace_back();
    }
  }
  std::string block;
  if (lines_drawn_ > 0) block += fmt::format("\x1b[{}A", lines_drawn_);
  for (const auto& line : lines) block += "\x1b[2K" + line + "\n";
  std::fwrite(block.data(), 1, block.size(), stderr);
  std::fflush(stderr);
  lines_drawn_ = static_cast<int>(lines.size());
}

void Screen::end(const Progress& progress) {
  if (is_quiet_) return;
  if (is_terminal_) draw_block(progress);
}

}  // namespace carillon::cli
