#include "app/aws_access.h"

#include "aws/credential_chain.h"
#include "aws/metadata.h"
#include "aws/profile.h"
#include "aws/sqs.h"

namespace carillon {
namespace {

// The region of something that is configured.
std::string region_in(const Config::Aws& config) {
  for (const auto* topic :
       {&config.sns_call_events_topic, &config.sns_donation_events_topic, &config.sns_optout_events_topic})
    if (auto region = aws::region_of_arn(*topic); !region.empty()) return region;
  for (const auto* queue : {&config.sqs_events_queue_url, &config.dial_queue_url})
    if (auto region = aws::region_of_queue(*queue); !region.empty()) return region;
  return {};
}

}  // namespace

Result<std::unique_ptr<AwsAccess>> AwsAccess::open(const Config::Aws& config, const aws::RetryPolicy& retry) {
  auto environment = aws::Environment::of_process();
  if (!config.region.empty()) environment.set("AWS_REGION", config.region);
  if (!config.endpoint_url.empty()) environment.set("AWS_ENDPOINT_URL", config.endpoint_url);
  auto web = std::make_unique<net::WebClient>(net::WebClientOptions{.ca_file = environment.get("AWS_CA_BUNDLE")});
  const auto profiles = aws::load_profiles(environment);
  if (!profiles) return std::unexpected(profiles.error());
  const auto ask_region = [&]() -> Result<std::string> {
    if (auto region = region_in(config); !region.empty()) return region;
    return aws::InstanceMetadata(*web, environment).region();
  };
  auto settings = aws::read_settings(environment, *profiles, ask_region);
  if (!settings) return fail(settings.error().code, "AWS: " + settings.error().detail);
  return std::unique_ptr<AwsAccess>(new AwsAccess(std::move(web), std::move(environment), *std::move(settings), retry));
}

AwsAccess::AwsAccess(std::unique_ptr<net::WebClient> web, aws::Environment environment, aws::Settings settings,
                     const aws::RetryPolicy& retry)
    : web_(std::move(web)),
      credentials_(aws::credential_chain(*web_, std::move(environment), settings)),
      client_(*web_, credentials_, std::move(settings), {.retry = retry}) {}

}  // namespace carillon
