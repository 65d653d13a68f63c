// Amazon CloudWatch: figures for graphs and alarms. Blocking; any thread that may use the client.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/client.h"

namespace carillon::aws {

struct Datum {
  std::string name;           // up to 255 characters
  double value = 0;           // finite; CloudWatch refuses what is beyond about 2^360
  std::string unit = "None";  // "Count", "Seconds", "Milliseconds", "Percent", "Count/Second", …
  Time time;                  // at most two weeks old, two hours ahead
  std::vector<std::pair<std::string, std::string>> dimensions = {};  // up to 30
};

// Ok for 1 to 255 letters, digits and . - _ / # : that do not begin with AWS/, which is AWS's own; else Invalid.
Result<void> check_namespace(std::string_view name);

class CloudWatch {
 public:
  explicit CloudWatch(Client& client) : client_(client) {}

  // Any number, in as many requests as it takes (1000 data and 1 MB each). After an error the first `sent` data are
  // there.
  Result<void> put(const std::string& name_space, std::span<const Datum> data, std::size_t* sent = nullptr);

 private:
  Client& client_;
};

}  // namespace carillon::aws
