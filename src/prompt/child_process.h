// Runs another program once: no shell, its input and output in memory, a deadline and limits. Any thread; several at a
// time. The child gets no descriptor of ours but its three, an environment without our secrets, and a process group of
// its own, which is killed when the program ends, takes too long or says too much.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace carillon {

struct ChildRequest {
  std::vector<std::string> arguments{};  // the program first, looked up in PATH if it has no slash
  std::string input{};                   // its standard input
  Duration deadline = std::chrono::seconds(30);
  std::size_t max_output_bytes = std::size_t{64} * 1024 * 1024;
  // Beside those that programs need to run at all (PATH, HOME, LANG …), these of our environment are passed on.
  std::vector<std::string> environment{};
};

// What it wrote to its standard output. NotFound if there is no such program, Timeout after the deadline, TooLarge for
// too much output, Io if it ended with another code than 0, with the beginning of what it wrote to standard error.
Result<std::string> run_child(const ChildRequest& request);

}  // namespace carillon
