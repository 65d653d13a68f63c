#include "aws/cloudwatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "aws/form.h"
#include "base/text.h"

namespace carillon::aws {
namespace {

constexpr std::size_t kMaxData = 1000;
constexpr std::size_t kMaxBytes = 900'000;  // of 1 MB; one datum stays below the rest
constexpr std::size_t kMaxDimensions = 30;

Result<void> check(const Datum& datum) {
  if (datum.name.empty() || datum.name.size() > 255)
    return fail(ErrorCode::Invalid, "a metric's name has 1 to 255 characters");
  if (!std::isfinite(datum.value))
    return fail(ErrorCode::Invalid, "the value of " + printable(datum.name, 80) + " is not a number");
  if (datum.dimensions.size() > kMaxDimensions) return fail(ErrorCode::Invalid, "a metric has up to 30 dimensions");
  for (const auto& [name, value] : datum.dimensions)
    if (name.empty() || value.empty() || name.size() > 255 || value.size() > 1024)
      return fail(ErrorCode::Invalid, "a dimension of " + printable(datum.name, 80) + " is empty or too long");
  return {};
}

void add_datum(Form& form, std::size_t number, const Datum& datum) {
  const auto prefix = fmt::format("MetricData.member.{}.", number);
  form.add(prefix + "MetricName", datum.name);
  form.add(prefix + "Value", fmt::format("{}", datum.value));
  form.add(prefix + "Unit", datum.unit);
  form.add(prefix + "Timestamp", to_rfc3339(datum.time));
  for (std::size_t i = 0; i < datum.dimensions.size(); ++i) {
    const auto dimension = fmt::format("{}Dimensions.member.{}.", prefix, i + 1);
    form.add(dimension + "Name", datum.dimensions[i].first);
    form.add(dimension + "Value", datum.dimensions[i].second);
  }
}

}  // namespace

Result<void> check_namespace(std::string_view name) {
  const bool is_clean = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_/#:").find(c) != std::string_view::npos;
  });
  if (!name.empty() && name.size() <= 255 && is_clean && !name.starts_with("AWS/")) return {};
  return fail(ErrorCode::Invalid,
              "\"" + printable(name, 80) +
                  "\" is no namespace of CloudWatch: up to 255 letters, digits and . - _ / # : that "
                  "do not begin with AWS/");
}

Result<void> CloudWatch::put(const std::string& name_space, std::span<const Datum> data, std::size_t* sent) {
  if (sent) *sent = 0;
  for (const auto& datum : data)
    if (auto fine = check(datum); !fine) return fine;
  for (std::size_t next = 0; next < data.size();) {
    Form form("PutMetricData", "2010-08-01");
    form.add("Namespace", name_space);
    std::size_t count = 0;
    while (next + count < data.size() && count < kMaxData && form.bytes() < kMaxBytes) {
      add_datum(form, count + 1, data[next + count]);
      ++count;
    }
    const auto response =
        client_.call({.service = Service::kCloudWatch, .operation = "PutMetricData", .request = form.request()});
    if (!response) return std::unexpected(response.error());
    next += count;
    if (sent) *sent = next;
  }
  return {};
}

}  // namespace carillon::aws
