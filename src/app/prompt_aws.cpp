#include "app/prompt_aws.h"

#include <utility>

#include "app/aws_access.h"

namespace carillon {

struct PromptAws::Clients {
  explicit Clients(std::unique_ptr<AwsAccess> opened)
      : access(std::move(opened)), s3(access->client()), polly(access->client()) {}

  std::unique_ptr<AwsAccess> access;
  aws::S3 s3;
  aws::Polly polly;
};

PromptAws::PromptAws(Config::Aws config) : config_(std::move(config)) {}

PromptAws::~PromptAws() = default;

Result<aws::S3*> PromptAws::s3() {
  const auto clients = open();
  return clients ? Result<aws::S3*>(&(*clients)->s3) : std::unexpected(clients.error());
}

Result<aws::Polly*> PromptAws::polly() {
  const auto clients = open();
  return clients ? Result<aws::Polly*>(&(*clients)->polly) : std::unexpected(clients.error());
}

Result<PromptAws::Clients*> PromptAws::open() {
  const std::scoped_lock lock(mutex_);
  if (clients_ != nullptr) return clients_.get();
  auto access = AwsAccess::open(config_, aws::RetryPolicy{});
  if (!access) return std::unexpected(access.error());
  clients_ = std::make_unique<Clients>(*std::move(access));
  return clients_.get();
}

}  // namespace carillon
