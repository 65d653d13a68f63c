// HTTP/1.1 and TLS to servers outside: webhooks, AWS, prompts from https:. Blocking, for the egress thread and workers;
// any number of threads may use one client. Certificates are verified against the system's authorities. No proxies, no
// cookies, no compression, no credentials in URLs.
// Limits: WebClientOptions::connections at once (further calls wait, within their deadline); 64 KiB of headers;
// max_answer_bytes of body; one deadline over name lookup, TLS, request and answer, so that nobody can trickle.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace carillon::net {

// Judged for every connection after the name lookup, so that a name that changes its address gains nothing.
enum class AddressPolicy {
  kAny,         // URLs from our own configuration
  kPublicOnly,  // URLs that others wrote: see is_public_address()
};

struct WebRequest {
  std::string method = "GET";
  std::string url;  // http: or https:, without user name; escapes are the caller's
  HttpPairs headers = {};
  std::string body = {};
  Duration timeout = std::chrono::seconds(30);  // over everything
  Duration connect_timeout = std::chrono::seconds(5);
  std::size_t max_answer_bytes = 1024 * 1024;  // beyond: TooLarge
  bool may_cut_answer = false;                 // instead, the answer is what came up to there
  AddressPolicy addresses = AddressPolicy::kAny;
  bool https_only = false;  // also for where redirects lead
  // GET and HEAD only; 0: the redirect itself is the answer. Every header goes to wherever they lead, but Authorization
  // and Cookie, so send no other secrets then.
  int max_redirects = 0;
};

struct WebResponse {
  int status = 0;
  HttpPairs headers = {};  // names in lower case
  std::string body = {};

  // The first value of it, empty if there is none. The name in lower case.
  std::string_view header(std::string_view name) const;
  bool is_success() const { return status >= 200 && status < 300; }
};

struct WebClientOptions {
  std::size_t connections = 8;         // requests at once; each keeps its connections for the next
  std::filesystem::path ca_file = {};  // PEM authorities that are trusted beside the system's; empty: none
  std::string user_agent = "carillon";
};

// Takes the next piece of a body. An error ends the request and is its result. Must not throw.
using BodySink = std::function<Result<void>(std::string_view piece)>;

class WebClient {
 public:
  explicit WebClient(WebClientOptions options = {});
  ~WebClient();
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  // Any answer is a success, whatever its status. BadRequest: the request cannot be sent. Invalid: the policy refuses
  // its address. Timeout, TooLarge: the limits. Io: no connection, no trust, no HTTP. Details name the host, never the
  // rest of the URL, which may hold secrets.
  Result<WebResponse> send(const WebRequest& request);
  // The body goes to the sink piece by piece if the status is 2xx; otherwise its first 64 KiB are in the response.
  Result<WebResponse> send(const WebRequest& request, const BodySink& sink);
  // As above, into a file that appears whole or not at all: `file` is replaced when everything has come with a 2xx.
  Result<WebResponse> download(const WebRequest& request, const std::filesystem::path& file);

 private:
  class Pool;
  Result<WebResponse> perform(const WebRequest& request, const BodySink* sink);

  std::unique_ptr<Pool> pool_;
  WebClientOptions options_;
};

}  // namespace carillon::net
