// AWS's query protocol (SNS, STS, CloudWatch): a form is posted, XML comes back. Plain values; any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/request.h"
#include "aws/xml.h"
#include "base/result.h"
#include "net/web_client.h"

namespace carillon::aws {

class Form {
 public:
  Form(std::string_view action, std::string_view version);
  // In the order of the calls; an empty value is sent too.
  void add(std::string_view name, std::string_view value);
  void add_if_any(std::string_view name, std::string_view value);
  std::size_t bytes() const { return body_.size(); }
  AwsRequest request() const;

 private:
  std::string body_;
};

// The element <ActionResult> of the answer. Io if it is not there.
Result<XmlElement> result_of(std::string_view action, const net::WebResponse& response);

}  // namespace carillon::aws
