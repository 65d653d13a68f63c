#include "aws/json.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace carillon::aws {

Result<boost::json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  auto value = boost::json::parse(text, error);
  if (error || !value.is_object()) return fail(ErrorCode::Io, "the answer is not the JSON that it should be");
  return std::move(value.get_object());
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(std::string_view(*text)) : std::string();
}

}  // namespace carillon::aws
