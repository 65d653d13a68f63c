// The variables and files that configure AWS access, as values, so that what reads them is pure. Any thread.
// Limits: a file has at most 1 MiB.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace carillon::aws {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string, std::less<>> values) : values_(std::move(values)) {}
  // AWS_* and HOME, as they are now.
  static Environment of_process();

  // Over what the process has.
  void set(std::string name, std::string value) { values_.insert_or_assign(std::move(name), std::move(value)); }
  // Empty if it is not set; AWS's tools treat the two alike.
  std::string get(std::string_view name) const;
  bool has(std::string_view name) const { return !get(name).empty(); }
  // "true" in any case.
  bool is_true(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// A small file of text, such as a token. Config if it cannot be read or is larger than 1 MiB.
Result<std::string> read_text_file(const std::filesystem::path& file);

}  // namespace carillon::aws
