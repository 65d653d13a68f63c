// Asks Asterisk's ARI now and then whether it is there, for /health. A thread of its own; loss of ARI disturbs nothing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace carillon {

class AriProbe {
 public:
  // username empty: ARI is not used, the state is "off".
  AriProbe(std::string host, std::uint16_t port, std::string username, std::string password);
  ~AriProbe();

  // "off", "up" or "down"; "unknown" before the first answer.
  std::string state() const;

 private:
  enum class State { kOff, kUnknown, kUp, kDown };
  void run(std::string host, std::uint16_t port, std::string authorization);

  std::atomic<State> state_{State::kOff};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace carillon
