// JSON as AWS answers with it, read with care: what is missing or of another type reads as empty. Any thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace carillon::aws {

// Io if the text is not one JSON object; the text itself, which may hold secrets, stays out of the error.
Result<boost::json::object> parse_object(std::string_view text);
std::string text_of(const boost::json::object& object, std::string_view name);

}  // namespace carillon::aws
