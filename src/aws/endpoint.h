// Where AWS's services answer: the region, and the host of a service in it, as AWS's own tools find them. Pure values,
// but for the one question to the metadata service that the caller may offer. Any thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "aws/environment.h"
#include "aws/profile.h"
#include "base/result.h"

namespace carillon::aws {

enum class Service { kSns, kSqs, kS3, kPolly, kCloudWatch, kLogs, kSts };

// "SNS", for messages.
std::string_view title_of(Service service);
// As it stands in the signature and in host names: "sns", "monitoring".
std::string_view signing_name_of(Service service);

struct Settings {
  std::string region;  // "il-central-1"
  bool use_fips = false;
  bool use_dual_stack = false;
  bool s3_path_style = false;                         // else only where it must be
  std::string endpoint_url = {};                      // of every service; for stand-ins and private endpoints
  std::map<Service, std::string> endpoint_urls = {};  // of one; wins
};

// AWS_REGION, AWS_DEFAULT_REGION, the profile's region, then `ask_metadata` if there is one. AWS_USE_FIPS_ENDPOINT,
// AWS_USE_DUALSTACK_ENDPOINT, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE> (unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)
// and the same names in the profile. Config if no region is found or a value is not valid.
Result<Settings> read_settings(const Environment& environment, const Profiles& profiles,
                               const std::function<Result<std::string>()>& ask_metadata = {});

struct Endpoint {
  std::string scheme;  // "https"
  std::string host;    // as in the Host header: with the port, unless it is the scheme's own
  std::string path;    // before every request's path; empty or "/x"
  std::string region;  // for the signature

  std::string base_url() const { return scheme + "://" + host; }
};

Result<Endpoint> endpoint_of(Service service, const Settings& settings);
// In another region than the configured one, for example that of a topic's ARN. An overridden endpoint stays.
Result<Endpoint> endpoint_of(Service service, const Settings& settings, const std::string& region);
// Virtual-hosted ("bucket.s3.eu-west-1.amazonaws.com"), or with the bucket in `path` for overridden endpoints, for
// names that are no host names or have dots (no certificate fits them), and by s3_path_style. Invalid for what cannot
// be a bucket's name.
Result<Endpoint> endpoint_of_bucket(const std::string& bucket, const Settings& settings, const std::string& region);

// "arn:aws:sns:eu-west-1:123456789012:calls": "eu-west-1"; empty if there is none.
std::string region_of_arn(std::string_view arn);
bool is_region(std::string_view text);

}  // namespace carillon::aws
