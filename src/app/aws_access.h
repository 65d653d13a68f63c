// The way to AWS: region, keys and a client, found when somebody first needs them, since looking for them may ask the
// instance's metadata service and take seconds. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "aws/client.h"
#include "aws/polly.h"
#include "aws/s3.h"
#include "net/web_client.h"

namespace carillon {

class AwsAccess {
 public:
  // The web client must outlive it. Empty region and endpoint: as AWS's own tools find them.
  AwsAccess(net::WebClient& web, std::string region, std::string endpoint_url);
  ~AwsAccess();

  // What they lack is looked for again by the next call. They live as long as this.
  Result<aws::S3*> s3();
  Result<aws::Polly*> polly();

 private:
  struct Clients;
  Result<Clients*> open();

  net::WebClient& web_;
  std::string region_;
  std::string endpoint_url_;
  std::mutex mutex_;
  std::unique_ptr<Clients> clients_;
};

}  // namespace carillon
