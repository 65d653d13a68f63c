// How the program reaches AWS: the region, keys by the chain of AWS's own tools, a pool of connections of its own and a
// client. Any thread may use the client.
#pragma once

#include <memory>

#include "app/config.h"
#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/environment.h"
#include "net/web_client.h"

namespace carillon {

class AwsAccess {
 public:
  // Config if no region is found or a value of AWS's own is not valid. Keys are not looked for yet: without them calls
  // go on, and whoever asks AWS is told. Asks the instance's metadata for the region only if nothing else names one.
  static Result<std::unique_ptr<AwsAccess>> open(const Config::Aws& config, const aws::RetryPolicy& retry);
  AwsAccess(const AwsAccess&) = delete;
  AwsAccess& operator=(const AwsAccess&) = delete;

  aws::Client& client() { return client_; }

 private:
  AwsAccess(std::unique_ptr<net::WebClient> web, aws::Environment environment, aws::Settings settings,
            const aws::RetryPolicy& retry);

  std::unique_ptr<net::WebClient> web_;
  aws::CredentialProvider credentials_;
  aws::Client client_;
};

}  // namespace carillon
