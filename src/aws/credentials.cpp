#include "aws/credentials.h"

namespace carillon::aws {

CredentialProvider::CredentialProvider(Fetch fetch, Clock clock) : fetch_(std::move(fetch)), clock_(std::move(clock)) {}

CredentialProvider::CredentialProvider(Credentials credentials)
    : CredentialProvider([credentials = std::move(credentials)]() -> Result<Credentials> { return credentials; }) {}

bool CredentialProvider::holds(Time now, Duration at_least) const {
  return current_ && (!current_->expires || *current_->expires - now > at_least);
}

Result<Credentials> CredentialProvider::get() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const Time now = clock_();
    if (holds(now, kRenewBefore)) return *current_;
    const bool still_holds = holds(now, Duration::zero());
    if (still_holds && (is_fetching_ || (failure_ && now - failed_at_ < kTryAgainAfter))) return *current_;
    if (!still_holds && failure_ && now - failed_at_ < kErrorHolds) return std::unexpected(*failure_);
    if (!is_fetching_) break;
    fetched_.wait(lock);
  }
  is_fetching_ = true;
  lock.unlock();
  auto result = fetch_();
  lock.lock();
  is_fetching_ = false;
  const Time now = clock_();
  if (result) {
    current_ = *std::move(result);
    failure_.reset();
  } else {
    failure_ = std::move(result).error();
    failed_at_ = now;
  }
  fetched_.notify_all();
  if (holds(now, Duration::zero())) return *current_;
  if (failure_) return std::unexpected(*failure_);
  failed_at_ = now;
  failure_ = Error(ErrorCode::Config, "the AWS credentials that were found have expired");
  return std::unexpected(*failure_);
}

void CredentialProvider::reject(const std::string& access_key_id) {
  const std::lock_guard lock(mutex_);
  if (current_ && current_->access_key_id == access_key_id) current_.reset();
}

}  // namespace carillon::aws
