#include "aws/endpoint.h"

#include <algorithm>

#include "base/text.h"

namespace carillon::aws {
namespace {

struct ServiceWords {
  Service service;
  std::string_view title;
  std::string_view host;      // also the signing name
  std::string_view variable;  // after AWS_ENDPOINT_URL_
};

constexpr ServiceWords kServices[] = {
    {Service::kSns, "SNS", "sns", "SNS"},
    {Service::kSqs, "SQS", "sqs", "SQS"},
    {Service::kS3, "S3", "s3", "S3"},
    {Service::kPolly, "Polly", "polly", "POLLY"},
    {Service::kCloudWatch, "CloudWatch", "monitoring", "CLOUDWATCH"},
    {Service::kLogs, "CloudWatch Logs", "logs", "CLOUDWATCH_LOGS"},
    {Service::kSts, "STS", "sts", "STS"},
};

const ServiceWords& words_of(Service service) { return *std::ranges::find(kServices, service, &ServiceWords::service); }

bool is_gov(std::string_view region) { return region.starts_with("us-gov-"); }
bool is_china(std::string_view region) { return region.starts_with("cn-"); }

std::string_view suffix_of(std::string_view region) { return is_china(region) ? "amazonaws.com.cn" : "amazonaws.com"; }
std::string_view dual_stack_suffix_of(std::string_view region) {
  return is_china(region) ? "api.amazonwebservices.com.cn" : "api.aws";
}

std::string host_of(Service service, const Settings& settings, const std::string& region) {
  const auto name = std::string(words_of(service).host);
  if (service == Service::kS3)
    return name + (settings.use_fips ? "-fips." : ".") + (settings.use_dual_stack ? "dualstack." : "") + region + "." +
           std::string(suffix_of(region));
  // GovCloud's plain endpoints are FIPS already, but for Polly's.
  const bool is_fips_anyway = is_gov(region) && !settings.use_dual_stack && service != Service::kPolly;
  return name + (settings.use_fips && !is_fips_anyway ? "-fips." : ".") + region + "." +
         std::string(settings.use_dual_stack ? dual_stack_suffix_of(region) : suffix_of(region));
}

Result<Endpoint> parse_endpoint_url(std::string_view url, std::string_view name) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::Config, std::string(name) + " is not a URL to use: " + std::string(why));
  };
  Endpoint endpoint;
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return wrong("it must begin with https:// or http://");
  endpoint.scheme = to_lower(url.substr(0, colon));
  if (endpoint.scheme != "http" && endpoint.scheme != "https") return wrong("it must begin with https:// or http://");
  url.remove_prefix(colon + 3);
  const auto slash = std::min(url.find('/'), url.size());
  endpoint.host = to_lower(url.substr(0, slash));
  endpoint.path = url.substr(slash);
  while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
  const auto is_of_a_host = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  };
  if (endpoint.host.empty() || !std::ranges::all_of(endpoint.host, is_of_a_host)) return wrong("its host is not valid");
  if (endpoint.path.find_first_of("?#%") != std::string::npos) return wrong("it has more than a host and a path");
  const std::string_view own_port = endpoint.scheme == "https" ? ":443" : ":80";
  if (endpoint.host.ends_with(own_port)) endpoint.host.resize(endpoint.host.size() - own_port.size());
  return endpoint;
}

std::string override_of(Service service, const Settings& settings) {
  const auto found = settings.endpoint_urls.find(service);
  return found == settings.endpoint_urls.end() ? settings.endpoint_url : found->second;
}

bool is_bucket(std::string_view name) {
  return name.size() >= 3 && name.size() <= 255 &&
         std::ranges::all_of(name,
                             [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                      c == '.' || c == '-' || c == '_';
                             }) &&
         name != "..." && name.find("..") == std::string_view::npos;
}

bool is_host_label(std::string_view name) {
  return name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

std::string_view title_of(Service service) { return words_of(service).title; }
std::string_view signing_name_of(Service service) { return words_of(service).host; }

bool is_region(std::string_view text) { return !text.empty() && is_host_label(text); }

std::string region_of_arn(std::string_view arn) {
  const auto parts = split(arn, ':');
  return parts.size() >= 6 && parts[0] == "arn" && is_region(parts[3]) ? parts[3] : std::string();
}

Result<Settings> read_settings(const Environment& environment, const Profiles& profiles,
                               const std::function<Result<std::string>()>& ask_metadata) {
  Settings settings;
  const auto value_of = [&](std::string_view variable, std::string_view in_profile) {
    const auto value = environment.get(variable);
    return value.empty() ? profiles.get(in_profile) : value;
  };
  settings.region = environment.get("AWS_REGION");
  if (settings.region.empty()) settings.region = value_of("AWS_DEFAULT_REGION", "region");
  if (settings.region.empty() && ask_metadata) {
    auto asked = ask_metadata();
    if (!asked)
      return fail(ErrorCode::Config,
                  "no AWS region: set AWS_REGION (the metadata service was asked too: " + asked.error().detail + ")");
    settings.region = *std::move(asked);
  }
  if (settings.region.empty()) return fail(ErrorCode::Config, "no AWS region: set AWS_REGION");
  if (!is_region(settings.region))
    return fail(ErrorCode::Config, "the AWS region is not valid: " + printable(settings.region, 60));

  settings.use_fips = to_lower(value_of("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")) == "true";
  settings.use_dual_stack = to_lower(value_of("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")) == "true";
  if (to_lower(value_of("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")) == "true")
    return settings;
  settings.endpoint_url = value_of("AWS_ENDPOINT_URL", "endpoint_url");
  for (const auto& each : kServices) {
    const auto url = environment.get("AWS_ENDPOINT_URL_" + std::string(each.variable));
    if (!url.empty()) settings.endpoint_urls[each.service] = url;
  }
  for (const auto& each : kServices)
    if (const auto endpoint = endpoint_of(each.service, settings); !endpoint) return std::unexpected(endpoint.error());
  return settings;
}

Result<Endpoint> endpoint_of(Service service, const Settings& settings) {
  return endpoint_of(service, settings, settings.region);
}

Result<Endpoint> endpoint_of(Service service, const Settings& settings, const std::string& region) {
  if (!is_region(region)) return fail(ErrorCode::Config, "the AWS region is not valid: " + printable(region, 60));
  if (const auto url = override_of(service, settings); !url.empty()) {
    auto endpoint = parse_endpoint_url(url, "the endpoint of " + std::string(title_of(service)));
    if (endpoint) endpoint->region = region;
    return endpoint;
  }
  return Endpoint{"https", host_of(service, settings, region), "", region};
}

Result<Endpoint> endpoint_of_bucket(const std::string& bucket, const Settings& settings, const std::string& region) {
  if (!is_bucket(bucket)) return fail(ErrorCode::Invalid, "not the name of an S3 bucket: " + printable(bucket, 80));
  auto endpoint = endpoint_of(Service::kS3, settings, region);
  if (!endpoint) return endpoint;
  const bool is_overridden = !override_of(Service::kS3, settings).empty();
  if (is_overridden || settings.s3_path_style || !is_host_label(bucket)) {
    endpoint->path += "/" + bucket;
  } else {
    endpoint->host = bucket + "." + endpoint->host;
  }
  return endpoint;
}

}  // namespace carillon::aws
