// The running engine: wires ledger, telephony, engine, API and relay together and runs the control thread. Used by
// `serve`, and embedded by `run` and `dial` when no daemon holds the ledger.
#pragma once

#include <functional>
#include <memory>

#include "app/config.h"
#include "base/result.h"

namespace carillon {

class Service {
 public:
  // Opens the ledger and listens. Locked: another process has the ledger.
  // starts_leftovers: see EngineOptions.
  static Result<std::unique_ptr<Service>> create(const Config& config, bool starts_leftovers);
  ~Service();

  // Runs until stop() or, with handle_signals, SIGINT or SIGTERM. Returns the process's exit code.
  int run(bool handle_signals);
  // From any thread: no new call from here on; the rest goes on.
  void stop_starting();
  // From any thread. No new call; calls under way go on in Asterisk; events are published; then run() returns.
  void stop();
  std::uint16_t port() const;

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace carillon
