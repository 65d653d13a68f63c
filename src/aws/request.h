// A request to AWS before it is signed: text is decoded, so that escaping happens once, where it is signed.
#pragma once

#include <string>

#include "net/http.h"

namespace carillon::aws {

struct AwsRequest {
  std::string method = "POST";
  std::string path = "/";       // decoded
  net::HttpPairs query = {};    // decoded
  net::HttpPairs headers = {};  // names in lower case
  std::string body = {};
};

}  // namespace carillon::aws
