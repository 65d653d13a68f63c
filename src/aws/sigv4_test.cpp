#include "aws/sigv4.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string_view>

namespace carillon {
extern const std::string_view kSigv4Vectors;  // testdata/sigv4_vectors.json
}

namespace carillon::aws {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value, std::string_view name) {
  return std::string(std::string_view(value.at(name).as_string()));
}

net::HttpPairs pairs_of(const json::value& value, std::string_view name) {
  net::HttpPairs pairs;
  for (const auto& pair : value.at(name).as_array())
    pairs.emplace_back(std::string_view(pair.at(0).as_string()), std::string_view(pair.at(1).as_string()));
  return pairs;
}

std::string_view header(const AwsRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return "";
}

TEST(SigV4, EqualsTheSignaturesOfTheSuiteAndOfBotocore) {
  const auto file = json::parse(kSigv4Vectors);
  const auto& vectors = file.at("vectors").as_array();
  ASSERT_GE(vectors.size(), 30U);
  for (const auto& each : vectors) {
    AwsRequest request{.method = text_of(each, "method"),
                       .path = text_of(each, "path"),
                       .query = pairs_of(each, "query"),
                       .headers = pairs_of(each, "headers"),
                       .body = text_of(each, "body")};
    const Credentials keys{.access_key_id = text_of(file, "access_key_id"),
                           .secret_access_key = text_of(file, "secret_access_key"),
                           .session_token = text_of(each, "token")};
    sign(request, text_of(each, "host"), keys,
         {text_of(each, "region"), text_of(each, "service"), *parse_rfc3339(text_of(each, "time"))});
    EXPECT_EQ(header(request, "authorization"), text_of(each, "authorization")) << text_of(each, "name");
  }
}

// The worked examples of AWS's documentation ("Create a signed AWS API request", "Signature calculations: GET Object").
TEST(SigV4, EqualsTheExamplesOfTheDocumentation) {
  AwsRequest iam{.method = "GET",
                 .query = {{"Version", "2010-05-08"}, {"Action", "ListUsers"}},
                 .headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}}};
  sign(iam, "iam.amazonaws.com", {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
       {"us-east-1", "iam", *parse_rfc3339("2015-08-30T12:36:00Z")});
  EXPECT_TRUE(header(iam, "authorization")
                  .ends_with("Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));

  const Credentials keys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  const SigningScope scope{"us-east-1", "s3", *parse_rfc3339("2013-05-24T00:00:00Z")};
  AwsRequest get{.method = "GET", .path = "/test.txt", .headers = {{"range", "bytes=0-9"}}};
  sign(get, "examplebucket.s3.amazonaws.com", keys, scope);
  EXPECT_EQ(header(get, "authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  AwsRequest list{.method = "GET", .query = {{"max-keys", "2"}, {"prefix", "J"}}};
  sign(list, "examplebucket.s3.amazonaws.com", keys, scope);
  EXPECT_TRUE(header(list, "authorization")
                  .ends_with("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SigV4, SigningAgainReplacesTheFirstSignature) {
  const Credentials first{"A", "s", "old token"};
  AwsRequest request;
  sign(request, "h", first, {"r", "sns", *parse_rfc3339("2026-01-01T00:00:00Z")});
  AwsRequest fresh;
  const Credentials second{"B", "t", "new token"};
  sign(request, "h", second, {"r", "sns", *parse_rfc3339("2026-01-01T00:10:00Z")});
  sign(fresh, "h", second, {"r", "sns", *parse_rfc3339("2026-01-01T00:10:00Z")});
  EXPECT_EQ(request.headers, fresh.headers);
}

TEST(SigV4, SendsTheTargetThatItSigns) {
  EXPECT_EQ(target_of({.path = "/b/a b/+=&é/../x", .query = {{"b", "1/2"}, {"a", ""}}}),
            "/b/a%20b/%2B%3D%26%C3%A9/../x?a=&b=1%2F2");
  EXPECT_EQ(target_of({}), "/");
}

}  // namespace
}  // namespace carillon::aws
