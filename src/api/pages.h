// Cursor pages: "after" and "limit" of a query, "next" of an answer.
#pragma once

#include <string>

#include "net/http.h"

namespace carillon::api {

inline constexpr int kDefaultPage = 100;
inline constexpr int kMaxPage = 1000;

// Of the query; Invalid if it is not a whole number from 1 to kMaxPage.
Result<int> limit_of(const net::HttpRequest& request);
// A number as cursor; 0 = from the beginning.
Result<std::int64_t> key_after(const net::HttpRequest& request);
std::string text_after(const net::HttpRequest& request);

}  // namespace carillon::api
