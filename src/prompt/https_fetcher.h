// https: sources of prompts. URLs come from whoever may dial, so by default they lead to public addresses alone, after
// redirects too. For worker threads.
#pragma once

#include <filesystem>
#include <functional>

#include "net/web_client.h"
#include "prompt/audio.h"
#include "prompt/prompt_source.h"

namespace carillon {

struct HttpsFetcherOptions {
  std::filesystem::path folder;  // of files on their way; must exist
  bool allows_private = false;   // addresses of this machine and its networks, too
  std::size_t max_bytes = kMaxAudioBytes;
  Duration timeout = std::chrono::seconds(30);
  int max_redirects = 3;
  std::function<bool()> is_stopping = [] { return false; };  // asked while bytes come: true ends it
};

class HttpsFetcher final : public PromptFetcher {
 public:
  // The web client must outlive it.
  HttpsFetcher(net::WebClient& web, HttpsFetcherOptions options) : web_(web), options_(std::move(options)) {}

  // AudioInvalid: the server says that there is nothing (4xx), or the address is refused. Unavailable: it may come
  // back. Details name the host and never the rest, which may hold a secret.
  Result<Fetched> fetch(const std::string& url, const std::string& etag) override;

 private:
  net::WebClient& web_;
  HttpsFetcherOptions options_;
};

}  // namespace carillon
