// Lists of numbers as bodies: one JSON object, or one per line (NDJSON). Bad lines come back with their reason, the
// good ones count.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace carillon::api {

struct NumberLine {
  std::size_t line = 0;
  std::string number;  // E.164
  boost::json::object members;
};

// Feeds each good line to `take`, which may refuse it; the rejected ones as [{line, reason}].
boost::json::array read_number_lines(std::string_view body, std::string_view default_region,
                                     const std::function<Result<void>(const NumberLine&)>& take);

}  // namespace carillon::api
