// Signed requests to AWS with retries. One for all services; blocking, any thread. It learns the difference between our
// clock and AWS's. The web client and the credentials must outlive it.
// Limits: Call::deadline over all attempts; RetryPolicy::max_attempts; answers of Call::max_answer_bytes.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/request.h"
#include "aws/retry.h"
#include "base/result.h"
#include "net/web_client.h"

namespace carillon::aws {

struct Call {
  Service service;
  std::string operation;  // "Publish", for messages
  AwsRequest request;
  std::optional<Endpoint> endpoint = {};         // else the service's in the configured region
  Duration timeout = std::chrono::seconds(15);   // of one attempt
  Duration deadline = std::chrono::seconds(60);  // of all, with the waits between them
  std::size_t max_answer_bytes = 4 * 1024 * 1024;
  std::filesystem::path file = {};                            // where the body of a 2xx goes; empty: into the response
  std::function<bool(const net::WebResponse&)> is_fine = {};  // what counts as an answer beside 2xx
  bool is_signed = true;
  // Set when the call fails: the pause that AWS asked for with its last refusal, if it did.
  std::optional<Duration>* asked_pause = nullptr;
};

struct ClientOptions {
  RetryPolicy retry = {};
  Duration connect_timeout = std::chrono::seconds(3);
  Clock clock = wall_clock_now;
  std::function<void(Duration)> sleep = {};  // empty: really
  std::uint64_t seed = std::random_device()();
};

class Client {
 public:
  Client(net::WebClient& web, CredentialProvider& credentials, Settings settings, ClientOptions options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The answer, or the last error: AWS's own code and message are in its detail (see to_error()).
  Result<net::WebResponse> call(const Call& call);

  const Settings& settings() const { return settings_; }
  // Ours plus this is AWS's time.
  Duration clock_difference() const { return Duration(difference_ms_.load()); }

 private:
  struct Step;
  Result<net::WebResponse> attempt(const Call& call, const Endpoint& endpoint, Duration timeout, std::string& key_used);
  Step step_after(const Call& call, const Result<net::WebResponse>& answer, const std::string& key_used);
  bool learn_clock(const net::WebResponse& response);

  net::WebClient& web_;
  CredentialProvider& credentials_;
  const Settings settings_;
  const ClientOptions options_;
  std::atomic<Duration::rep> difference_ms_ = 0;
  std::mutex dice_mutex_;
  std::mt19937_64 dice_;
};

}  // namespace carillon::aws
