// S3 and Polly for prompts: the way to AWS is looked for when somebody first needs it, since looking may ask the
// instance's metadata service and take seconds. Any thread.
#pragma once

#include <memory>
#include <mutex>

#include "app/config.h"
#include "aws/polly.h"
#include "aws/s3.h"

namespace carillon {

class PromptAws {
 public:
  explicit PromptAws(Config::Aws config);
  ~PromptAws();
  PromptAws(const PromptAws&) = delete;
  PromptAws& operator=(const PromptAws&) = delete;

  // What they lack is looked for again by the next call. They live as long as this.
  Result<aws::S3*> s3();
  Result<aws::Polly*> polly();

 private:
  struct Clients;
  Result<Clients*> open();

  Config::Aws config_;
  std::mutex mutex_;
  std::unique_ptr<Clients> clients_;
};

}  // namespace carillon
