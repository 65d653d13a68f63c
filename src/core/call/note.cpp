#include "core/call/note.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/text.h"

namespace carillon {
namespace {

template <class Int>
std::optional<Int> parse_int(std::string_view text) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string clean_word(std::string_view text) { return is_safe_id(text) ? std::string(text) : std::string(); }

char clean_key(std::string_view text) {
  return text.size() == 1 && std::string_view("0123456789*#").find(text[0]) != std::string_view::npos ? text[0] : '\0';
}

Result<NoteFact> parse_fact(std::string_view fact, const std::vector<std::string>& fields) {
  const auto field = [&](std::size_t index) -> std::string_view {
    return index + 2 < fields.size() ? std::string_view(fields[index + 2]) : std::string_view();
  };
  if (fact == "placed") return PlacedNote{};
  if (fact == "call-started") return CallStartedNote{clean_number(field(0))};
  if (fact == "call-timeout") return TimeoutNote{clean_word(field(1))};
  if (fact == "agent")
    return AgentNote{clean_word(field(0)), std::clamp(parse_int<int>(field(1)).value_or(0), 0, 86400)};
  if (fact == "dtmf-action") {
    const auto action = parse_key_action(field(2));
    if (!action) return fail(ErrorCode::Invalid, "dtmf-action names no known action");
    return KeyNote{clean_key(field(0)), clean_word(field(1)), *action, clean_number(field(3))};
  }
  if (fact == "call-ended" || fact == "call-failed") {
    EndNote end;
    end.has_answered = fact == "call-ended";
    end.q850 = std::clamp(parse_int<int>(field(0)).value_or(0), 0, 255);
    end.last_sip = std::clamp(parse_int<int>(field(1)).value_or(0), 0, 699);
    end.state = parse_channel_state(field(2));
    end.talked = Duration(std::clamp<std::int64_t>(parse_int<std::int64_t>(field(3)).value_or(0), 0, 86'400'000));
    return end;
  }
  return fail(ErrorCode::Invalid, "unknown fact " + printable(fact, 40));
}

}  // namespace

std::string clean_number(std::string_view text) {
  if (text.size() > 16) return {};
  const auto digits = text.starts_with('+') ? text.substr(1) : text;
  const bool only_digits = !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  return only_digits ? std::string(text) : std::string();
}

Result<Note> parse_note(std::uint32_t seq, std::string_view text) {
  if (text.size() > kMaxNoteBytes) return fail(ErrorCode::Invalid, "note is too long");
  if (seq > kMaxNotesPerCall) return fail(ErrorCode::Invalid, "too many notes for one call");
  const auto fields = split(text, ':');
  const auto at = fields.size() > 1 ? parse_int<std::int64_t>(fields[1]) : std::optional<std::int64_t>(0);
  // 2286: beyond it a time would no longer fit RFC 3339's four digits with room to calculate.
  if (!at || *at < 0 || *at > 10'000'000'000'000) return fail(ErrorCode::Invalid, "note has no valid time");
  auto fact = parse_fact(fields[0], fields);
  if (!fact) return std::unexpected(fact.error());
  return Note{seq, time_from_ms(*at), std::move(*fact), std::string(text)};
}

}  // namespace carillon
