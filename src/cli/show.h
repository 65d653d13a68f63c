// How commands show what the API answered.
#pragma once

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/result.h"
#include "cli/campaign_commands.h"
#include "cli/client.h"
#include "cli/run.h"

namespace carillon::cli {

inline int fail_with(const Error& error) {
  fmt::print(stderr, "carillon: {}\n", to_string(error));
  return kFailed;
}

// Prints the answer as JSON or by `table`, or its error; gives the exit code.
template <class Table>
int show(const Result<boost::json::object>& answer, const Output& output, Table table) {
  if (!answer) return fail_with(answer.error());
  if (output.is_json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
  } else {
    fmt::print("{}", table(*answer));
  }
  return kDone;
}

}  // namespace carillon::cli
