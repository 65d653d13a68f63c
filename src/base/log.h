// Logs: one event per cause, a short name and fields, to stderr (journald takes it from there) as readable lines or
// JSON. Secrets never; phone numbers only through mask_number().
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::log {

enum class Format { kText, kJson };

struct Field {
  std::string_view name;
  std::string value;
};
using Fields = std::initializer_list<Field>;

// Before the first line; level is one of debug, info, warn, error.
void set_up(Format format, std::string_view level);

void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warn(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

}  // namespace carillon::log
