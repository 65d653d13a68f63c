// Expected failures are values: Result<T> holds a T or an Error. An Error's code comes from one catalogue
// (errors.def: HTTP status and title); its detail is a sentence that an operator understands.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

enum class ErrorCode {
#define CARILLON_ERROR(name, slug, http_status, title) name,
#include "base/errors.def"
#undef CARILLON_ERROR
};

// The code as used in problem+json types and in logs, for example "number-invalid".
std::string_view slug_of(ErrorCode code);
std::optional<ErrorCode> parse_error_code(std::string_view slug);
// A short, constant sentence for the code.
std::string_view title_of(ErrorCode code);
// The HTTP status that the API answers for it.
int http_status_of(ErrorCode code);

struct Error {
  Error(ErrorCode error_code, std::string error_detail) : code(error_code), detail(std::move(error_detail)) {}
  ErrorCode code;
  std::string detail;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string detail) {
  return std::unexpected(Error(code, std::move(detail)));
}

// "file cannot be read: contacts.csv: No such file": for people.
std::string to_string(const Error& error);

// A broken invariant is our bug: says where, and aborts. The state is on disk; the service manager restarts us.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace carillon

#define CARILLON_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::carillon::check_failed(#expression, __FILE__, __LINE__))
