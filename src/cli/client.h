// The command line's side of the API: one server, JSON in and out.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_client.h"

namespace carillon::cli {

class Client {
 public:
  Client(std::string host, std::uint16_t port, std::string api_key);

  // The JSON object of a 2xx answer; else an Error with what the server said.
  Result<boost::json::object> get(const std::string& target);
  // The text of a 2xx answer that is no JSON.
  Result<std::string> get_text(const std::string& target);
  // /health, also when it says 503.
  Result<boost::json::object> health();
  Result<boost::json::object> post(const std::string& target, std::string_view body = "",
                                   const std::string& content_type = "application/json");
  Result<boost::json::object> put(const std::string& target, std::string_view body);
  Result<boost::json::object> remove(const std::string& target);

 private:
  Result<boost::json::object> request(std::string_view method, const std::string& target, std::string_view body,
                                      const net::HttpPairs& headers, bool takes_any_status = false);
  net::HttpClient http_;
  std::string api_key_;
};

}  // namespace carillon::cli
