// Between JSON and our values.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "core/call/attempt.h"
#include "core/ports/store.h"
#include "net/http.h"

namespace carillon::api {

// A JSON object from a body; depth and size are bounded. BadRequest with the place of the mistake.
Result<boost::json::object> parse_object(std::string_view body);

// A member that must be text of at most max_bytes if it is there; `fallback` if it is not.
Result<std::string> text_member(const boost::json::object& object, std::string_view name, std::size_t max_bytes,
                                std::string_view fallback = "");

boost::json::object to_json(const AttemptRequest& request, const AttemptProgress& progress);

net::HttpResponse answer(int status, const boost::json::value& body);

}  // namespace carillon::api
