#include "aws/client.h"

#include <algorithm>
#include <thread>

#include "aws/sigv4.h"

namespace carillon::aws {
namespace {

// AWS accepts five minutes; a difference near it is worth a correction.
constexpr Duration kSkew = std::chrono::minutes(4);

std::string name_of(const Call& call) { return std::string(title_of(call.service)) + " " + call.operation; }

}  // namespace

// What to do after an attempt.
struct Client::Step {
  std::optional<Error> error = {};  // nothing: the answer is good
  bool again = false;
  bool at_once = false;  // what was wrong is mended
  std::optional<Duration> asked = {};
};

Client::Client(net::WebClient& web, CredentialProvider& credentials, Settings settings, ClientOptions options)
    : web_(web),
      credentials_(credentials),
      settings_(std::move(settings)),
      options_(std::move(options)),
      dice_(options_.seed) {}

Result<net::WebResponse> Client::call(const Call& call) {
  const auto endpoint = call.endpoint ? Result<Endpoint>(*call.endpoint) : endpoint_of(call.service, settings_);
  if (!endpoint) return std::unexpected(endpoint.error());
  const auto steady_now = [] { return std::chrono::steady_clock::now(); };
  auto left = call.deadline;
  for (int attempt_number = 1;; ++attempt_number) {
    const auto began = steady_now();
    std::string key_used;
    auto answer = attempt(call, *endpoint, std::min(call.timeout, left), key_used);
    left -= std::chrono::duration_cast<Duration>(steady_now() - began);
    const auto step = step_after(call, answer, key_used);
    if (!step.error) return answer;

    const auto dice = [&] {
      const std::lock_guard lock(dice_mutex_);
      return std::uniform_real_distribution<double>(0, 1)(dice_);
    }();
    auto wait = step.at_once ? Duration::zero() : retry_delay(options_.retry, attempt_number - 1, dice);
    if (step.asked) wait = std::max(wait, std::min(*step.asked, options_.retry.cap));
    if (!step.again || attempt_number >= options_.retry.max_attempts || wait >= left) {
      if (call.asked_pause) *call.asked_pause = step.asked;
      auto error = *step.error;
      if (attempt_number > 1) error.detail += ", after " + std::to_string(attempt_number) + " attempts";
      return std::unexpected(std::move(error));
    }
    if (options_.sleep)
      options_.sleep(wait);
    else
      std::this_thread::sleep_for(wait);
    left -= wait;
  }
}

Result<net::WebResponse> Client::attempt(const Call& call, const Endpoint& endpoint, Duration timeout,
                                         std::string& key_used) {
  AwsRequest request = call.request;
  request.path = endpoint.path + request.path;
  if (call.is_signed) {
    const auto keys = credentials_.get();
    if (!keys) return std::unexpected(keys.error());
    key_used = keys->access_key_id;
    const SigningScope scope{endpoint.region, std::string(signing_name_of(call.service)),
                             options_.clock() + clock_difference()};
    sign(request, endpoint.host, *keys, scope);
  }
  net::WebRequest to_send{.method = request.method,
                          .url = endpoint.base_url() + target_of(request),
                          .headers = std::move(request.headers),
                          .body = std::move(request.body),
                          .timeout = timeout,
                          .connect_timeout = options_.connect_timeout,
                          .max_answer_bytes = call.max_answer_bytes};
  return call.file.empty() ? web_.send(to_send) : web_.download(to_send, call.file);
}

Client::Step Client::step_after(const Call& call, const Result<net::WebResponse>& answer, const std::string& key_used) {
  if (!answer) {
    // Without keys nothing was sent, and the chain has tried what it could.
    const bool was_sent = !call.is_signed || !key_used.empty();
    const Error error(answer.error().code, name_of(call) + ": " + answer.error().detail);
    return {.error = error, .again = was_sent && is_passing(error)};
  }
  if (answer->is_success() || (call.is_fine && call.is_fine(*answer))) return {};
  const auto refusal = read_service_error(*answer);
  Step step{.error = to_error(name_of(call), refusal), .asked = asked_delay(*answer, options_.clock())};
  switch (judge(refusal)) {
    case Verdict::kFinal: break;
    case Verdict::kTransient:
    case Verdict::kThrottled: step.again = true; break;
    case Verdict::kMaybeSkewed: step.again = step.at_once = learn_clock(*answer); break;
    case Verdict::kStaleCredentials:
      credentials_.reject(key_used);
      step.again = step.at_once = true;
      break;
  }
  return step;
}

bool Client::learn_clock(const net::WebResponse& response) {
  const auto theirs = parse_http_date(response.header("date"));
  if (!theirs) return false;
  const Duration difference = *theirs - options_.clock();
  const Duration change = difference - clock_difference();
  if (change < kSkew && change > -kSkew) return false;
  difference_ms_ = difference.count();
  return true;
}

}  // namespace carillon::aws
