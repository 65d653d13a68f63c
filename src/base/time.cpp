#include "base/time.h"

#include <fmt/core.h>

namespace carillon {
namespace {

// Reads a text from its front; once something is wrong it stays so.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly so many digits, in the bounds.
  int number(std::size_t digits, int min, int max) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest_.size() || !is_digit(rest_[i])) return wrong();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value >= min && value <= max ? value : wrong();
  }
  // One of these characters.
  char any_of(std::string_view characters) {
    const char c = rest_.empty() ? '\0' : rest_.front();
    if (c == '\0' || characters.find(c) == std::string_view::npos) return static_cast<char>(wrong());
    rest_.remove_prefix(1);
    return c;
  }
  // ".1234" as milliseconds; 0 if there is no fraction.
  int fraction_ms() {
    if (!rest_.starts_with('.')) return 0;
    rest_.remove_prefix(1);
    if (rest_.empty() || !is_digit(rest_.front())) return wrong();
    int ms = 0;
    for (int unit = 100; !rest_.empty() && is_digit(rest_.front()); unit /= 10) {
      ms += (rest_.front() - '0') * unit;
      rest_.remove_prefix(1);
    }
    return ms;
  }
  bool is_right_to_the_end() const { return is_right_ && rest_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  int wrong() {
    is_right_ = false;
    return 0;
  }

  std::string_view rest_;
  bool is_right_ = true;
};

}  // namespace

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  Reader read(text);
  const int year = read.number(4, 0, 9999);
  read.any_of("-");
  const int month = read.number(2, 1, 12);
  read.any_of("-");
  const int day = read.number(2, 1, 31);
  read.any_of("Tt");
  const std::chrono::hours hour(read.number(2, 0, 23));
  read.any_of(":");
  const std::chrono::minutes minute(read.number(2, 0, 59));
  read.any_of(":");
  const std::chrono::seconds second(read.number(2, 0, 60));
  const Duration fraction(read.fraction_ms());
  const char zone = read.any_of("Zz+-");
  std::chrono::minutes offset{0};
  if (zone == '+' || zone == '-') {
    offset = std::chrono::hours(read.number(2, 0, 23));
    read.any_of(":");
    offset += std::chrono::minutes(read.number(2, 0, 59));
    if (zone == '-') offset = -offset;
  }
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!read.is_right_to_the_end() || !date.ok()) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + hour + minute + second + fraction - offset;
}

std::string to_words(Duration duration) {
  const auto ms = duration.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  const auto seconds = ms / 1000;
  if (seconds < 60) return fmt::format("{}.{} s", seconds, (ms % 1000) / 100);
  if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h {:02}m", seconds / 3600, (seconds / 60) % 60);
}

Time wall_clock_now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

}  // namespace carillon
