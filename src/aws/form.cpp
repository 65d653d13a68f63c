#include "aws/form.h"

namespace carillon::aws {
namespace {

// As forms are written: a space is a plus. AWS takes %20 as well, stand-ins do not.
std::string escape(std::string_view text) {
  const auto escaped = net::percent_encode(text);
  std::string form;
  form.reserve(escaped.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped.compare(i, 3, "%20") == 0) {
      form += '+';
      i += 2;
    } else {
      form += escaped[i];
    }
  }
  return form;
}

}  // namespace

Form::Form(std::string_view action, std::string_view version) {
  add("Action", action);
  add("Version", version);
}

void Form::add(std::string_view name, std::string_view value) {
  if (!body_.empty()) body_ += '&';
  body_.append(escape(name)).append("=").append(escape(value));
}

void Form::add_if_any(std::string_view name, std::string_view value) {
  if (!value.empty()) add(name, value);
}

AwsRequest Form::request() const {
  return {.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}}, .body = body_};
}

Result<XmlElement> result_of(std::string_view action, const net::WebResponse& response) {
  auto root = parse_xml(response.body);
  if (!root) return root;
  const auto* result = root->child(std::string(action) + "Result");
  if (!result) return fail(ErrorCode::Io, "the answer of AWS to " + std::string(action) + " has no result");
  return *result;
}

}  // namespace carillon::aws
