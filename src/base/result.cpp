#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace carillon {

std::string_view slug_of(ErrorCode code) {
  switch (code) {
#define CARILLON_ERROR(name, slug, http_status, title) \
  case ErrorCode::name: return slug;
#include "base/errors.def"
#undef CARILLON_ERROR
  }
  return "internal";
}

std::optional<ErrorCode> parse_error_code(std::string_view slug) {
#define CARILLON_ERROR(name, its_slug, http_status, title) \
  if (slug == (its_slug)) return ErrorCode::name;
#include "base/errors.def"
#undef CARILLON_ERROR
  return std::nullopt;
}

std::string_view title_of(ErrorCode code) {
  switch (code) {
#define CARILLON_ERROR(name, slug, http_status, title) \
  case ErrorCode::name: return title;
#include "base/errors.def"
#undef CARILLON_ERROR
  }
  return "";
}

int http_status_of(ErrorCode code) {
  switch (code) {
#define CARILLON_ERROR(name, slug, http_status, title) \
  case ErrorCode::name: return http_status;
#include "base/errors.def"
#undef CARILLON_ERROR
  }
  return 500;
}

std::string to_string(const Error& error) {
  std::string text(title_of(error.code));
  if (!error.detail.empty()) text.append(": ").append(error.detail);
  return text;
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "carillon: broken invariant: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace carillon
