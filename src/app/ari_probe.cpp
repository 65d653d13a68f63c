#include "app/ari_probe.h"

#include <openssl/evp.h>

#include <chrono>

#include "base/log.h"
#include "net/http_client.h"

namespace carillon {
namespace {

constexpr std::chrono::seconds kEvery{10};
constexpr std::chrono::seconds kDeadline{3};

std::string basic_authorization(const std::string& username, const std::string& password) {
  const std::string plain = username + ":" + password;
  std::string encoded(4 * ((plain.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return "Basic " + encoded;
}

}  // namespace

AriProbe::AriProbe(std::string host, std::uint16_t port, std::string username, std::string password) {
  if (username.empty()) return;
  state_ = State::kUnknown;
  thread_ = std::thread([this, host = std::move(host), port, authorization = basic_authorization(username, password)] {
    run(host, port, authorization);
  });
}

AriProbe::~AriProbe() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::string AriProbe::state() const {
  switch (state_.load()) {
    case State::kOff: return "off";
    case State::kUnknown: return "unknown";
    case State::kUp: return "up";
    case State::kDown: return "down";
  }
  return "unknown";
}

void AriProbe::run(std::string host, std::uint16_t port, std::string authorization) {
  net::HttpClient client(host, port);
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    lock.unlock();
    const auto answer = client.request("GET", "/ari/asterisk/ping", "", {{"Authorization", authorization}}, kDeadline);
    const auto state = answer && answer->status == 200 ? State::kUp : State::kDown;
    if (state_.exchange(state) != state) {
      const auto detail = !answer ? answer.error().detail : "HTTP " + std::to_string(answer->status);
      if (state == State::kUp) {
        log::info("ari_up");
      } else {
        log::warn("ari_down", {{"detail", detail}});
      }
    }
    lock.lock();
    wake_.wait_for(lock, kEvery, [&] { return is_stopping_; });
  }
}

}  // namespace carillon
