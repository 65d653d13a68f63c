// Keys to AWS, and a cache of them that renews itself in time. One provider per process, shared by all clients and
// threads; where keys come from is another's business (credential_chain.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace carillon::aws {

using Clock = std::function<Time()>;

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;     // never into a log or an error
  std::string session_token = {};    // of temporary keys; never into a log or an error
  std::optional<Time> expires = {};  // nothing: they hold for ever
};

class CredentialProvider {
 public:
  using Fetch = std::function<Result<Credentials>()>;

  // Fetch is called by one thread at a time.
  explicit CredentialProvider(Fetch fetch, Clock clock = wall_clock_now);
  // Fixed keys.
  explicit CredentialProvider(Credentials credentials);

  // Keys that hold. They are renewed kRenewBefore they end, by one thread, while the others go on with the old ones; if
  // that fails the old ones serve until they end, and it is tried again after kTryAgainAfter. Without keys that hold,
  // an error is given for kErrorHolds before it is tried again, so that a storm of requests is not one of attempts.
  Result<Credentials> get();
  // AWS says that these keys do not hold: the next get() fetches new ones.
  void reject(const std::string& access_key_id);

  static constexpr Duration kRenewBefore = std::chrono::minutes(5);
  static constexpr Duration kTryAgainAfter = std::chrono::seconds(30);
  static constexpr Duration kErrorHolds = std::chrono::seconds(1);

 private:
  bool holds(Time now, Duration at_least) const;

  const Fetch fetch_;
  const Clock clock_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  std::optional<Credentials> current_;
  std::optional<Error> failure_;
  Time failed_at_{};
  bool is_fetching_ = false;
};

}  // namespace carillon::aws
