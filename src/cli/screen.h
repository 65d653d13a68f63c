// What a person sees of a running campaign: a block of lines that is drawn over on a terminal, and a line now and then
// elsewhere (a log, a CI run).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace carillon::cli {

struct LiveCall {
  std::string number;  // masked
  std::string status;
  std::int64_t seconds = 0;
};

struct Progress {
  std::string campaign;
  std::int64_t contacts = 0;  // read so far
  bool has_read_all = false;
  std::int64_t done = 0;  // contacts that are
  std::int64_t live = 0;
  std::int64_t waiting = 0;
  std::map<std::string, std::int64_t> outcomes;
  std::map<std::string, std::int64_t> keys;
  std::int64_t opt_outs = 0;
  std::vector<LiveCall> calls;
  std::string note;  // "stopping: …"
};

class Screen {
 public:
  // quiet: nothing at all. Draws to stderr, so that stdout stays for results.
  explicit Screen(bool quiet);
  void draw(const Progress& progress);
  // Leaves the last state standing.
  void end(const Progress& progress);

 private:
  void draw_block(const Progress& progress);

  bool is_quiet_;
  bool is_terminal_;
  int lines_drawn_ = 0;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point last_line_;
};

}  // namespace carillon::cli
