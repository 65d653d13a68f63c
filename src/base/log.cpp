#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "base/time.h"

namespace carillon::log {
namespace {

constexpr std::size_t kMaxFieldBytes = 400;
Format line_format = Format::kText;

std::shared_ptr<spdlog::logger> logger() {
  static const auto instance = [] {
    auto created = std::make_shared<spdlog::logger>("carillon", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
    created->flush_on(spdlog::level::debug);
    return created;
  }();
  return instance;
}

void write(spdlog::level::level_enum level, std::string_view event, Fields fields) {
  if (!logger()->should_log(level)) return;
  if (line_format == Format::kJson) {
    boost::json::object line;
    line["time"] = to_rfc3339(wall_clock_now());
    const auto name = spdlog::level::to_string_view(level);
    line["level"] = std::string_view(name.data(), name.size());
    line["event"] = event;
    for (const auto& field : fields) line[field.name] = printable(field.value, kMaxFieldBytes);
    logger()->log(level, boost::json::serialize(line));
    return;
  }
  std::string line(event);
  for (const auto& field : fields) {
    auto value = printable(field.value, kMaxFieldBytes);
    std::ranges::replace(value, '"', '\'');  // one pair of quotes a value
    const bool quoted = value.empty() || value.find_first_of(" =") != std::string::npos;
    line.append(" ").append(field.name).append(quoted ? "=\"" : "=").append(value).append(quoted ? "\"" : "");
  }
  logger()->log(level, line);
}

}  // namespace

void set_up(Format format, std::string_view level) {
  line_format = format;
  logger()->set_level(spdlog::level::from_str(std::string(level)));
  logger()->set_pattern(format == Format::kJson ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %l %v");
}

void debug(std::string_view event, Fields fields) { write(spdlog::level::debug, event, fields); }
void info(std::string_view event, Fields fields) { write(spdlog::level::info, event, fields); }
void warn(std::string_view event, Fields fields) { write(spdlog::level::warn, event, fields); }
void error(std::string_view event, Fields fields) { write(spdlog::level::err, event, fields); }

}  // namespace carillon::log
