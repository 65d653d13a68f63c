#include "api/pages.h"

#include <fmt/format.h>

#include <charconv>

namespace carillon::api {
namespace {

template <class T>
bool read(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<int> limit_of(const net::HttpRequest& request) {
  const auto* text = request.query_value("limit");
  if (text == nullptr) return kDefaultPage;
  int limit = 0;
  if (!read(*text, limit) || limit < 1 || limit > kMaxPage) {
    return fail(ErrorCode::Invalid, fmt::format("limit must be a whole number from 1 to {}", kMaxPage));
  }
  return limit;
}

Result<std::int64_t> key_after(const net::HttpRequest& request) {
  const auto* text = request.query_value("after");
  if (text == nullptr || text->empty()) return 0;
  std::int64_t key = 0;
  if (!read(*text, key) || key < 0) return fail(ErrorCode::Invalid, "after must be the \"next\" of an earlier page");
  return key;
}

std::string text_after(const net::HttpRequest& request) {
  const auto* text = request.query_value("after");
  return text == nullptr ? std::string() : text->substr(0, 200);
}

}  // namespace carillon::api
