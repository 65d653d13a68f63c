#include "net/http.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <ctime>

#include "base/text.h"

namespace carillon::net {
namespace {

// Relative, so that it leads to the server's own list of problems.
constexpr std::string_view kProblemType = "/problems/";

enum class Plus { kStays, kIsSpace };

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      // Not what stands there instead: it may be a secret, and not even UTF-8.
      if (high < 0 || low < 0)
        return fail(ErrorCode::BadRequest, "a % must be followed by two hexadecimal digits; a percent sign is %25");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == Plus::kIsSpace) {
      c = ' ';
    }
    if (c == '\0') return fail(ErrorCode::BadRequest, "a NUL byte in the path or the query");
    decoded += c;
  }
  return decoded;
}

const std::string* find(const HttpPairs& pairs, std::string_view name) {
  const auto found = std::ranges::find(pairs, name, &HttpPairs::value_type::first);
  return found == pairs.end() ? nullptr : &found->second;
}

bool has_scheme(std::string_view target) { return target.starts_with("http://") || target.starts_with("https://"); }

// For people who read with curl -v; programs look at the number.
std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 207: return "Multi-Status";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "";
  }
}

// A CR or LF in a value would be a header of its own for the client.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

void add_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(one_line(name)).append(": ").append(one_line(value)).append("\r\n");
}

// RFC 9112 3.2.2: the authority of an absolute target says where, and we are there already.
std::string_view without_authority(std::string_view target) {
  target.remove_prefix(target.find("://") + 3);
  const auto end = target.find_first_of("/?");
  return end == std::string_view::npos ? std::string_view() : target.substr(end);
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  const auto* value = find(headers, name);
  return value ? std::string_view(*value) : std::string_view();
}

const std::string* HttpRequest::query_value(std::string_view name) const { return find(query, name); }

std::string_view HttpResponse::header(std::string_view name) const {
  const auto* value = find(headers, name);
  return value ? std::string_view(*value) : std::string_view();
}

Result<std::string> percent_decode(std::string_view text) { return decode(text, Plus::kStays); }

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    const bool is_unreserved = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                               c == '.' || c == '_' || c == '~';
    if (is_unreserved) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 15];
    }
  }
  return encoded;
}

Result<HttpPairs> parse_query(std::string_view query) {
  HttpPairs pairs;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    if (pairs.size() == kMaxQueryPairs)
      return fail(ErrorCode::BadRequest, "more than " + std::to_string(kMaxQueryPairs) + " parameters");
    const auto equals = pair.find('=');
    auto name = decode(pair.substr(0, equals), Plus::kIsSpace);
    if (!name) return std::unexpected(std::move(name).error());
    auto value =
        decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), Plus::kIsSpace);
    if (!value) return std::unexpected(std::move(value).error());
    pairs.emplace_back(*std::move(name), *std::move(value));
  }
  return pairs;
}

Result<HttpTarget> parse_target(std::string_view target) {
  if (target == "*") return HttpTarget{"*", {}};
  const bool is_absolute = has_scheme(target);
  if (is_absolute) target = without_authority(target);
  if (!is_absolute && !target.starts_with('/'))
    return fail(ErrorCode::BadRequest, "the target of a request must begin with a slash");
  if (target.find('#') != std::string_view::npos)
    return fail(ErrorCode::BadRequest, "the target has a # in it; as part of a value it is written %23");

  const auto question = target.find('?');
  auto path = percent_decode(target.substr(0, question));
  if (!path) return std::unexpected(std::move(path).error());
  if (path->empty()) *path = "/";
  HttpTarget parsed{*std::move(path), {}};
  if (question == std::string_view::npos) return parsed;
  auto query = parse_query(target.substr(question + 1));
  if (!query) return std::unexpected(std::move(query).error());
  parsed.query = *std::move(query);
  return parsed;
}

bool has_body(int status) { return status != 204 && status != 304; }

std::string response_head(const HttpResponse& response, std::string_view connection) {
  auto head = fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", response.status,
                          reason_of(response.status), fmt::gmtime(std::time(nullptr)));
  if (!response.content_type.empty()) add_header(head, "Content-Type", response.content_type);
  if (has_body(response.status)) add_header(head, "Content-Length", std::to_string(response.body.size()));
  for (const auto& [name, value] : response.headers) add_header(head, name, value);
  if (!connection.empty()) add_header(head, "Connection", connection);
  return head += "\r\n";
}

std::string request_head(std::string_view method, std::string_view target, std::string_view host,
                         const HttpPairs& headers, std::size_t body_bytes) {
  auto head = fmt::format("{} {} HTTP/1.1\r\n", one_line(method), one_line(target));
  add_header(head, "Host", host);
  for (const auto& [name, value] : headers) add_header(head, name, value);
  const bool has_meaning = method == "POST" || method == "PUT" || method == "PATCH";  // RFC 9110 8.6
  if (body_bytes > 0 || has_meaning) add_header(head, "Content-Length", std::to_string(body_bytes));
  return head += "\r\n";
}

HttpResponse problem(const Error& error) { return problem(http_status_of(error.code), error); }

HttpResponse problem(int status, const Error& error) {
  const boost::json::object body{
      {"type", std::string(kProblemType) + std::string(slug_of(error.code))},
      {"title", title_of(error.code)},
      {"status", status},
      {"detail", error.detail},
      {"code", slug_of(error.code)},
  };
  return HttpResponse{status, "application/problem+json", boost::json::serialize(body)};
}

std::string loggable_path(std::string_view path) {
  constexpr std::size_t kFewestDigitsOfANumber = 7;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_word = [&](char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+'; };
  path = path.substr(0, path.find('?'));
  std::string safe;
  while (!path.empty()) {
    const auto word = path.substr(0, std::ranges::find_if_not(path, is_word) - path.begin());
    const auto digits = word.starts_with('+') ? word.substr(1) : word;
    const bool is_number = digits.size() >= kFewestDigitsOfANumber && std::ranges::all_of(digits, is_digit);
    safe += is_number ? mask_number(word) : std::string(word);
    path.remove_prefix(word.size());
    if (path.empty()) break;
    safe += path.front();
    path.remove_prefix(1);
  }
  return safe;
}

}  // namespace carillon::net
