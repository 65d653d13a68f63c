#include "api/numbers.h"

#include "api/json.h"
#include "base/text.h"
#include "core/campaign/phone_number.h"

namespace carillon::api {
namespace {

constexpr std::size_t kMaxNumberBytes = 64;

Result<NumberLine> parse_line(std::string_view text, std::size_t line, std::string_view default_region) {
  auto members = parse_object(text);
  if (!members) return std::unexpected(members.error());
  const auto number_text = text_member(*members, "phoneNumber", kMaxNumberBytes);
  if (!number_text) return std::unexpected(number_text.error());
  if (number_text->empty()) return fail(ErrorCode::Invalid, "phoneNumber is missing");
  auto number = parse_phone_number(*number_text, default_region);
  if (!number) return std::unexpected(number.error());
  return NumberLine{line, std::move(number->e164), std::move(*members)};
}

}  // namespace

boost::json::array read_number_lines(std::string_view body, std::string_view default_region,
                                     const std::function<Result<void>(const NumberLine&)>& take) {
  boost::json::array rejected;
  std::size_t line = 0;
  while (!body.empty()) {
    ++line;
    const auto end = body.find('\n');
    const auto text = trim(body.substr(0, end));
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (text.empty()) continue;
    const auto parsed = parse_line(text, line, default_region);
    const Result<void> taken = parsed ? take(*parsed) : std::unexpected(parsed.error());
    if (!taken) rejected.push_back(boost::json::object{{"line", line}, {"reason", to_string(taken.error())}});
  }
  return rejected;
}

}  // namespace carillon::api
