// Targets, queries and percent escapes, as they come from outside.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace carillon::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto target = parse_target(text)) {
    if (target->path.empty() || target->path.find('\0') != std::string::npos) std::abort();
    if (target->query.size() > kMaxQueryPairs) std::abort();
    loggable_path(target->path);
  }
  if (const auto decoded = percent_decode(text)) {
    if (decoded->size() > size || percent_decode(percent_encode(*decoded)) != *decoded) std::abort();
  }
  if (const auto query = parse_query(text)) {
    for (const auto& [name, value] : *query)
      if (parse_query(percent_encode(name) + "=" + percent_encode(value)) != HttpPairs{{name, value}}) std::abort();
  }
  return 0;
}
