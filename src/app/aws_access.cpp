#include "app/aws_access.h"

#include <utility>

#include "aws/credential_chain.h"
#include "aws/metadata.h"
#include "aws/profile.h"

namespace carillon {

struct AwsAccess::Clients {
  Clients(net::WebClient& web, const aws::Environment& environment, const aws::Settings& settings)
      : credentials(aws::credential_chain(web, environment, settings)),
        client(web, credentials, settings),
        s3(client),
        polly(client) {}

  aws::CredentialProvider credentials;
  aws::Client client;
  aws::S3 s3;
  aws::Polly polly;
};

AwsAccess::AwsAccess(net::WebClient& web, std::string region, std::string endpoint_url)
    : web_(web), region_(std::move(region)), endpoint_url_(std::move(endpoint_url)) {}

AwsAccess::~AwsAccess() = default;

Result<aws::S3*> AwsAccess::s3() {
  const auto clients = open();
  return clients ? Result<aws::S3*>(&(*clients)->s3) : std::unexpected(clients.error());
}

Result<aws::Polly*> AwsAccess::polly() {
  const auto clients = open();
  return clients ? Result<aws::Polly*>(&(*clients)->polly) : std::unexpected(clients.error());
}

Result<AwsAccess::Clients*> AwsAccess::open() {
  const std::scoped_lock lock(mutex_);
  if (clients_ != nullptr) return clients_.get();
  const auto environment = aws::Environment::of_process();
  const auto profiles = aws::load_profiles(environment);
  if (!profiles) return std::unexpected(profiles.error());
  aws::InstanceMetadata metadata(web_, environment);
  const auto ask = [&]() -> Result<std::string> { return region_.empty() ? metadata.region() : region_; };
  auto settings = aws::read_settings(environment, *profiles, ask);
  if (!settings) return std::unexpected(settings.error());
  if (!region_.empty()) settings->region = region_;
  if (!endpoint_url_.empty()) settings->endpoint_url = endpoint_url_;
  clients_ = std::make_unique<Clients>(web_, environment, *settings);
  return clients_.get();
}

}  // namespace carillon
