// s3: sources of prompts. For worker threads.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "aws/s3.h"
#include "prompt/audio.h"
#include "prompt/prompt_source.h"

namespace carillon {

class S3Fetcher final : public PromptFetcher {
 public:
  // Asked when the first object is wanted: finding keys and region may take its time. It must outlive the fetcher.
  using Open = std::function<Result<aws::S3*>()>;
  S3Fetcher(Open open, std::filesystem::path folder) : open_(std::move(open)), folder_(std::move(folder)) {}

  // AudioInvalid with bucket, key and AWS's own message if there is no such object or it may not be read; Unavailable
  // if it may work later.
  Result<Fetched> fetch(const std::string& url, const std::string& etag) override;

 private:
  Open open_;
  std::filesystem::path folder_;
};

}  // namespace carillon
